"""Runs cut at the ends of lines: down the columns of masks, along the lines of a picture of segments."""

from __future__ import annotations

import numpy as np

from cocoseg.codecs.ragged import Ints, ranges
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs


def by_lines(regions: Regions, lines: int, line: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Runs cut at the ends of lines: the run of each piece, its end in its line, its length; the pieces of a line.

    >>> rows = Regions((2, 3), 2, np.array([0, 1]), np.array([4, 2]))
    >>> [found.tolist() for found in by_lines(rows, 2, 3)]
    [[0, 0, 1], [3, 1, 3], [3, 1, 2], [1, 2]]
    """
    stops, borders = np.cumsum(regions.lengths), np.arange(1, lines + 1) * line
    bounds = np.sort(np.concatenate([stops, borders]), kind="stable")
    lengths = np.diff(bounds, prepend=0)
    bounds, lengths = bounds[lengths > 0], lengths[lengths > 0]
    numbers = (bounds - 1) // line
    return np.searchsorted(stops, bounds), bounds - numbers * line, lengths, np.bincount(numbers, minlength=lines)


def by_columns(packed: Runs) -> tuple[Ints, Ints, Ints, Ints]:
    """Foreground runs cut at the ends of columns: the mask of each piece, its column, its first row and the one after
    its last.

    >>> one = Runs((2, 2), np.array([1, 3]), np.array([0, 2]))
    >>> [found.tolist() for found in by_columns(one)]
    [[0, 0], [0, 1], [1, 0], [2, 2]]
    """
    height, drawn = packed.size[0], packed.drawn
    drawn = drawn[packed.counts[drawn] > 0]
    starts, stops = packed.stops[drawn - 1], packed.stops[drawn]
    first = starts // height
    pieces = (stops - 1) // height - first + 1
    columns = ranges(first, pieces)
    tops = np.maximum(np.repeat(starts, pieces) - columns * height, 0)
    bottoms = np.minimum(np.repeat(stops, pieces) - columns * height, height)
    return np.repeat(packed.masks[drawn], pieces), columns, tops, bottoms
