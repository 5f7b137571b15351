"""Reads the alpha of a PNG of any colours, as pictures of masks have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError
from cocoseg.files.png import check_picture, decode_slowly, read_header, read_picture
from cocoseg.files.png.chunks import chunks
from cocoseg.files.png.labels import read_labels

_GREY, _PALETTE, _GREY_ALPHA, _RGBA = 0, 3, 4, 6


def read_alpha(data: bytes) -> npt.NDArray[Any]:
    """The alpha of a PNG's pixels (H, W), 0 where it is clear; of grey without alpha, the grey itself.

    Raises SampleError: ``png.*``, ``limit.pixels``.
    """
    header = read_header(data)
    check_picture(header, None, data)
    if header.color_type == _PALETTE:
        return _alphas(data)[read_labels(data)]
    if header.color_type == _GREY:
        return read_labels(data)
    if header.color_type == _RGBA and header.bit_depth == 8:
        return read_picture(data)[..., 3]
    if header.color_type == _GREY_ALPHA and header.bit_depth == 8:
        return decode_slowly(data)[0][..., 1]
    raise SampleError("png.mode", f"the PNG is {header.mode}, expected a mask: palette or RGBA with alpha, or grey")


def _alphas(data: bytes) -> npt.NDArray[np.uint8]:
    """The alpha of every colour of a palette: opaque where the picture does not say it. Raises ``png.mode``."""
    given = next((data[start + 8 : end - 4] for name, start, end in chunks(data) if name == b"tRNS"), b"")
    if not given:
        raise SampleError("png.mode", "the PNG has a palette without alpha, so that nothing says what its mask is")
    alphas = np.full(256, 255, np.uint8)
    alphas[: len(given)] = np.frombuffer(given[:256], np.uint8)
    return alphas
