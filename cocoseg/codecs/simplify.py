"""Polygons with fewer corners, by the algorithm of Douglas and Peucker.

Of the corners between two that stay, the one farthest from the line between them stays too if it is farther away than
the tolerance. The same is done on either side of it. Here all lines of all rings take each step at once.

Source: D. Douglas, T. Peucker, "Algorithms for the reduction of the number of points required to represent a digitized
line or its caricature", 1973.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.polygon import Floats, Rings, fill
from cocoseg.codecs.ragged import Ints, offsets_of, owners
from cocoseg.codecs.rle import area
from cocoseg.errors import UsageError

_TINY = np.finfo(np.float64).tiny  # the divisor for a line that is a point

Plane = npt.NDArray[np.complex128]  # x + iy
Flags = npt.NDArray[np.bool_]


def simplify(rings: Rings, tolerance: float) -> Rings:
    """Rings of n masks -> Rings of n masks with fewer corners, at most ``tolerance`` pixels from those left out.

    Corners through which a ring goes twice stay, so that bridges to holes keep zero width. A ring that would have fewer
    than three corners, or no pixel, stays as it is, so that no part of a mask is lost. ``contour.agreement`` measures
    the loss. Raises UsageError ``simplify.tolerance``.

    >>> corners = np.array([[0, 0], [4, 0], [8, 1], [8, 8], [0, 8.0]])
    >>> simplify(Rings(corners, np.array([0, 5]), np.array([0, 1])), 1).points.tolist()
    [[0.0, 0.0], [8.0, 1.0], [8.0, 8.0], [0.0, 8.0]]
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise UsageError("simplify.tolerance", f"the tolerance is {tolerance}; expected a number of pixels, 0 or more")
    if not len(rings.points):
        return rings
    starts, lengths = rings.ring_offsets[:-1], np.diff(rings.ring_offsets)
    # Each ring is a line that ends where it begins.
    points = np.ascontiguousarray(rings.points).view(np.complex128).reshape(-1)
    lines = np.insert(points, rings.ring_offsets[1:], points[starts])
    ends = np.cumsum(lengths + 1) - 1
    stay = np.insert(_pinned(rings), rings.ring_offsets[1:], True)
    _settle(lines, stay, tolerance)
    stay = np.delete(stay, ends)
    stay |= np.repeat(np.add.reduceat(stay, starts, dtype=np.int64) < 3, lengths)
    stay |= np.repeat(_vanished(_kept(rings, stay)), lengths)
    return _kept(rings, stay)


def _kept(rings: Rings, stay: Flags) -> Rings:
    """The rings with only the corners that stay (P,)."""
    left = offsets_of(stay)
    return Rings(rings.points[stay], left[rings.ring_offsets], rings.mask_offsets)


def _vanished(rings: Rings) -> Flags:
    """Whether a ring contains no pixel: (r,) bool."""
    width, height = np.ceil(rings.points.max(axis=0)).astype(np.int64).tolist()
    alone = Rings(rings.points, rings.ring_offsets, np.arange(len(rings.ring_offsets)))
    pixels = area(fill(alone, (max(height, 1), max(width, 1))))
    return np.equal(pixels, 0)


def _pinned(rings: Rings) -> Flags:
    """The first corner of each ring, the one farthest from it, and all that occur twice in a ring: (P,) bool."""
    starts, lengths = rings.ring_offsets[:-1], np.diff(rings.ring_offsets)
    ring = owners(lengths)
    order = np.lexsort((*rings.points.T, ring))
    corners, ranked = rings.points[order], ring[order]
    same = (corners[1:] == corners[:-1]).all(axis=1) & (ranked[1:] == ranked[:-1])
    pinned = np.zeros(len(ring), np.bool_)
    pinned[order[1:][same]] = pinned[order[:-1][same]] = True
    away = ((rings.points - rings.points[starts][ring]) ** 2).sum(axis=1)
    pinned[starts] = pinned[_first_highest(away, starts)] = True
    return pinned


def _settle(points: Plane, stay: Flags, tolerance: float) -> None:
    """Set ``stay`` (K,) for all points (K,) that are needed between those that stay."""
    open_ = np.flatnonzero(~stay)
    while len(open_):
        bounds = np.flatnonzero(stay)
        line = np.searchsorted(bounds, open_)
        away = _squared_distances(points[open_], points[bounds[line - 1]], points[bounds[line]])
        begins = np.flatnonzero(np.diff(line, prepend=-1))
        farthest = _first_highest(away, begins)
        far = away[farthest] > tolerance * tolerance  # ** would raise an error where the product is infinite
        stay[open_[farthest[far]]] = True
        unsettled = np.repeat(far, np.diff(begins, append=len(line)))
        unsettled[farthest] = False
        open_ = open_[unsettled]


def _squared_distances(points: Plane, starts: Plane, ends: Plane) -> Floats:
    """From each point (K,) to the line between its two ends: (K,). Ties of integer points are exact."""
    way, from_start = ends - starts, points - starts
    length, turned = _squares(way), way.conj() * from_start
    beside = turned.imag**2 / np.maximum(length, _TINY)
    before, behind = turned.real <= 0, turned.real >= length
    return np.where(before, _squares(from_start), np.where(behind, _squares(points - ends), beside))


def _squares(ways: Plane) -> Floats:
    return ways.real**2 + ways.imag**2


def _first_highest(values: Floats, starts: Ints) -> Ints:
    """The first index of the highest value in each group: values (K,), starts of the groups (g,) -> (g,)."""
    highest = np.maximum.reduceat(values, starts)
    indices = np.flatnonzero(values == np.repeat(highest, np.diff(starts, append=len(values))))
    first: Ints = indices[np.searchsorted(indices, starts)]
    return first
