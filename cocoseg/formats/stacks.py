"""What is counted when class maps go to the stacks that people train with."""

from __future__ import annotations

import msgspec

from cocoseg.files.documents import Count


class Counts(msgspec.Struct, forbid_unknown_fields=True):
    """Counts of an image: pixels of each value, pixels that several masks cover, segments, crowds that are lost."""

    pixels: dict[int, Count] = {}
    contested: Count = 0
    segments: Count = 0
    crowds: Count = 0
