from __future__ import annotations

import tracemalloc
import zlib
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
    """What a stream holds, which must end where it ends."""
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
    st.sampled_from([1, 5, 1 << 13]),
)
def test_zlib_reads_the_array(
    case: tuple[np.ndarray, int, int], layout: Any, dtype: Any, channel: bool, head: bytes, runs: int
) -> None:
    class_map, num_classes, void = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onehot_deflate, "_RUNS", runs)
        patch.setattr(onehot_deflate, "_PIECE", 100 * runs)
        check(class_map, num_classes, head, void=void, layout=layout, dtype=dtype, void_channel=channel)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("num_classes", [63, 64, 65, 32767, 32768, 32769, 40000])
def test_rows_longer_than_a_copy_reaches(layout: Any, num_classes: int) -> None:
    class_map = np.array([[0, 0, 0, num_classes - 1, num_classes - 1], [1, 1, 65535, 1, 1]], np.uint16)
    check(class_map, num_classes, void=65535, layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "length", [1, 2, 3, 4, 5, 128, 129, 130, 257, 258, 259, 260, 261, 262, 515, 516, 517, 518, 519, 777]
)
@pytest.mark.parametrize("num_classes", [1, 2])
def test_runs_of_every_length_about_a_copy(layout: Any, num_classes: int, length: int) -> None:
    pixels = np.repeat([0, num_classes - 1, 255, 0], [1, length, length, length]).astype(np.uint8)
    check(pixels[None], num_classes, void=255, layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_array_is_never_made(layout: Any) -> None:
    class_map = np.repeat(np.arange(100, dtype=np.uint8), 3000).reshape(500, 600)
    deflate_one_hot(class_map[:5], 133, void=255, layout=layout)
    tracemalloc.start()
    packed = deflate_one_hot(class_map, 133, void=255, layout=layout).packed
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < class_map.size * 133 / 4
    assert len(packed) < class_map.size * 133 / 200


@pytest.mark.parametrize("layout", LAYOUTS)
def test_noise_takes_a_hundred_bytes_a_pixel(layout: Any) -> None:
    class_map = np.random.default_rng(0).integers(0, 133, (400, 500)).astype(np.uint8)
    tracemalloc.start()
    packed = deflate_one_hot(class_map, 133, void=255, layout=layout).packed
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * class_map.size + len(packed)


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


def test_a_layout_that_is_none() -> None:
    with pytest.raises(UsageError, match="'cwh'; expected 'hwc' or 'chw'"):
        deflate_one_hot(np.zeros((1, 1), np.uint8), 1, void=255, layout="cwh")  # type: ignore[arg-type]
