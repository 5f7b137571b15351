"""What a summary counts in class maps, whatever they are written as."""

from __future__ import annotations

import msgspec


class Counts(msgspec.Struct):
    """The pixels of each class value in an image, and those that several masks claimed."""

    pixels: dict[int, int] = {}
    contested: int = 0
