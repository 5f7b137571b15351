"""Masks to polygons that give exactly the same masks when they are filled.

All points are corners of pixels, so that edges are horizontal or vertical. pycocotools' filling counts only the
horizontal ones: each inverts the columns below it, without rounding. So a ring reproduces a mask exactly if it passes
each horizontal pixel side that bounds the mask an odd number of times, and every other one an even number of times.

Each part of a mask gets one ring; pixels that touch only at a corner belong to two parts. The rings of a mask are
united, so a hole cannot be a separate ring. A bridge joins it to the outline above: an edge down and the same edge up::

    1───a───────2
    │   ┊       │
    │   b───e   │    1  a b c d e b a  2 3 4
    │   c───d   │
    4───────────3
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.overlap import intersection
from cocoseg.codecs.polygon import Floats, Rings, fill
from cocoseg.codecs.ragged import Ints, offsets_of, owners, ranges
from cocoseg.codecs.rle import Runs, area
from cocoseg.errors import SampleError

Flags = npt.NDArray[np.bool_]


def outline(masks: Runs) -> Rings:
    """Runs of n masks -> Rings of n masks with integer points; ``fill`` turns them back into ``masks``.

    A ring starts in the upper left corner of its part and runs clockwise, and counter-clockwise around holes. An empty
    mask has no rings.

    >>> from cocoseg.codecs.rle import encode
    >>> outline(encode(np.array([[[1, 1, 0], [0, 1, 0]]]))).points.astype(int).tolist()
    [[0, 0], [2, 0], [2, 2], [1, 2], [1, 1], [0, 1]]
    """
    edges, walks = walked(masks)
    return _rings(edges, walks, len(masks))


def walked(masks: Runs) -> tuple[Edges, Walks]:
    """The edges around all parts of n masks, and the walks along them: one for each part, its holes joined to it."""
    columns = _columns(masks)
    edges = _edges(columns, masks.size)
    walks = _walks(edges.following)
    holes = walks.first[~edges.top[walks.first]]
    if len(holes):
        edges = _bridged(edges, holes, columns, masks.size)
        walks = _walks(edges.following)
    return edges, walks


def outline_and_holes(masks: Runs) -> tuple[Rings, int]:
    """The ``outline`` of n masks, and the number of the holes in them.

    >>> from cocoseg.codecs.rle import encode
    >>> outline_and_holes(encode(np.array([[[1, 1, 1], [1, 0, 1], [1, 1, 1]]])))[1]
    1
    """
    edges, walks = walked(masks)
    return _rings(edges, walks, len(masks)), int(np.count_nonzero(edges.hole >= 0))


def check(rings: Rings, masks: Runs) -> None:
    """Fill n masks' rings and compare them with the masks, pixel by pixel.

    Raises SampleError: ``poly.inexact`` for the first mask that differs, and what ``fill`` raises.

    >>> from cocoseg.codecs.rle import encode
    >>> masks = encode(np.array([[[1, 1, 0], [0, 1, 0]]]))
    >>> check(outline(masks), masks)
    """
    filled = fill(rings, masks.size)
    if np.array_equal(filled.offsets, masks.offsets) and np.array_equal(filled.counts, masks.counts):
        return
    number = int(np.flatnonzero(agreement(rings, masks) < 1)[0])
    raise SampleError("poly.inexact", f"the rings of mask {number} are not its outline; make them again")


def agreement(rings: Rings, masks: Runs) -> Floats:
    """Intersection over union of n masks' filled rings and the masks: (n,) float64, 1 where both are empty.

    Raises SampleError: ``list.length``, and what ``fill`` raises.

    >>> from cocoseg.codecs.rle import encode
    >>> agreement(outline(encode(np.array([[[1, 1, 0]]]))), encode(np.array([[[1, 1, 1]]])))
    array([0.66666667])
    """
    return shares(fill(rings, masks.size), masks)


def shares(some: Runs, others: Runs) -> Floats:
    """Intersection over union of n masks and n others: (n,) float64, 1 where both are empty."""
    common = area(intersection(some, others))
    either = area(some) + area(others) - common
    found: Floats = np.divide(common, either, out=np.ones(len(some)), where=either > 0)
    return found


def to_polygons(rings: Rings) -> list[list[list[float]]]:
    """Rings of n masks -> n lists of ``[x, y, x, y, ...]`` as COCO has them; whole numbers are ints.

    >>> from cocoseg.codecs.rle import encode
    >>> to_polygons(outline(encode(np.array([[[1, 1, 0], [0, 0, 0]]]))))
    [[[0, 0, 2, 0, 2, 1, 0, 1]]]
    """
    points = rings.points.reshape(-1)
    whole = points.astype(np.int64)
    numbers = (whole if np.array_equal(whole, points) else points).tolist()
    bounds = (2 * rings.ring_offsets).tolist()
    flat = [numbers[start:stop] for start, stop in pairwise(bounds)]
    return [flat[start:stop] for start, stop in pairwise(rings.mask_offsets.tolist())]


class _Columns(NamedTuple):
    """The foreground of each column, each (S,), in order of mask, column and row."""

    mask: Ints
    column: Ints
    top: Ints
    bottom: Ints


class Edges(NamedTuple):
    """Horizontal edges (E,) with the mask on their right; a vertical edge leads from each to the one ``following``."""

    mask: Ints
    y: Ints
    start: Ints
    end: Ints
    hole: Ints  # first row of the hole that is joined to the edge's end, or -1
    following: Ints

    @property
    def top(self) -> Flags:
        """(E,) bool: whether the mask is below the edge."""
        return self.start < self.end


class Walks(NamedTuple):
    """Closed walks: all edges (E,) walk by walk, the offset of each walk (w + 1,), and its first edge (w,)."""

    order: Ints
    offsets: Ints
    first: Ints


def _columns(masks: Runs) -> _Columns:
    height = masks.size[0]
    runs = masks.drawn
    starts, stops = masks.stops[runs - 1], masks.stops[runs]
    first = starts // height
    each = (stops - 1) // height - first + 1
    run, column = owners(each), ranges(first, each)
    above = column * height
    top, bottom = np.maximum(starts[run] - above, 0), np.minimum(stops[run] - above, height)
    return _Columns(masks.masks[runs][run], column, top, bottom)


def _edges(columns: _Columns, size: tuple[int, int]) -> Edges:
    """Tops and bottoms of columns, joined where they continue in the next column, in order of mask, row and column."""
    keys = np.concatenate(
        [
            _row_keys(columns.mask, columns.top, columns.column, size) + 1,
            _row_keys(columns.mask, columns.bottom, columns.column, size),
        ]
    )
    keys.sort()
    begins = np.flatnonzero(np.diff(keys, prepend=-3) != 2)
    lengths = np.diff(begins, append=len(keys))
    keys = keys[begins]
    rows = (keys >> 1) // (size[1] + 1)
    mask = rows // (size[0] + 1)
    left = (keys >> 1) - rows * (size[1] + 1)
    top = (keys & 1).astype(np.bool_)
    start, end = np.where(top, left, left + lengths), np.where(top, left + lengths, left)
    edges = Edges(mask, rows - mask * (size[0] + 1), start, end, np.full(len(keys), -1), left)
    return edges._replace(following=_following(edges, size))


def _row_keys(mask: Ints, y: Ints, x: Ints, size: tuple[int, int]) -> Ints:
    keys: Ints = ((mask * (size[0] + 1) + y) * (size[1] + 1) + x) * 2
    return keys


def _following(edges: Edges, size: tuple[int, int]) -> Ints:
    """Vertical edges: down each line between columns they join the ends of horizontal edges in pairs."""
    mask, y, top = (np.tile(part, 2) for part in (edges.mask, edges.y, edges.top))
    x = np.concatenate([edges.start, edges.end])
    # Where pixels touch at a corner, four edges meet. The bottom comes first, so that the pixels stay separate.
    order = np.argsort(((mask * (size[1] + 1) + x) * (size[0] + 1) + y) * 2 + top)
    one, two = order[::2], order[1::2]
    following = np.empty(len(edges.y), np.int64)
    following[np.maximum(one, two) - len(edges.y)] = np.minimum(one, two)
    return following


def _walks(following: Ints) -> Walks:
    """A permutation (E,) -> its cycles, each starting at its lowest number, in order of that number."""
    count = len(following)
    # One number holds the lowest within 1, 2, 4, ... steps, and how many steps away it is.
    found, ahead, steps = np.arange(count) * (count + 1), following, 1
    while True:
        further = np.minimum(found, found[ahead] + steps)
        if np.array_equal(further, found):
            break
        found, ahead, steps = further, ahead[ahead], 2 * steps
    lowest = found // (count + 1)
    left = found - lowest * (count + 1)
    lengths = np.bincount(lowest, minlength=count)
    starts = offsets_of(lengths)[:-1][lowest]
    order = np.empty(count, np.int64)
    order[starts + np.where(left == 0, 0, lengths[lowest] - left)] = np.arange(count)
    first = np.flatnonzero(lengths)
    return Walks(order, offsets_of(lengths[first]), first)


def _bridged(edges: Edges, holes: Ints, columns: _Columns, size: tuple[int, int]) -> Edges:
    """Edges around outlines and holes, with the first edge (h,) of each hole -> edges around whole parts.

    The edge above a hole's upper left corner is cut there. The part right of the cut, a new edge, follows the hole.
    """
    mask, x = edges.mask[holes], edges.end[holes]
    y = _tops_above(mask, x, edges.y[holes], columns, size)
    keys = _row_keys(mask, y, x, size)
    order = np.argsort(keys)
    holes, mask, x, y, keys = holes[order], mask[order], x[order], y[order], keys[order]
    left = np.minimum(edges.start, edges.end)
    parents = np.searchsorted(_row_keys(edges.mask, edges.y, left, size), keys, "right") - 1
    new = np.arange(len(holes)) + len(edges.y)
    again = parents[1:] == parents[:-1]
    before = np.where(np.append(False, again), new - 1, parents)
    following, end, hole = (np.append(part, part[parents]) for part in (edges.following, edges.end, edges.hole))
    following[before], following[holes] = edges.following[holes], new
    end[before] = x
    hole[before] = edges.y[holes]
    return Edges(np.append(edges.mask, mask), np.append(edges.y, y), np.append(edges.start, x), end, hole, following)


def _tops_above(mask: Ints, x: Ints, y: Ints, columns: _Columns, size: tuple[int, int]) -> Ints:
    """The first row of the foreground that ends at row ``y`` of column ``x``: (h,)."""
    ends = (columns.mask * size[1] + columns.column) * (size[0] + 1) + columns.bottom
    tops: Ints = columns.top[np.searchsorted(ends, (mask * size[1] + x) * (size[0] + 1) + y)]
    return tops


def _rings(edges: Edges, walks: Walks, count: int) -> Rings:
    order = walks.order
    x = np.stack([edges.start, edges.end, edges.end], axis=1)[order]
    y = np.stack([edges.y, edges.y, edges.hole], axis=1)[order]
    kept = y >= 0
    kept[:, 0] = x[:, 0] != x[:, 1]
    points = np.stack([x[kept], y[kept]], axis=1).astype(np.float64)
    ring_offsets = offsets_of(kept.sum(axis=1))[walks.offsets]
    return Rings(points, ring_offsets, offsets_of(np.bincount(edges.mask[walks.first], minlength=count)))
