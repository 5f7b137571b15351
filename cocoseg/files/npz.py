"""Arrays as .npy and .npz files (numpy's format, version 1.0; PKWARE's APPNOTE for the archive).

The same arrays make the same bytes: files in an archive have the earliest date of the format, and zlib packs the same
data the same way in every process. Members that are already packed are put in unchanged.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError

Array = npt.NDArray[Any]

_DEFLATED = 8
_FIRST_DATE = (1 << 5) + 1 << 16  # 1980-01-01, 00:00
_UNIX = 3
_MODE = 0o100644 << 16
_UTF8 = 1 << 11
_LARGE = (1 << 32) - 1  # bytes from which a size goes into the field for large sizes
_ELSEWHERE = (1 << 32) - 1  # what the usual field then holds
_MOST = (1 << 32) - 2  # bytes of an archive


class Member(NamedTuple):
    """A file of an archive: its name, its raw deflate stream, and the size and CRC-32 of what that holds."""

    name: str
    packed: bytes
    size: int
    crc: int


def npy_head(dtype: npt.DTypeLike, shape: tuple[int, ...]) -> bytes:
    """The header of the .npy file of a C-contiguous array."""
    head = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, described)
    return head.getvalue()


def npy(array: Array) -> bytes:
    """An array of numbers, or a table of them -> the bytes of a .npy file.

    >>> np.load(io.BytesIO(npy(np.array([1, 2]))))
    array([1, 2])
    """
    return npy_filled(array.dtype, array.shape, lambda out: np.copyto(out, array))


def npy_filled(dtype: npt.DTypeLike, shape: tuple[int, ...], fill: Callable[[Array], object]) -> bytes:
    """The bytes of a .npy file, whose array is made in place: ``fill`` gets it, all zeros, to write into.

    >>> np.load(io.BytesIO(npy_filled("u1", (2,), lambda out: out.fill(7))))
    array([7, 7], dtype=uint8)
    """
    head = npy_head(dtype, shape)
    size = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    file = io.BytesIO()
    file.write(head)
    if size:
        file.seek(size - 1, io.SEEK_CUR)
        file.write(b"\0")
    with file.getbuffer() as whole:
        fill(np.frombuffer(whole, np.uint8)[len(head) :].view(dtype).reshape(shape))
    return file.getvalue()  # the buffer itself, no copy


def npz(arrays: Mapping[str, Array]) -> bytes:
    """Arrays by their names -> the bytes of a .npz file, for ``np.load(path)[name]``.

    >>> np.load(io.BytesIO(npz({"a": np.array([1, 2])})))["a"]
    array([1, 2])
    """
    return archive(_member(f"{name}.npy", npy(array)) for name, array in arrays.items())


def archive(members: Iterable[Member]) -> bytes:
    """The bytes of a ZIP file. Raises SampleError ``limit.archive`` for more than 4 GiB of them."""
    files, entries, offset = [], [], 0
    for member in members:
        files.append(_local_header(member) + member.packed)
        entries.append(_entry(member, offset))
        offset += len(files[-1])
        if offset > _MOST:
            raise SampleError("limit.archive", f"{offset:,} bytes are more than a .npz file holds; write .npy files")
    listed = b"".join(entries)
    end = b"PK\5\6" + _fields((0, 2), (0, 2), (len(files), 2), (len(files), 2), (len(listed), 4), (offset, 4), (0, 2))
    return b"".join([*files, listed, end])


def _member(name: str, data: bytes) -> Member:
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Member(name, packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))


def _local_header(member: Member) -> bytes:
    common, name, extra = _common(member)
    return b"PK\3\4" + common + _fields((len(name), 2), (len(extra), 2)) + name + extra


def _entry(member: Member, offset: int) -> bytes:
    common, name, extra = _common(member)
    lengths = _fields((len(name), 2), (len(extra), 2), (0, 2), (0, 2), (0, 2), (_MODE, 4), (offset, 4))
    return b"PK\1\2" + _fields((_version(member), 1), (_UNIX, 1)) + common + lengths + name + extra


def _common(member: Member) -> tuple[bytes, bytes, bytes]:
    """The fields that both headers of a file share, its name, and the extra field for large sizes."""
    name = member.name.encode()
    sizes = (len(member.packed), member.size)
    large = _is_large(member)
    extra = _fields((1, 2), (16, 2), (sizes[1], 8), (sizes[0], 8)) if large else b""
    flags = 0 if member.name.isascii() else _UTF8
    shown = [(_ELSEWHERE if large else size, 4) for size in sizes]
    version = (_version(member), 2)
    common = _fields(version, (flags, 2), (_DEFLATED, 2), (_FIRST_DATE, 4), (member.crc, 4), *shown)
    return common, name, extra


def _is_large(member: Member) -> bool:
    return max(len(member.packed), member.size) >= _LARGE


def _version(member: Member) -> int:
    """The version of the format that is needed to read a file."""
    return 45 if _is_large(member) else 20


def _fields(*numbers: tuple[int, int]) -> bytes:
    """Numbers as little-endian bytes, each of the given size."""
    return b"".join(number.to_bytes(size, "little") for number, size in numbers)
