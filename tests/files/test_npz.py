from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cocoseg.errors import SampleError
from cocoseg.files import npz

TABLE = np.array([(7, 0.5, True), (9, 1.5, False)], [("id", "<i8"), ("score", "<f4"), ("iscrowd", "?")])
KINDS = ["?", "u1", "<u2", "<i4", "<i8", "<f4", "<f8"]


def load(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return dict(found)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_written_is_read(data: Any) -> None:
    shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
    names = st.lists(st.text("abcé_ 0", min_size=1, max_size=5), unique=True, max_size=3)
    given = {name: data.draw(arrays.arrays(data.draw(st.sampled_from(KINDS)), shapes)) for name in data.draw(names)}
    packed = npz.npz(given)
    found = load(packed)
    assert list(found) == list(given)
    assert all(same(found[name], given[name]) for name in given)
    assert packed == npz.npz(given)
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.testzip() is None
        assert {row.date_time for row in file.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
    for array in given.values():
        assert same(np.load(io.BytesIO(npz.npy(array))), array)


def test_masks_with_a_table() -> None:
    masks = np.packbits(np.eye(9, dtype=bool), axis=-1)
    found = load(npz.npz({"masks": masks, "segments": TABLE}))
    assert same(found["masks"], masks)
    assert same(found["segments"], TABLE)


@pytest.mark.parametrize("array", [np.arange(12).reshape(3, 4).T, np.arange(12)[::-2], np.asfortranarray(np.eye(3))])
def test_arrays_that_lie_otherwise(array: np.ndarray) -> None:
    np.testing.assert_array_equal(np.load(io.BytesIO(npz.npy(array))), array)


def test_a_npy_is_what_numpy_writes() -> None:
    file = io.BytesIO()
    np.save(file, TABLE)
    assert npz.npy(TABLE) == file.getvalue()


def test_the_same_bytes_in_every_process() -> None:
    code = "import sys, numpy as np; from cocoseg.files.npz import npz; sys.stdout.buffer.write(npz({'a': np.arange(5000) % 77}))"
    outputs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(3)}
    assert outputs == {npz.npz({"a": np.arange(5000) % 77})}


def test_a_npy_is_made_where_it_lies() -> None:
    tracemalloc.start()
    data = npz.npy_filled(np.uint8, (1 << 23,), lambda out: out.fill(1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * len(data)


def test_a_npy_can_be_mapped(tmp_path: Any) -> None:
    (tmp_path / "a.npy").write_bytes(npz.npy(np.arange(6).reshape(2, 3)))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert mapped.offset % 64 == 0
    assert mapped.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_what_is_packed_elsewhere_is_taken_as_it_is() -> None:
    data = npz.npy(np.arange(3))
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    file = npz.archive([npz.Member("a.npy", packed, len(data), zlib.crc32(data))])
    assert packed in file
    assert load(file)["a"].tolist() == [0, 1, 2]


def test_sizes_beyond_32_bits_stand_in_a_field_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "_LARGE", 140)
    packed = npz.npz({"small": np.arange(1, dtype="u1"), "large": np.arange(1000)})
    assert load(packed)["large"].tolist() == list(range(1000))
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert [row.extract_version for row in file.infolist()] == [20, 45]


def test_an_archive_beyond_32_bits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "_MOST", 100)
    with pytest.raises(SampleError, match="more than a .npz file holds; write .npy files") as caught:
        npz.npz({"a": np.arange(9)})
    assert caught.value.category == "limit.archive"
