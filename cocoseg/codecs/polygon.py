"""Polygons to run-length masks, bit for bit as pycocotools' ``rleFrPoly`` fills them.

pycocotools walks the whole outline on a grid five times as fine. It keeps the steps from one fine column to the next in
the middle of a column of pixels: there that column changes from outside to inside, or back. The native part
(``c/polygon.c``) computes only these steps, and so does numpy, for all edges at once. Their time grows with the columns
within the picture that the edges cross. Without the native part, rings of ordinary length go to rlemasklib where it is
installed: it does the whole walk, twice as fast as numpy computes the steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.overlap import threshold
from cocoseg.codecs.ragged import Ints, as_bytes, offsets_of, owners, ranges
from cocoseg.codecs.rle import Runs, check_size, mask_type, odd_toggles
from cocoseg.errors import SampleError
from cocoseg.native import native

FARTHEST = 1e8  # coordinates up to here are exact; pycocotools' own arithmetic wraps soon after
MOST_CROSSINGS = 1 << 26  # of edges with columns, in one call: a hundred times as many as in the busiest real image
LONGEST_WALK = 1 << 21  # steps around all rings of a call; some 50 MB in C

_SCALE = 5.0
_CHUNK = 1 << 19  # crossings computed in one go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rings:
    """The outlines of n masks. A mask is the union of its rings; a ring that crosses itself is filled even-odd.

    ``points`` (P, 2) float64 are x and y, ``ring_offsets`` (r + 1,) int64 where each ring starts in them, and
    ``mask_offsets`` (n + 1,) int64 where each mask starts among the rings. Rings are closed implicitly.
    """

    points: Floats
    ring_offsets: Ints
    mask_offsets: Ints

    def __len__(self) -> int:
        return len(self.mask_offsets) - 1


def read_rings(values: list[list[list[float]]]) -> Rings | None:
    """Masks as lists of rings ``[x, y, x, y, ...]``, by the native part; None as ``_filled``, and for other things."""
    found = native and native.points(values)
    if not found:
        return None
    points, *offsets = found
    return Rings(np.frombuffer(points).reshape(-1, 2), *(np.frombuffer(part, np.int64) for part in offsets))


def fill(rings: Rings, size: tuple[int, int]) -> Runs:
    """Rings of n masks -> Runs of n masks of ``size`` (height, width).

    Raises SampleError: ``poly.nonfinite``, ``poly.short``, ``poly.range``, ``limit.points``, and what ``check_size``
    raises.

    >>> square = np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 3.5], [0.5, 3.5]])
    >>> fill(Rings(square, np.array([0, 4]), np.array([0, 1])), (5, 5)).counts
    array([6, 3, 2, 3, 2, 3, 6])
    """
    size = check_size(size)
    if (found := _filled(rings, size)) is not None:
        return found
    _check(rings)
    walk = mask_type() is not None and 0 < _steps(rings) <= LONGEST_WALK
    return _walked(rings, size) if walk else _computed(rings, size)


def _filled(rings: Rings, size: tuple[int, int]) -> Runs | None:
    """Any number of masks, by the native part; None if it is not there, or the rings are not for it."""
    offsets = map(as_bytes, (rings.ring_offsets, rings.mask_offsets))
    found = native and native.fill(as_bytes(rings.points, np.float64), *offsets, *size)
    if not found:
        return None
    counts, starts, outlines = found
    boxes = None if outlines is None else np.frombuffer(outlines, np.float64).reshape(-1, 4)
    return Runs(size, np.frombuffer(counts, np.int64), np.frombuffer(starts, np.int64), boxes)


def _steps(rings: Rings) -> float:
    """An upper bound for the steps around all rings: a ring's last edge is never longer than the others together."""
    ways = np.abs(rings.points[1:] - rings.points[:-1])
    return float(2 * _SCALE * np.maximum(ways[:, 0], ways[:, 1]).sum() + len(rings.points))


def _walked(rings: Rings, size: tuple[int, int]) -> Runs:
    """One mask or more, by rlemasklib."""
    mask = mask_type()
    points = rings.points
    parts = [mask.from_polygon(points[start:stop], size) for start, stop in pairwise(rings.ring_offsets.tolist())]
    nothing = [mask.zeros(size)]
    masks = [
        parts[start] if stop == start + 1 else mask.union(nothing + parts[start:stop])
        for start, stop in pairwise(rings.mask_offsets.tolist())
    ]
    counts = [one.counts_view for one in masks]
    offsets = offsets_of([len(one) for one in counts])
    return Runs(size, np.concatenate(counts).astype(np.int64), offsets, _outlines(rings))


def _outlines(rings: Rings) -> Floats | None:
    """Least and greatest x and y of each mask's points: (n, 4); None if a mask has none."""
    starts = rings.ring_offsets[rings.mask_offsets]
    if (starts[1:] == starts[:-1]).any():
        return None
    least, most = (bound.reduceat(rings.points, starts[:-1]) for bound in (np.minimum, np.maximum))
    return np.concatenate([least, most], axis=1)


def _computed(rings: Rings, size: tuple[int, int]) -> Runs:
    """Any number of masks, by numpy."""
    ring, positions = _toggles(rings, size)
    masks = owners(np.diff(rings.mask_offsets))[ring]
    # Within a ring, changes lead in and out in turn, and their number is even.
    signs = 1 - 2 * (np.arange(len(ring)) & 1)
    return replace(threshold(masks, positions, signs, 1, len(rings), size), outlines=_outlines(rings))


