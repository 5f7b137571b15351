"""One array of a .npy or .npz, against what numpy wrote."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cocoseg.errors import SampleError
from cocoseg.files.arrays import read_array, stored
from cocoseg.files.npz import npy_head

ANY = arrays.arrays(
    st.sampled_from(["u1", "<i4", ">i8", "<f2", ">f4", "f8", "?"]), arrays.array_shapes(min_dims=1, max_dims=4)
)


def saved(array: Any, form: str) -> bytes:
    file = io.BytesIO()
    if form == "npy":
        np.save(file, array)
    else:
        (np.savez if form == "npz" else np.savez_compressed)(file, array)
    return file.getvalue()


@pytest.mark.parametrize("form", ["npy", "npz", "packed"])
@given(array=ANY, fortran=st.booleans())
def test_is_what_was_saved(form: str, array: Any, fortran: bool) -> None:
    array = np.asfortranarray(array) if fortran else array
    data = saved(array, form)
    header = stored(data)
    found = read_array(data, header)
    assert (header.shape, header.dtype, header.bytes) == (array.shape, array.dtype, array.nbytes)
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()


def test_the_beginning_of_a_npy_has_its_header() -> None:
    data = saved(np.zeros((300, 400)), "npy")
    assert stored(data[:4096]) == stored(data)


@pytest.mark.parametrize("form", ["npy", "npz", "packed"])
@given(array=ANY, share=st.floats(0, 0.99))
def test_a_cut_file_is_refused(form: str, array: Any, share: float) -> None:
    data = saved(array, form)
    cut = data[: int(len(data) * share)]
    with pytest.raises(SampleError) as caught:
        read_array(cut, stored(cut))
    assert caught.value.category in ("npy.corrupt", "npz.corrupt")


@pytest.mark.parametrize("form", ["npz", "packed"])
def test_a_changed_byte_is_refused(form: str) -> None:
    data = bytearray(saved(np.arange(100), form))
    data[300] ^= 1
    with pytest.raises(SampleError, match="write it again") as caught:
        read_array(bytes(data), stored(bytes(data)))
    assert caught.value.category == "npz.corrupt"


def test_the_known_one_of_several() -> None:
    file = io.BytesIO()
    np.savez(file, a=np.zeros(1), logits=np.ones(2), b=np.zeros(3))
    header = stored(file.getvalue(), ("logits", "probs"))
    assert header.member == "logits.npy"
    assert read_array(file.getvalue(), header).tolist() == [1, 1]
    with pytest.raises(SampleError, match="3 arrays \\('a', 'logits', 'b'\\), expected one; save one alone$"):
        stored(file.getvalue())
    with pytest.raises(SampleError, match="or call it 'x' or 'y'$"):
        stored(file.getvalue(), ("x", "y"))


def test_several_are_told_without_end() -> None:
    file = io.BytesIO()
    np.savez(file, *[np.zeros(1)] * 9)
    with pytest.raises(SampleError, match="9 arrays \\('arr_0', .*'arr_4' and more\\)"):
        stored(file.getvalue())


def test_no_more_is_unpacked_than_the_header_says() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy_head("u1", (10,)) + bytes(1 << 20))
    header = stored(file.getvalue())
    with pytest.raises(SampleError, match="has 11 bytes of numbers, its header says 10"):
        read_array(file.getvalue(), header)


@pytest.mark.parametrize(
    "data", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\xff\xff{", b"PK\3\4", b"PK\5\6"]
)
def test_what_is_no_array(data: bytes) -> None:
    with pytest.raises(SampleError):
        stored(data)
