"""Writes PNG pictures of classes and colours: the same bytes for the same picture (W3C PNG specification)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from cocoseg.files.png.chunks import SIGNATURE
from cocoseg.native import native

_GREY, _RGB, _PALETTE = 0, 2, 3
_UP = 2


def write_class_map(class_map: npt.NDArray[Any], palette: Sequence[tuple[int, int, int]] = ()) -> bytes:
    """A class map (H, W) uint8 or uint16 -> PNG bytes, grey of 8 or 16 bits, or ``palette`` of 8 bits.

    >>> from cocoseg.files.png import read_header
    >>> read_header(write_class_map(np.zeros((2, 3), np.uint16))).mode
    '16-bit grey'
    """
    return _write(class_map, *_kind(palette))


def write_class_runs(
    values: npt.NDArray[Any],
    lengths: npt.NDArray[np.intp],
    size: tuple[int, int],
    palette: Sequence[tuple[int, int, int]] = (),
    by_column: bool = False,
) -> bytes:
    """As ``write_class_map``, of a class map of ``size`` as runs of its rows, or columns: (R,) uint8 or uint16, (R,).

    >>> runs = np.array([7, 9], np.uint8), np.array([5, 1])
    >>> write_class_runs(*runs, (2, 3)) == write_class_map(np.array([[7, 7, 7], [7, 7, 9]], np.uint8))
    True
    """
    if native is None:
        painted = np.repeat(values, lengths).reshape(size[::-1] if by_column else size)
        return write_class_map(painted.T if by_column else painted, palette)
    depth = 8 * values.dtype.itemsize
    rows = native.rows(values.tobytes(), lengths.astype(np.int64, copy=False).tobytes(), *size, depth, by_column)
    return write_rows(rows, size, depth, *_kind(palette))


def _kind(palette: Sequence[tuple[int, int, int]]) -> tuple[int, bytes]:
    """The colour type of class maps, and the chunk of their colours."""
    if not palette:
        return _GREY, b""
    return _PALETTE, chunk(b"PLTE", bytes(value for color in palette for value in color))


def write_rgb(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture of colours (H, W, 3) uint8 -> PNG bytes, RGB of 8 bits.

    >>> from cocoseg.files.png import read_header
    >>> read_header(write_rgb(np.zeros((2, 3, 3), np.uint8))).mode
    '8-bit RGB'
    """
    return _write(picture, _RGB)


def write_rows(
    rows: npt.NDArray[np.uint8] | bytes, size: tuple[int, ...], depth: int = 8, color_type: int = 0, extra: bytes = b""
) -> bytes:
    """Rows, each after its filter type -> PNG bytes, with ``extra`` chunks before the pixels; size (height, width)."""
    about = bytes([depth, color_type, 0, 0, 0])
    header = chunk(b"IHDR", size[1].to_bytes(4, "big") + size[0].to_bytes(4, "big") + about)
    return b"".join([SIGNATURE, header, extra, chunk(b"IDAT", _deflate(rows, color_type)), chunk(b"IEND", b"")])


def _write(picture: npt.NDArray[Any], color_type: int, extra: bytes = b"") -> bytes:
    """A picture (H, W) or (H, W, samples) as PNG."""
    rows = _filter_up(picture.reshape(len(picture), -1))
    return write_rows(rows, picture.shape[:2], 8 * picture.dtype.itemsize, color_type, extra)


def _deflate(rows: npt.NDArray[np.uint8] | bytes, color_type: int) -> bytes:
    """Rows as a zlib stream. Labels are runs of one byte, so no matches are searched; colours need them."""
    level, strategy = (2, zlib_ng.Z_DEFAULT_STRATEGY) if color_type == _RGB else (1, zlib_ng.Z_RLE)
    packer = zlib_ng.compressobj(level, strategy=strategy)
    return bytes(packer.compress(rows) + packer.flush())


def _filter_up(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Rows as PNG stores them, each as its difference from the one above, which compresses label maps best."""
    rows = np.ascontiguousarray(picture, picture.dtype.newbyteorder(">")).view(np.uint8)
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[:1, 1:] = rows[:1]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum."""
    checksum = zlib_ng.crc32(content, zlib_ng.crc32(name))
    return b"".join([len(content).to_bytes(4, "big"), name, content, checksum.to_bytes(4, "big")])
