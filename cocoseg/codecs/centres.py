"""Masks to polygons through the centres of pixels, for tools that fill with OpenCV.

OpenCV's ``fillPoly`` draws the edges of a polygon, and what an odd number of edges surrounds. So a ring gives exactly
its part of a mask if all pixels on its edges belong to the mask, and of the others it surrounds those of the part.

Here a ring follows the outline of ``contour``, with each side of a pixel moved to the centre of the pixel at its right,
which is in the mask. Edges are level, upright or diagonal, so that they meet no other pixels. A hole is joined by a
bridge down a column of the mask. A part one pixel wide is a line there and back::

    1───a───2        1 a b c d e b a 2 3 4
    │   b   │
    │ c   e │
    │   d   │
    4───────3
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.contour import Edges, Walks, shares, walked
from cocoseg.codecs.polygon import Floats, Rings
from cocoseg.codecs.ragged import Ints, offsets_of, owners, ranges
from cocoseg.codecs.rle import Runs, concatenate, encode

Flags = npt.NDArray[np.bool_]


def outline(masks: Runs) -> Rings:
    """Runs of n masks -> Rings of n masks with integer points, the pixels at (x, y); ``fill`` turns them back.

    A ring has three points at least, of which some are equal where a part is a line or a single pixel.

    >>> outline(encode(np.array([[[1, 1, 0], [0, 1, 0]]]))).points.astype(int).tolist()
    [[0, 0], [1, 0], [1, 1]]
    """
    edges, walks = walked(masks)
    points, counts = _pixels(edges, walks)
    points, counts = _kept(points, counts, _differs(points, counts))
    points, counts = _kept(points, counts, _turns(points, counts))
    points, counts = _three_at_least(points, counts)
    rings = np.bincount(edges.mask[walks.first], minlength=len(masks))
    return Rings(points.astype(np.float64), offsets_of(counts), offsets_of(rings))


def fill(rings: Rings, size: tuple[int, int]) -> Runs:
    """Rings of n masks, whose edges are level, upright or diagonal -> Runs of n masks, as OpenCV fills them.

    >>> triangle = Rings(np.array([[1, 0], [3, 2], [1, 2.0]]), np.array([0, 3]), np.array([0, 1]))
    >>> from cocoseg.codecs.rle import decode
    >>> decode(fill(triangle, (3, 4)))[0].astype(int)
    array([[0, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 1]])
    """
    masks = [encode(_filled(rings, number, size)[None]) for number in range(len(rings))]
    return concatenate(masks) if masks else encode(np.zeros((0, *size), np.bool_))


def agreement(rings: Rings, masks: Runs) -> Floats:
    """Intersection over union of n masks' rings, as OpenCV fills them, and the masks: (n,) float64.

    >>> masks = encode(np.array([[[1, 1, 0], [0, 1, 0]]]))
    >>> agreement(outline(masks), masks)
    array([1.])
    """
    return shares(fill(rings, masks.size), masks)


def _pixels(edges: Edges, walks: Walks) -> tuple[Ints, Ints]:
    """The pixels at which the sides along each walk start and end, (P, 2), and how many each walk has."""
    order = walks.order
    start, end, y, hole = edges.start, edges.end, edges.y, edges.hole
    right, below = start < end, edges.y[edges.following]
    beside = np.where(hole >= 0, hole, y)
    down = below > beside
    columns = (
        np.where(right, start, start - 1), np.where(right, end - 1, end), end, end, end - down, end - down,
    )  # fmt: skip
    level = np.where(right, y, y - 1)
    rows = (level, level, y, hole - 1, np.where(down, beside, beside - 1), np.where(down, below - 1, below))
    there = np.stack([start != end, start != end, hole >= 0, hole >= 0, below != beside, below != beside], axis=1)[
        order
    ]
    points = np.stack([np.stack(columns, axis=1), np.stack(rows, axis=1)], axis=2)[order]
    return points[there], np.add.reduceat(there.sum(axis=1), walks.offsets[:-1]) if len(order) else walks.first


def _kept(points: Ints, counts: Ints, keep: Flags) -> tuple[Ints, Ints]:
    return points[keep], np.bincount(owners(counts)[keep], minlength=len(counts))


def _neighbours(counts: Ints) -> tuple[Ints, Ints]:
    """The points before and after each one in its ring: (P,) each."""
    number = np.arange(int(counts.sum()))
    starts = offsets_of(counts)[:-1]
    before, after = number - 1, number + 1
    before[starts], after[starts + counts - 1] = starts + counts - 1, starts
    return before, after


def _differs(points: Ints, counts: Ints) -> Flags:
    """Whether a point differs from the one after it; of a ring at one pixel the first stays."""
    _, after = _neighbours(counts)
    differs: Flags = (points != points[after]).any(axis=1)
    alone = np.bincount(owners(counts)[differs], minlength=len(counts)) == 0
    differs[offsets_of(counts)[:-1][alone]] = True
    return differs


def _turns(points: Ints, counts: Ints) -> Flags:
    """Whether a ring turns at a point; rings of one or two points stay."""
    before, after = _neighbours(counts)
    turns: Flags = (np.sign(points - points[before]) != np.sign(points[after] - points)).any(axis=1)
    return turns | (counts < 3)[owners(counts)]


def _three_at_least(points: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Rings of one or two points with their first point again, as readers expect three."""
    lacking = np.maximum(3 - counts, 0)
    ends, starts = np.cumsum(counts), offsets_of(counts)[:-1]
    return np.insert(points, np.repeat(ends, lacking), points[np.repeat(starts, lacking)], axis=0), counts + lacking


def _filled(rings: Rings, number: int, size: tuple[int, int]) -> Flags:
    """The mask of this number."""
    mask = np.zeros(size, np.bool_)
    offsets = rings.ring_offsets[rings.mask_offsets[number] : rings.mask_offsets[number + 1] + 1]
    if len(offsets) > 1:
        points = rings.points[offsets[0] : offsets[-1]].astype(np.int64)
        (x, y), (right, bottom) = points.min(axis=0), points.max(axis=0) + 1
        mask[y:bottom, x:right] = _box_filled(points - (x, y), offsets, (bottom - y, right - x))
    return mask


def _box_filled(starts: Ints, offsets: Ints, size: tuple[int, int]) -> Flags:
    """The pixels on the edges of rings, and those with an odd number of edges at their left."""
    way = starts[_neighbours(np.diff(offsets))[1]] - starts
    steps = np.maximum(np.abs(way).max(axis=1), 1)
    unit = np.sign(way)[owners(steps)]
    on_edges = np.repeat(starts, steps, axis=0) + unit * ranges(np.zeros_like(steps), steps)[:, None]
    # Each step between two rows counts in the upper one.
    x, y = (on_edges + unit * (unit[:, 1:] < 0))[unit[:, 1] != 0].T
    crossed = np.bincount(y * size[1] + x, minlength=size[0] * size[1])
    mask: Flags = np.logical_xor.accumulate((crossed % 2 == 1).reshape(size), axis=1)
    mask[on_edges[:, 1], on_edges[:, 0]] = True
    return mask