def _check(rings: Rings) -> None:
    corners = np.diff(rings.ring_offsets)
    if len(corners) and corners.min() < 3:
        raise SampleError("poly.short", f"a ring has {corners.min()} points; expected at least 3, remove or redraw it")
    if not np.isfinite(rings.points).all():
        raise SampleError("poly.nonfinite", "a ring has a point at NaN or infinity; expected finite coordinates")
    farthest = np.abs(rings.points).max(initial=0)
    if farthest > FARTHEST:
        raise SampleError("poly.range", f"a ring has a coordinate {farthest:g} from 0; expected at most {FARTHEST:g}")


def _toggles(rings: Rings, size: tuple[int, int]) -> tuple[Ints, Ints]:
    """The changes of each ring: ring (T,), position down the columns (T,), in order."""
    edges = _edges(rings, size[1])
    total = int(edges.columns.sum())
    if total > MOST_CROSSINGS:
        raise SampleError(
            "limit.points", f"the rings cross {total} columns; expected at most {MOST_CROSSINGS}, simplify them"
        )
    ring = positions = np.zeros(0, np.int64)
    for part in _parts(edges, total):
        more = _crossings(part, size)
        ring, positions = (np.concatenate(pair) for pair in zip((ring, positions), more, strict=True))
        ring, positions = odd_toggles(ring, positions, size[0] * size[1])
    return ring, positions


class _Edges(NamedTuple):
    """Edges on the fine grid that cross columns, each (E,): ``x``, ``y`` is the end from which pycocotools counts."""

    ring: Ints
    x: Floats
    y: Floats
    slope: Floats
    flat: npt.NDArray[np.bool_]  # at least as wide as high: stepped along x, else along y
    first: Ints
    columns: Ints


def _edges(rings: Rings, width: int) -> _Edges:
    corners = np.trunc(_SCALE * rings.points + 0.5)
    following = np.arange(1, len(corners) + 1)
    following[rings.ring_offsets[1:] - 1] = rings.ring_offsets[:-1]
    ends = corners[following]
    # The step from 5 x + 2 to 5 x + 3 on the fine grid is the one that counts in column x.
    left, right = np.minimum(corners[:, 0], ends[:, 0]), np.maximum(corners[:, 0], ends[:, 0])
    first = np.maximum(np.ceil((left - 2) / _SCALE), 0)
    columns = np.minimum(np.floor((right - 3) / _SCALE), width - 1) - first + 1
    kept = np.flatnonzero(columns > 0)
    corners, ends = corners[kept], ends[kept]
    run, rise = (ends - corners).T
    flat = np.abs(run) >= np.abs(rise)
    slope = np.where(flat, rise, run) / np.where(flat, run, rise)
    x, y = np.where((np.where(flat, run, rise) < 0)[:, None], ends, corners).T
    ring = owners(np.diff(rings.ring_offsets))[kept]
    return _Edges(ring, x, y, slope, flat, first[kept].astype(np.int64), columns[kept].astype(np.int64))


def _parts(edges: _Edges, total: int) -> Iterator[_Edges]:
    """Split edges into parts of bounded work."""
    if total <= _CHUNK:
        yield edges
        return
    cuts = np.searchsorted(np.cumsum(edges.columns), np.arange(0, total + _CHUNK, _CHUNK))
    for start, stop in pairwise(np.append(cuts, len(edges.ring)).tolist()):
        yield _Edges._make(part[start:stop] for part in edges)


def _crossings(edges: _Edges, size: tuple[int, int]) -> tuple[Ints, Ints]:
    """Ring and position of every crossing with a column, in any order."""
    edge, column = owners(edges.columns), ranges(edges.first, edges.columns)
    fine = np.empty(len(edge), np.int64)
    flat = edges.flat[edge]
    for chosen, rows in ((np.flatnonzero(flat), _flat_rows), (np.flatnonzero(~flat), _steep_rows)):
        which = edge[chosen]
        fine[chosen] = rows(edges.x[which], edges.y[which], edges.slope[which], np.multiply(_SCALE, column[chosen]) + 2)
    row = np.minimum(np.maximum(fine + 2, 0) // int(_SCALE), size[0])
    return edges.ring[edge], column * size[0] + row


def _flat_rows(x: Floats, y: Floats, slope: Floats, fine: Floats) -> Ints:
    """The upper of the two rows between which edges step from ``fine`` to ``fine + 1``, stepped along x: (K,)."""
    step = fine - x
    upper = np.minimum(y + slope * step + 0.5, y + slope * (step + 1) + 0.5)
    return upper.astype(np.int64)


def _steep_rows(x: Floats, y: Floats, slope: Floats, fine: Floats) -> Ints:
    """The same for edges stepped along y: the row before the one that has left ``fine``, or ``fine + 1``: (K,)."""
    rising = slope > 0
    guess = np.ceil((fine + 0.5 - x) / slope)

    def across(step: Floats) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = (x + slope * step + 0.5 >= fine + 1) == rising
        return found

    # The guess is at most one step off, because pycocotools rounds these sums.
    before = guess - across(guess - 1) - 1
    before += ~across(guess)
    rows: Ints = (y + before).astype(np.int64)
    return rows
