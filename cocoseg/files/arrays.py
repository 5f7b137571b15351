"""Reads one array of a .npy or .npz file. Its header is checked before memory is taken; nothing is unpickled.

An array in a .npz is the only one, or the one of a name that the caller knows.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, show

_HEAD = 1 << 16  # bytes; more than any header of a .npy
_NPZ = (b"PK\3\4", b"PK\5\6")  # the latter is empty
_NPY = b"\x93NUMPY"
_SHOWN = 5
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, OSError)


class Stored(NamedTuple):
    """What a header says of an array: its shape, its dtype, whether it is in Fortran's order, and where it starts.

    ``member`` is the name of the file in a .npz, ``""`` for a .npy.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_column: bool
    start: int
    member: str = ""

    @property
    def bytes(self) -> int:
        """How many bytes the numbers take."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        what = f"{show(self.member.removesuffix('.npy'))} in the .npz" if self.member else "the .npy"
        return f"{what} holds {self.dtype} of the shape {self.shape}"


def is_array(head: bytes) -> bool:
    r"""Whether a file that begins so is a .npy or a .npz.

    >>> is_array(b"PK\3\4\x14"), is_array(b"BM")
    (True, False)
    """
    return head.startswith((*_NPZ, _NPY))


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is a .npz."""
    return head.startswith(_NPZ)


def stored(data: bytes, known: Collection[str] = ()) -> Stored:
    """The header of a .npy, of which the first 64 KiB are enough, or of the array in a whole .npz.

    Of several arrays in a .npz, it is the one with a ``known`` name. Raises SampleError: ``npy.corrupt``,
    ``npz.corrupt``, ``npz.several``.
    """
    if not is_packed(data):
        return _header(data[:_HEAD], ".npy")
    member = _chosen(_members(data), known)
    return _header(_unpacked(data, member, _HEAD), ".npz")._replace(member=member)


def read_array(data: bytes, header: Stored) -> npt.NDArray[Any]:
    """The array, in the order and with the byte order that it is stored in; that of a .npy without a copy.

    The caller has checked ``header.bytes``. Raises SampleError: ``npy.corrupt``, ``npz.corrupt``.
    """
    # A byte more than the header says shows that it is wrong.
    raw = _unpacked(data, header.member, header.start + header.bytes + 1) if header.member else data
    _check_length(raw, header)
    flat = np.frombuffer(raw, header.dtype, offset=header.start)
    return flat.reshape(header.shape, order="F" if header.by_column else "C")


def check_length(data: bytes, header: Stored) -> None:
    """Whether a .npy has the bytes that its header says; a .npz is not unpacked. Raises SampleError ``npy.corrupt``."""
    if not header.member:
        _check_length(data, header)


def _check_length(raw: bytes, header: Stored) -> None:
    if len(raw) - header.start != header.bytes:
        text = f"has {len(raw) - header.start:,} bytes of numbers, its header says {header.bytes:,}; write it again"
        raise SampleError("npz.corrupt" if header.member else "npy.corrupt", f"the array {text}")


def _members(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except _DAMAGE as error:
        raise _broken(error) from None


def _unpacked(data: bytes, member: str, most: int) -> bytes:
    """The .npy in a .npz; no more than its first bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(member) as file:
            return file.read(most)
    except _DAMAGE as error:
        raise _broken(error) from None


def _chosen(members: list[str], known: Collection[str]) -> str:
    """The member with the array. Raises SampleError ``npz.several``, ``npz.corrupt``."""
    arrays = {name.removesuffix(".npy"): name for name in members if name.endswith(".npy")}
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    found = [name for name in arrays if name in known]
    if len(found) == 1:
        return arrays[found[0]]
    if not arrays:
        raise SampleError("npz.corrupt", "the .npz holds no array; write it with numpy.savez_compressed")
    some = ", ".join(map(show, list(arrays)[:_SHOWN])) + (" and more" if len(arrays) > _SHOWN else "")
    advice = f"save one alone, or call it {' or '.join(map(repr, known))}" if known else "save one alone"
    raise SampleError("npz.several", f"the .npz holds {len(arrays)} arrays ({some}), expected one; {advice}")


def _header(head: bytes, ending: str) -> Stored:
    file = io.BytesIO(head)
    try:
        version = np.lib.format.read_magic(file)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, by_column, dtype = readers[version](file)
    except (ValueError, KeyError, EOFError) as error:
        category = "npz.corrupt" if ending == ".npz" else "npy.corrupt"
        raise SampleError(category, f"the {ending} has no good header ({error}); write it again") from None
    return Stored(tuple(map(int, shape)), dtype, by_column, file.tell())


def _broken(error: Exception) -> SampleError:
    return SampleError("npz.corrupt", f"the .npz can't be read ({error}); write it again")
