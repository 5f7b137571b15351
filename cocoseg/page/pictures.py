"""Dense numbers and drawings as pictures inside the page."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

LEVELS = 16  # of a shaded picture, which then takes half a byte for a pixel

# From little to much, dark to bright; even steps look even, in grey too.
_STOPS = [(30, 18, 58), (68, 42, 130), (40, 105, 150), (35, 160, 130), (150, 205, 75), (252, 232, 60)]


def shaded(values: npt.NDArray[np.floating]) -> str:
    """Numbers (H, W) from 0 to 1 as a PNG of H by W pixels, in colours from dark to bright: a data URI."""
    from PIL import Image

    levels = np.ceil(np.clip(values, 0, 1) * (LEVELS - 1)).astype(np.uint8)
    picture = Image.fromarray(levels)
    picture.putpalette(_palette())
    data = io.BytesIO()
    picture.save(data, "PNG", bits=4, optimize=True)
    return data_uri("image/png", data.getvalue())


def data_uri(kind: str, data: bytes) -> str:
    """A file as a URI that is the file itself.

    >>> data_uri("image/png", b"abc")
    'data:image/png;base64,YWJj'
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@lru_cache
def scale_colors() -> tuple[str, ...]:
    """The colours of the shades, for a legend."""
    flat = _palette()
    return tuple("#{:02x}{:02x}{:02x}".format(*flat[k : k + 3]) for k in range(0, len(flat), 3))


def _palette() -> list[int]:
    at, stops = np.linspace(0, len(_STOPS) - 1, LEVELS), np.array(_STOPS, np.float64)
    columns: list[Any] = [np.interp(at, np.arange(len(_STOPS)), stops[:, channel]) for channel in range(3)]
    colors: list[int] = np.rint(np.column_stack(columns)).astype(int).reshape(-1).tolist()
    return colors
