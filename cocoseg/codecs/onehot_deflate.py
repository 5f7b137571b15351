"""A one-hot array as a deflate stream (RFC 1951), packed piece by piece: the whole array is never in memory.

zlib-ng packs a piece of the array as soon as it is made. Level 2 finds the repeated rows of channels (hwc) and the
repeated numbers of several bytes; in planes of single bytes, ``Z_RLE`` finds all there is to find. The same map makes
the same bytes in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from cocoseg.codecs.onehot import Layout, check_values, one_hot

_PIECE = 1 << 20  # bytes of the array that are packed at a time


class Deflated(NamedTuple):
    """A raw deflate stream, and the number of bytes and the CRC-32 of its content."""

    packed: bytes
    size: int
    crc: int


def deflate_one_hot(
    class_map: npt.NDArray[Any],
    num_classes: int,
    *,
    void: int,
    layout: Layout = "hwc",
    dtype: npt.DTypeLike = np.uint8,
    void_channel: bool = False,
    head: bytes = b"",
) -> Deflated:
    """The bytes ``head``, and then those of ``one_hot`` of a class map (H, W), deflated.

    Raises as ``one_hot`` does.

    >>> import zlib
    >>> found = deflate_one_hot(np.array([[0, 2, 255]], np.uint8), 3, void=255)
    >>> list(zlib.decompress(found.packed, -15))
    [1, 0, 0, 0, 0, 1, 0, 0, 0]
    """
    options: dict[str, Any] = {"void": void, "layout": layout, "dtype": dtype, "void_channel": void_channel}
    one_hot(class_map[:0], num_classes, **options)
    check_values(class_map, num_classes, void)
    bytes_in_planes = layout == "chw" and np.dtype(dtype).itemsize == 1
    strategy = zlib_ng.Z_RLE if bytes_in_planes else zlib_ng.Z_DEFAULT_STRATEGY
    packer = zlib_ng.compressobj(2, wbits=-zlib_ng.MAX_WBITS, strategy=strategy)
    packed, size, crc = [packer.compress(head)], len(head), zlib_ng.crc32(head)
    for piece in _pieces(class_map, num_classes, **options):
        packed.append(packer.compress(piece))
        size, crc = size + piece.nbytes, zlib_ng.crc32(piece, crc)
    return Deflated(b"".join([*packed, packer.flush()]), size, crc)


def _pieces(class_map: npt.NDArray[Any], num_classes: int, **options: Any) -> Iterator[npt.NDArray[Any]]:
    """The one-hot array in pieces: some rows of pixels at a time (hwc), or a plane (chw)."""
    if options["layout"] == "hwc":
        width = max(class_map.shape[1] * (num_classes + 1) * np.dtype(options["dtype"]).itemsize, 1)
        rows = max(_PIECE // width, 1)
        for top in range(0, len(class_map), rows):
            yield one_hot(class_map[top : top + rows], num_classes, **options)
        return
    values = [None if value == options["void"] else value for value in range(num_classes)]
    for value in [*values, options["void"]][: num_classes + options["void_channel"]]:
        plane = np.zeros(class_map.shape, np.bool_) if value is None else class_map == value
        yield plane.astype(options["dtype"])
