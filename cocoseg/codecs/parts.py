"""Connected parts of segments and the holes in them, from runs: no pixel is looked at.

Pixels that touch at a corner belong together. A run and those on the next line that touch it are a graph without
crossings, in which parts - holes = runs - touches (Euler), so that holes need no search of their own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.ragged import Ints, owners, ranges
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs


def parts_and_holes(shapes: Regions | Runs) -> tuple[Ints, Ints]:
    """The number of parts and of holes of each of n segments: (n,) int64 and (n,) int64.

    >>> ring = Regions((3, 3), 1, np.array([0, 1, 0]), np.array([4, 1, 4]))
    >>> parts_and_holes(ring)
    (array([1]), array([1]))
    """
    count, line = (shapes.count if isinstance(shapes, Regions) else len(shapes)), _line(shapes)
    segments, starts, lasts = _by_lines(*_drawn(shapes), line)
    first, second = _touching(segments, starts, lasts, line)
    roots = _roots(len(segments), first, second)
    parts = np.bincount(segments[roots == np.arange(len(segments))], minlength=count)
    euler = np.bincount(segments, minlength=count) - np.bincount(segments[first], minlength=count)
    return parts, parts - euler


def _line(shapes: Regions | Runs) -> int:
    """The pixels of a line: runs go along rows, or down columns."""
    by_column = isinstance(shapes, Runs) or shapes.by_column
    return shapes.size[0] if by_column else shapes.size[1]


def _drawn(shapes: Regions | Runs) -> tuple[Ints, Ints, Ints]:
    """The runs of segments, of each segment in turn: whose they are, their first and last pixels, all (R,)."""
    if isinstance(shapes, Runs):
        return shapes.masks[shapes.drawn], shapes.stops[shapes.drawn - 1], shapes.stops[shapes.drawn] - 1
    changes = np.flatnonzero(np.diff(shapes.segments[shapes.lengths > 0], append=-1))
    segments = shapes.segments[shapes.lengths > 0][changes]
    stops = np.cumsum(shapes.lengths[shapes.lengths > 0])[changes]
    starts = np.append(0, stops[:-1])
    kept = np.flatnonzero(segments < shapes.count)
    kept = kept[np.argsort(segments[kept], kind="stable")]
    return segments[kept], starts[kept], stops[kept] - 1


def _by_lines(segments: Ints, starts: Ints, lasts: Ints, line: int) -> tuple[Ints, Ints, Ints]:
    """The same runs, cut where a line ends."""
    upper = starts // line
    lines = lasts // line - upper + 1
    cut = ranges(upper, lines)
    whose = owners(lines)
    return segments[whose], np.maximum(starts[whose], cut * line), np.minimum(lasts[whose], cut * line + line - 1)


def _touching(segments: Ints, starts: Ints, lasts: Ints, line: int) -> tuple[Ints, Ints]:
    """The pairs of runs of one segment that touch across two lines, by their numbers: (E,) and (E,)."""
    if not len(segments):
        return segments, segments
    # A position counted through all segments, with a column left free at both ends of a line, and a line between.
    wide = line + 2
    span = (int(lasts.max()) // line + 2) * wide
    here = segments * span + (starts // line) * wide + starts % line + 1
    ends = here + lasts - starts
    low = np.searchsorted(ends, here + wide - 1, "left")
    high = np.searchsorted(here, ends + wide + 1, "right")
    counts = np.maximum(high - low, 0)
    return owners(counts), ranges(low, counts)


def _roots(count: int, first: Ints, second: Ints) -> npt.NDArray[np.intp]:
    """The least number among those that pairs connect, for each of ``count`` numbers."""
    roots = np.arange(count)
    while len(first):
        one, other = roots[first], roots[second]
        np.minimum.at(roots, np.maximum(one, other), np.minimum(one, other))
        while (shorter := roots[roots]).tobytes() != roots.tobytes():
            roots = shorter
        apart = roots[first] != roots[second]
        first, second = first[apart], second[apart]
    return roots
