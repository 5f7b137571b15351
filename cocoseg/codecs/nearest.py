"""Pictures of segments and masks in another size: every pixel takes the value of the nearest one.

A new pixel takes the old pixel that contains its centre, and of two the lower or right one, as Pillow's ``NEAREST``
and torch's ``nearest-exact`` do. Nothing is painted: where a run starts and ends is looked up in the new size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cocoseg.codecs.lines import by_columns, by_lines
from cocoseg.codecs.ragged import Ints, offsets_of, ranges
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs, from_toggles, odd_toggles

Size = tuple[int, int]


def source(indices: Any, old: int, new: int) -> Any:
    """The old pixel of each new one along a line; integers of numpy or torch, because floats round.

    >>> source(np.arange(3), 7, 3).tolist()
    [1, 3, 5]
    """
    return (2 * indices + 1) * old // (2 * new)


def cuts(old: int, new: int) -> Ints:
    """How many new pixels take one before old pixel x, for x from 0 to ``old``: (old + 1,) int64.

    >>> cuts(4, 2).tolist(), cuts(2, 4).tolist()
    ([0, 0, 1, 1, 2], [0, 2, 4])
    """
    return -((old - 2 * new * np.arange(old + 1)) // (2 * old))


def resize_regions(regions: Regions, size: Size) -> Regions:
    """A picture of segments -> the same segments in another size (height, width); some may lose all pixels.

    >>> regions = Regions((1, 4), 2, np.array([0, 1]), np.array([1, 3]))
    >>> resize_regions(regions, (2, 8)).paint(np.array([7, 9]), outside=0)
    array([[7, 7, 9, 9, 9, 9, 9, 9],
           [7, 7, 9, 9, 9, 9, 9, 9]])
    """
    (lines, line), (new_lines, new_line) = (
        shape[::-1] if regions.by_column else shape for shape in (regions.size, size)
    )
    runs, ends, lengths, pieces = by_lines(regions, lines, line)
    cut = cuts(line, new_line)
    lengths = cut[ends] - cut[ends - lengths]
    wanted = source(np.arange(new_lines), lines, new_lines)
    taken = ranges(offsets_of(pieces)[wanted], pieces[wanted])
    taken = taken[lengths[taken] > 0]
    void = None if regions.void is None else regions.void[runs[taken]]
    return replace(regions, size=size, segments=regions.segments[runs[taken]], lengths=lengths[taken], void=void)


def resize_runs(packed: Runs, size: Size) -> Runs:
    """Masks (n) -> as many masks of another size (height, width); some may lose all pixels.

    >>> from cocoseg.codecs.rle import decode, encode
    >>> decode(resize_runs(encode(np.array([[[0, 1]]])), (2, 3))).astype(int)
    array([[[0, 1, 1],
            [0, 1, 1]]])
    """
    (height, width), (new_height, new_width) = packed.size, size
    masks, columns, tops, bottoms = by_columns(packed)
    down, along = cuts(height, new_height), cuts(width, new_width)
    tops, bottoms, times = down[tops], down[bottoms], along[columns + 1] - along[columns]
    times = times * (bottoms > tops)
    starts = ranges(along[columns], times) * new_height
    positions = np.stack([starts + np.repeat(tops, times), starts + np.repeat(bottoms, times)], axis=1).reshape(-1)
    pixels = new_height * new_width
    changes = odd_toggles(np.repeat(np.repeat(masks, times), 2), positions, pixels)
    return from_toggles(*changes, len(packed), size)
