"""One-hot arrays as deflate streams: zlib reads them, and they take little memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from cocoseg.codecs import onehot_deflate
from cocoseg.codecs.onehot import one_hot
from cocoseg.codecs.onehot_deflate import deflate_one_hot
from cocoseg.errors import CocosegError, SampleError, UsageError

LAYOUTS = ["hwc", "chw"]


def inflated(packed: bytes) -> bytes:
    """The content of a stream, which must end with the stream."""
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    data = reader.decompress(packed)
    assert reader.eof
    assert not reader.unused_data
    assert zlib_ng.decompress(packed, -zlib_ng.MAX_WBITS) == data
    return data


def check(class_map: np.ndarray, num_classes: int, head: bytes = b"", **options: Any) -> bytes:
    expected = head + one_hot(class_map, num_classes, **options).tobytes()
    found = deflate_one_hot(class_map, num_classes, head=head, **options)
    assert inflated(found.packed) == expected
    assert (found.size, found.crc) == (len(expected), zlib.crc32(expected))
    return found.packed


@st.composite
def maps(draw: Any) -> tuple[np.ndarray, int, int]:
    """Class map, number of classes, void: noise, rows of one class, steps up and down, all the same."""
    num_classes = draw(st.sampled_from([1, 2, 3, 4, 5, 21, 133, 300]))
    height, width = draw(st.integers(0, 12)), draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    class_map = rng.integers(0, num_classes, (height, width)).astype(np.uint16)
    kind = draw(st.integers(0, 3))
    if kind == 1:
        class_map[:] = class_map[:, :1]
    if kind == 2:
        class_map = np.sort(class_map.reshape(-1)).reshape(height, width)[:: draw(st.sampled_from([1, -1]))]
    if kind == 3:
        class_map[:] = draw(st.integers(0, num_classes - 1))
    void = draw(st.sampled_from([65535, 0, num_classes - 1, num_classes]))
    class_map[rng.random((height, width)) < draw(st.sampled_from([0, 0.1, 1]))] = void
    return class_map, num_classes, void


@settings(max_examples=600, deadline=None)
@given(
    maps(),
    st.sampled_from(LAYOUTS),
    st.sampled_from(["uint8", "bool", "float32", ">f4", "int32", "float64"]),
    st.booleans(),
    st.sampled_from([b"", b"head", bytes(65535)]),
    st.sampled_from([100, 500, 1 << 20]),
)
def test_zlib_reads_the_array(
    case: tuple[np.ndarray, int, int], layout: Any, dtype: Any, channel: bool, head: bytes, piece: int
) -> None:
    class_map, num_classes, void = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onehot_deflate, "_PIECE", piece)
        check(class_map, num_classes, head, void=void, layout=layout, dtype=dtype, void_channel=channel)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [32767, 32768, 32769, 40000])
def test_rows_longer_than_a_copy_reaches(layout: Any, num_classes: int) -> None:
    class_map = np.array([[0, 0, 0, num_classes - 1, num_classes - 1], [1, 1, 65535, 1, 1]], np.uint16)
    check(class_map, num_classes, void=65535, layout=layout)


def stairs() -> np.ndarray:
    return np.repeat(np.arange(100, dtype=np.uint8), 3000).reshape(500, 600)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 133, (400, 500)).astype(np.uint8)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("make", [stairs, noise])
def test_the_array_is_never_in_memory(layout: Any, dtype: Any, make: Callable[[], np.ndarray]) -> None:
    class_map = make()
    deflate_one_hot(class_map[:5], 133, void=255, layout=layout, dtype=dtype)
    tracemalloc.start()
    packed = deflate_one_hot(class_map, 133, void=255, layout=layout, dtype=dtype).packed
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000 + 2 * len(packed) < class_map.size * 133 * np.dtype(dtype).itemsize / 5


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_stream_is_about_as_small_as_numpys(layout: Any, dtype: Any) -> None:
    class_map = stairs()
    packed = deflate_one_hot(class_map, 133, void=255, layout=layout, dtype=dtype).packed
    usual = zlib.compress(one_hot(class_map, 133, layout=layout, dtype=dtype), 6)
    assert len(packed) < 1.3 * len(usual)


_MAKE = """
import hashlib
import numpy as np
from cocoseg.codecs.onehot_deflate import deflate_one_hot
class_map = np.random.default_rng(0).integers(0, 133, (48, 64)).astype(np.uint8).repeat(5, axis=1)
for layout in ("hwc", "chw"):
    for dtype in ("uint8", "float32"):
        packed = deflate_one_hot(class_map, 133, void=255, layout=layout, dtype=dtype).packed
        print(layout, dtype, hashlib.sha256(packed).hexdigest())
"""


def test_every_process_makes_the_same_bytes() -> None:
    made = {subprocess.run([sys.executable, "-c", _MAKE], capture_output=True, check=True).stdout for _ in range(3)}
    assert len(made) == 1
    assert made.pop().count(b"\n") == 4


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("num_classes", "options", "error", "category"),
    [
        (2, {}, SampleError, "classmap.range"),
        (0, {}, UsageError, "onehot.classes"),
        (3, {"dtype": "c16"}, UsageError, "onehot.dtype"),
    ],
)
def test_refused(layout: Any, num_classes: int, options: Any, error: type[CocosegError], category: str) -> None:
    with pytest.raises(error) as caught:
        deflate_one_hot(np.array([[0, 2]], np.uint8), num_classes, void=255, layout=layout, **options)
    assert caught.value.category == category


def test_an_unknown_layout() -> None:
    with pytest.raises(UsageError, match="'cwh'; expected 'hwc' or 'chw'"):
        deflate_one_hot(np.zeros((1, 1), np.uint8), 1, void=255, layout="cwh")  # type: ignore[arg-type]
