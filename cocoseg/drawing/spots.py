"""Where the name of a segment is written: at a point well inside its largest part.

A centre of mass can lie outside, as that of a ring does. Here the rows of a picture are cut into runs of one
segment, and runs of neighbouring rows that touch are joined to parts. The point is the middle of that run of the
largest part which has the most room: along the row, where a text needs more, and up and down.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.ragged import Ints
from cocoseg.codecs.regions import rows_from_columns, run_bounds

_WIDE = 3  # how many times as wide as high a text is, about


class Spots(NamedTuple):
    """A point for each segment, ``y`` and ``x`` (n,), and the first row and the pixels of its largest part (n,).

    The first three are -1 where a segment has no pixel.
    """

    y: Ints
    x: Ints
    top: Ints
    pixels: Ints


class _Runs(NamedTuple):
    """The runs of a picture along its rows: first pixels (R,), lengths (R,) and segments (R,)."""

    starts: Ints
    lengths: Ints
    segments: Ints


def spots(numbers: npt.NDArray[Any], count: int) -> Spots:
    """The point of each of ``count`` segments in a picture of their numbers (H, W), ``count`` where there is none.

    >>> ring = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]])
    >>> found = spots(ring, 1)
    >>> found.y.tolist(), found.x.tolist(), found.pixels.tolist()
    ([1], [2], [11])
    """
    width = numbers.shape[1]
    runs, firsts = _row_runs(numbers)
    parts = _parts(numbers, runs, firsts)
    sizes = np.bincount(parts, weights=runs.lengths, minlength=len(parts)).astype(np.int64)[parts]
    middles = runs.starts + (runs.lengths - 1) // 2
    y, x = np.divmod(middles, width)
    room = _room(numbers, runs, y, x)
    order = np.lexsort((room, -parts, sizes, runs.segments))
    last = np.searchsorted(runs.segments[order], np.arange(count), side="right") - 1
    best = order[last]
    there = (last >= 0) & (runs.segments[best] == np.arange(count))
    columns = ((y[best], -1), (x[best], -1), (y[parts[best]], -1), (sizes[best], 0))
    return Spots(*(np.where(there, column, none) for column, none in columns))


def _row_runs(numbers: npt.NDArray[Any]) -> tuple[_Runs, npt.NDArray[np.bool_]]:
    """The runs of a picture, none of which crosses the end of a row, and where each begins (H, W) bool."""
    firsts = np.ones(numbers.shape, np.bool_)
    np.not_equal(numbers[:, 1:], numbers[:, :-1], out=firsts[:, 1:])
    starts, lengths = run_bounds(firsts.reshape(-1)[1:])
    return _Runs(starts, lengths, numbers.reshape(-1)[starts].astype(np.int64)), firsts


def _parts(numbers: npt.NDArray[Any], runs: _Runs, firsts: npt.NDArray[np.bool_]) -> Ints:
    """The part that each run belongs to (R,): the number of its first run."""
    meets = (firsts[1:] | firsts[:-1]) & (numbers[1:] == numbers[:-1])
    width = numbers.shape[1]
    pixels = np.flatnonzero(meets)
    above = np.searchsorted(runs.starts, pixels, side="right") - 1
    below = np.searchsorted(runs.starts, pixels + width, side="right") - 1
    return _joined(len(runs.starts), above, below)


def _joined(count: int, one: Ints, other: Ints) -> Ints:
    """The lowest of all items that each of ``count`` items is joined with, by pairs of items (P,)."""
    label = np.arange(count)
    while len(one):
        first, second = label[one], label[other]
        apart = first != second
        one, other, first, second = one[apart], other[apart], first[apart], second[apart]
        np.minimum.at(label, np.maximum(first, second), np.minimum(first, second))
        while (label[label] != label).any():
            label = label[label]
    return label


def _room(numbers: npt.NDArray[Any], runs: _Runs, y: Ints, x: Ints) -> Ints:
    """How far each point (R,) in the middle of a run is from its segment's ends, above all in the nearer direction."""
    height = numbers.shape[0]
    columns = rows_from_columns(numbers)
    firsts = np.ones(columns.shape, np.bool_)
    np.not_equal(columns[:, 1:], columns[:, :-1], out=firsts[:, 1:])
    starts, lengths = run_bounds(firsts.reshape(-1)[1:])
    points = x * height + y
    found = np.searchsorted(starts, points, side="right") - 1
    up, down = points - starts[found] + 1, starts[found] + lengths[found] - points
    across, along = np.minimum(up, down), -(-runs.lengths // (2 * _WIDE))
    room: Ints = np.minimum(across, along) * (height + 1) + across
    return room
