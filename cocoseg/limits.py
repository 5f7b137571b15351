"""Limits that hold for every kind of input.

Memory is bounded by the pixels of a picture or of a mask that is painted. Masks that stay runs need none for pixels.
"""

from __future__ import annotations

import threading

MAX_PIXELS = (2 << 30) // 12  # 2 GiB, as a pixel takes up to 12 bytes while it is decoded and painted
MOST_PIXELS = 1 << 31  # of a mask that is not painted: positions in a thousand million of them fit 64 bits

_thread = threading.local()


def allow_pixels(pixels: int) -> None:
    """Set the limit for pictures and painted masks, for what this thread decodes from now on."""
    _thread.pixels = pixels


def allowed_pixels() -> int:
    """The limit that holds in this thread."""
    found: int = getattr(_thread, "pixels", MAX_PIXELS)
    return found


def excess(pixels: int) -> str:
    """What is wrong with a picture of so many pixels, in words; nothing if it is within the limit.

    >>> excess(2_000_000_000)
    '2,000,000,000 pixels, more than the 178,956,970 allowed; allow more with --max-pixels'
    """
    limit = allowed_pixels()
    return f"{pixels:,} pixels, more than the {limit:,} allowed; allow more with --max-pixels" if pixels > limit else ""
