"""Limits that hold for every kind of input.

Memory is bounded by the pixels of a picture or of a mask that is painted. Masks that stay runs need none for pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

MAX_PIXELS = (2 << 30) // 12  # 2 GiB, as a pixel takes up to 12 bytes while it is decoded and painted
MOST_PIXELS = 1 << 31  # of a mask that is not painted: positions in a thousand million of them fit 64 bits

_thread = threading.local()


@contextmanager
def allowing(pixels: int) -> Iterator[None]:
    """A block in which this limit for pictures and painted masks holds, in this thread."""
    before, _thread.pixels = allowed_pixels(), pixels
    try:
        yield
    finally:
        _thread.pixels = before


def within_its_limit(function: F) -> F:
    """Let a function of a sample paint within the sample's own limit."""

    @wraps(function)
    def call(sample: Any, *arguments: Any, **options: Any) -> Any:
        with allowing(getattr(sample, "max_pixels", MAX_PIXELS)):
            return function(sample, *arguments, **options)

    return cast("F", call)


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
