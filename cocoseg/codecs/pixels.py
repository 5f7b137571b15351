"""The limit of pixels that an array may have."""

from __future__ import annotations

from cocoseg.errors import SampleError
from cocoseg.limits import excess


def check_pixels(size: tuple[int, ...]) -> None:
    """Check (height, width) before memory is taken for its pixels. Raises SampleError ``limit.pixels``."""
    if much := excess(size[0] * size[1]):
        raise SampleError("limit.pixels", f"a picture of {size[0]}×{size[1]} (height×width) has {much}")
