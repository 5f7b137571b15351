"""PNG pictures of one mask: written as 8-bit grey, 0 and 255; read from any picture of two values without alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError
from cocoseg.files.png import Header, check_picture, decode, read_header, read_picture
from cocoseg.files.png.labels import read_labels
from cocoseg.files.png.write import write_rows

_GREY, _RGB = 0, 2


def write_mask(mask: npt.NDArray[np.bool_]) -> bytes:
    """A mask (H, W) bool -> PNG bytes, 8-bit grey: 255 is mask, 0 is not.

    >>> read_mask(write_mask(np.array([[True, False]])))
    array([[ True, False]])
    """
    # Rows unfiltered: runs of one value then cross row ends, while with differences each row begins a new run.
    rows = np.zeros((mask.shape[0], 1 + mask.shape[1]), np.uint8)
    np.multiply(mask.view(np.uint8), np.uint8(255), out=rows[:, 1:])
    return write_rows(rows, (mask.shape[0], mask.shape[1]), 8)


def read_mask(data: bytes, size: tuple[int, int] | None = None) -> npt.NDArray[np.bool_]:
    """A mask: PNG bytes -> (H, W) bool, all but 0 (of RGB: black) is mask. ``size`` is the expected size.

    Raises SampleError: ``mask.values`` where the rest has several values, as in a photo or a class map; ``png.*``,
    ``size.mismatch``, ``limit.pixels``.
    """
    values = _values(data, read_header(data), size)
    mask: npt.NDArray[np.bool_] = values != 0
    highest = values.max()
    if highest and np.count_nonzero(values == highest) != np.count_nonzero(mask):
        count = len(np.unique(values[mask]))
        text = f"the PNG has {count} values besides 0, as photos and class maps have; a mask has one: set a threshold"
        raise SampleError("mask.values", text)
    return mask


def _values(data: bytes, header: Header, size: tuple[int, int] | None) -> npt.NDArray[Any]:
    """A picture's values (H, W): grey, the indices of a palette, or RGB as one number."""
    if header.color_type == _GREY and header.bit_depth == 8:
        check_picture(header, size, data)
        return decode(data, header, "mono").reshape(header.size)
    if header.color_type == _RGB and header.bit_depth == 8:
        return read_picture(data, size).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    if header.color_type in (2, 4, 6):
        text = f"the PNG is {header.mode}; a mask is grey, palette or 8-bit RGB, without alpha"
        raise SampleError("png.mode", text)
    return read_labels(data, size)
