"""The segments of two pictures, and the pixels that each pair of them shares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions, pair_regions, runs
from cocoseg.metrics.boundary import boundary_distance, near_boundary

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELLS = 1 << 20  # pairs of segments up to which all are counted, instead of sorting those that occur


class Side(NamedTuple):
    """A picture and its n segments: row of the category, crowd or not, pixels; (n,)."""

    regions: Regions
    rows: npt.NDArray[np.intp]
    crowd: npt.NDArray[np.bool_]
    areas: Ints

    def edges(self, ratio: float) -> Side:
        """The same segments with the pixels near their boundaries alone, and one more that has all other pixels."""
        count = self.regions.count
        narrow = np.min_scalar_type(count + 1)  # narrow types are compared several times as fast
        numbers = self.regions.paint(np.arange(count, dtype=narrow), outside=count + 1)
        near = near_boundary(numbers, boundary_distance(self.regions.size, ratio))
        segments, lengths = runs(np.where(near | (numbers > count), numbers, narrow.type(count)).reshape(-1))
        regions = Regions(self.regions.size, count + 1, segments.astype(np.intp), lengths)
        return Side(regions, np.append(self.rows, -1), np.append(self.crowd, False), regions.areas[:-1])


def nothing(like: Side) -> Side:
    """A picture of the same size without segments."""
    pixels = np.array([like.regions.size[0] * like.regions.size[1]])
    regions = Regions(like.regions.size, 0, np.zeros(1, np.intp), pixels, like.regions.by_column)
    return Side(regions, np.zeros(0, np.intp), np.zeros(0, np.bool_), np.zeros(0, np.int64))


class Overlaps(NamedTuple):
    """Pairs of segments that share pixels, sorted: numbers of both, n for outside, and pixels; (k,)."""

    true: Ints
    predicted: Ints
    pixels: Ints

    def where(self, chosen: npt.NDArray[np.bool_]) -> Overlaps:
        """The pairs that are chosen (k,)."""
        return Overlaps(self.true[chosen], self.predicted[chosen], self.pixels[chosen])

    def of_one_category(self, true: Side, predicted: Side, crowd: bool) -> Overlaps:
        """The pairs whose segments are of one category, and whose truth is a crowd or not."""
        pairs = self.where((self.true < len(true.areas)) & (self.predicted < len(predicted.areas)))
        alike = true.rows[pairs.true] == predicted.rows[pairs.predicted]
        return pairs.where(alike & (true.crowd[pairs.true] == crowd))

    def ious(self, true: Side, predicted: Side, pairs: Overlaps) -> Floats:
        """The IoU of some ``pairs`` (m,), in which a prediction's pixels on void do not count: (m,)."""
        both = self._pixels_of(pairs, predicted.regions.count + 1)
        void = self._on_void(true, predicted)[pairs.predicted]
        unions = predicted.areas[pairs.predicted] + true.areas[pairs.true] - both - void
        ious: Floats = np.divide(both, unions, out=np.zeros(len(both)), where=both > 0)
        return ious

    def excused(self, true: Side, predicted: Side) -> Ints:
        """The pixels of each predicted segment on void and on crowds of its own category: (n,)."""
        crowds = self.of_one_category(true, predicted, crowd=True)
        return self._on_void(true, predicted) + crowds._sums(len(predicted.areas))

    def _on_void(self, true: Side, predicted: Side) -> Ints:
        count = len(predicted.areas)
        return self.where((self.true == len(true.areas)) & (self.predicted < count))._sums(count)

    def _sums(self, count: int) -> Ints:
        return np.bincount(self.predicted, self.pixels, count).astype(np.int64)

    def _pixels_of(self, pairs: Overlaps, side: int) -> Ints:
        codes, wanted = self.true * side + self.predicted, pairs.true * side + pairs.predicted
        rows = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        return np.where(codes[rows] == wanted, self.pixels[rows], 0)


def overlaps_of(true: Side, predicted: Side) -> Overlaps:
    """The pairs of segments of two pictures of one size that share pixels."""
    rows, columns, lengths = pair_regions(true.regions, predicted.regions)
    side = predicted.regions.count + 1
    codes, cells = rows * side + columns, side * (true.regions.count + 1)
    if cells > _CELLS:
        found, codes = np.unique(codes, return_inverse=True)
        pixels = np.bincount(codes, lengths).astype(np.int64)
    else:
        counts = np.bincount(codes, lengths, cells).astype(np.int64)
        found = np.flatnonzero(counts)
        pixels = counts[found]
    return Overlaps(found // side, found % side, pixels)
