"""A picture of segments as runs along its rows, or down its columns.

A label picture of 640×480 has about 5,000 runs, so that work per pixel becomes work per run. A class map takes one
``np.repeat``, the areas of all segments one ``np.bincount``, and neither needs the (H, W) ids.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.ragged import as_bytes, as_indices
from cocoseg.native import native

T = TypeVar("T", bound=np.generic)
S = TypeVar("S", bound=np.generic)

_STRIP = 128


@dataclass(frozen=True, eq=False)
class Regions:
    """Which segment covers each pixel: runs in row-major order, or column-major with ``by_column``.

    ``size`` is (height, width), ``count`` the number n of segments, ``segments`` (R,) intp the segment of each run
    (n where there is none), ``lengths`` (R,) intp its pixels. Runs that follow one another may have the same segment.
    ``void`` (R,) bool are runs outside all segments that the picture marks as void, so that they are never background.
    """

    size: tuple[int, int]
    count: int
    segments: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    by_column: bool = False
    void: npt.NDArray[np.bool_] | None = None

    @cached_property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n + 1,) int64: pixels of each segment, and those outside all segments."""
        areas = np.bincount(self.segments, weights=self.lengths, minlength=self.count + 1)
        return areas.astype(np.int64)

    @cached_property
    def boxes(self) -> npt.NDArray[np.int64]:
        """(n, 4) int64: the box of each segment, COCO's xywh; zeros where it has no pixel."""
        boxes = np.zeros((self.count, 4), np.int64)
        drawn = np.flatnonzero((self.segments < self.count) & (self.lengths > 0))
        if not len(drawn):
            return boxes
        drawn = drawn[np.argsort(self.segments[drawn], kind="stable")]
        segments, stops = self.segments[drawn], np.cumsum(self.lengths)[drawn]
        firsts = np.flatnonzero(np.diff(segments, prepend=-1))
        found = line_boxes(stops - self.lengths[drawn], stops - 1, self.size[not self.by_column], firsts)
        boxes[segments[firsts]] = found if self.by_column else found[:, [1, 0, 3, 2]]
        return boxes

    def take(self, kept: npt.NDArray[np.intp]) -> Regions:
        """The segments of these indices alone; the pixels of others are marked as void.

        >>> regions, _ = find_regions(np.array([[7, 7, 0, 9]]), np.array([7, 9]))
        >>> regions.take(np.array([1])).values(np.array([9]), outside=0, void=255)
        array([255,   0,   9])
        """
        table = np.full(self.count + 1, len(kept), np.intp)
        table[kept] = np.arange(len(kept))
        segments = table[self.segments]
        void = (segments == len(kept)) & (self.segments < self.count)
        return replace(self, count=len(kept), segments=segments, void=void if self.void is None else void | self.void)

    def paint(self, values: npt.NDArray[T], outside: int) -> npt.NDArray[T]:
        """A value per segment (n,), and one for pixels outside all segments -> (H, W) picture of the values' dtype.

        >>> regions, _ = find_regions(np.array([[7, 7, 0], [9, 9, 9]]), np.array([7, 9]))
        >>> regions.paint(np.array([1, 2], np.uint8), outside=255)
        array([[  1,   1, 255],
               [  2,   2,   2]], dtype=uint8)
        """
        return self.fill(self.values(values, outside))

    def planes(self, numbers: npt.NDArray[np.unsignedinteger[Any]], count: int) -> npt.NDArray[np.bool_]:
        """The number of each segment's mask (n,), or ``count`` for none -> masks (count, H, W).

        >>> regions, _ = find_regions(np.array([[7, 7, 0], [9, 9, 9]]), np.array([7, 9]))
        >>> regions.planes(np.array([1, 0], np.uint8), 2).astype(int).tolist()
        [[[0, 0, 0], [1, 1, 1]], [[1, 1, 0], [0, 0, 0]]]
        """
        check_pixels(self.size)
        if native is None or self.by_column:
            planes: npt.NDArray[np.bool_] = (
                self.paint(numbers, count) == np.arange(count, dtype=numbers.dtype)[:, None, None]
            )
            return planes
        of_runs = np.append(numbers.astype(np.int64), count)[self.segments]
        pixels = self.size[0] * self.size[1]
        masks = np.empty((count, *self.size), np.bool_)
        native.planes(as_bytes(of_runs), as_bytes(self.lengths), count, pixels, masks)
        return masks

    def values(self, values: npt.NDArray[T], outside: int, void: int | None = None) -> npt.NDArray[T]:
        """A value per segment (n,), one for runs outside, and one for those marked as void -> a value per run (R,).

        >>> regions = Regions((1, 3), 1, np.array([0, 1, 1]), np.array([1, 1, 1]), void=np.array([False, False, True]))
        >>> regions.values(np.array([7]), outside=0, void=255)
        array([  7,   0, 255])
        """
        found: npt.NDArray[T] = np.append(values, values.dtype.type(outside))[self.segments]
        if void is not None and void != outside and self.void is not None:
            found[self.void] = void
        return found

    def fill(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """A value per run (R,) -> (H, W) picture. Raises SampleError ``limit.pixels``."""
        check_pixels(self.size)
        pixels = np.repeat(values, self.lengths)
        return rows_from_columns(pixels.reshape(self.size[::-1])) if self.by_column else pixels.reshape(self.size)


def find_regions(ids: npt.NDArray[T], listed: npt.NDArray[T], void: int = 0) -> tuple[Regions, npt.NDArray[T]]:
    """Picture of ids (H, W) and the ids (n,) of its segments -> regions, and the ids found that are not listed.

    The ids in ``listed`` are unique and above ``void``. Pixels with ``void`` or an id that is not listed belong to no
    segment.
    """
    return regions_of((ids.shape[0], ids.shape[1]), *runs(ids.reshape(-1)), listed, void)


def regions_of(
    size: tuple[int, int],
    values: npt.NDArray[T],
    lengths: npt.NDArray[np.intp],
    listed: npt.NDArray[T],
    void: int = 0,
    numbers: npt.NDArray[np.intp] | None = None,
) -> tuple[Regions, npt.NDArray[T]]:
    """As ``find_regions``, of a picture that is given as the runs of its rows: ``values`` (R,), ``lengths`` (R,).

    With ``numbers`` (R,), these are the places of the runs' values among all ``values``.

    >>> regions, strangers = regions_of((1, 3), np.array([7, 0]), np.array([2, 1]), np.array([7]))
    >>> regions.areas, strangers
    (array([2, 1]), array([], dtype=int64))
    """
    segments, strange = _segments_of(values, listed, void)
    strangers = np.unique(values[strange]) if strange.any() else values[:0]
    return Regions(size, len(listed), segments if numbers is None else segments[numbers], lengths), strangers


def _segments_of(
    values: npt.NDArray[T], listed: npt.NDArray[T], void: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The segment of each value (V,), and which values are neither listed nor void (V,)."""
    count = len(listed)
    order = np.argsort(listed)
    table = np.concatenate([np.array([void], values.dtype), listed[order]])
    row = np.searchsorted(table, values)
    strange = table.take(row, mode="clip") != values
    segments = np.concatenate([[count], order, [count]])[row]
    segments[strange] = count
    return segments, strange


def runs(flat: npt.NDArray[T]) -> tuple[npt.NDArray[T], npt.NDArray[np.intp]]:
    """Values (N,), N > 0 -> value and length of each run of equal values, (R,) and (R,).

    >>> runs(np.array([5, 5, 0, 7]))
    (array([5, 0, 7]), array([2, 1, 1]))
    """
    starts, lengths = run_bounds(flat[1:] != flat[:-1])
    return flat[starts], lengths


def pair_runs(
    first: npt.NDArray[T], second: npt.NDArray[S]
) -> tuple[npt.NDArray[T], npt.NDArray[S], npt.NDArray[np.intp]]:
    """Two rows of values (N,), (N,), N > 0 -> both values and length of each run in which neither changes.

    >>> pair_runs(np.array([5, 5, 0]), np.array([1, 2, 2]))
    (array([5, 5, 0]), array([1, 2, 2]), array([1, 1, 1]))
    """
    starts, lengths = run_bounds((first[1:] != first[:-1]) | (second[1:] != second[:-1]))
    return first[starts], second[starts], lengths


def pair_regions(
    first: Regions, second: Regions
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Two pictures of one size -> both segments and length of each run in which neither changes. Lengths may be 0.

    >>> halves = np.array([0, 1]), np.array([2, 2])
    >>> rows, columns = Regions((2, 2), 1, *halves), Regions((2, 2), 1, *halves, by_column=True)
    >>> pair_regions(rows, columns)
    (array([0, 0, 1, 1]), array([0, 1, 0, 1]), array([1, 1, 1, 1]))
    """
    one, two, lengths = pair_stretches(first, second)
    return first.segments[one], second.segments[two], lengths


def pair_stretches(
    first: Regions, second: Regions
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Two pictures of one size -> the run of each, and length, of each stretch in one run of both. Lengths may be 0.

    >>> whole, halves = (Regions((1, 4), 1, np.zeros(len(r), int), np.array(r)) for r in ([4], [2, 2]))
    >>> pair_stretches(whole, halves)[:2]
    (array([0, 0, 0]), array([0, 1, 1]))
    """
    if first.by_column != second.by_column:
        numbers = [side.fill(np.arange(len(side.lengths))).reshape(-1) for side in (first, second)]
        return pair_runs(*numbers)
    if native is not None and len(first.lengths) and len(second.lengths):
        found = native.pairs(as_bytes(first.lengths), as_bytes(second.lengths))
        ones, others, common = map(as_indices, found)
        return ones, others, common
    stops = np.concatenate([np.cumsum(first.lengths), np.cumsum(second.lengths)])
    order = np.argsort(stops, kind="stable")
    is_first = order < len(first.lengths)
    before: npt.NDArray[np.intp] = np.cumsum(is_first) - is_first
    ends = stops[order]
    one = np.minimum(before, len(first.lengths) - 1)
    two = np.minimum(np.arange(len(ends)) - before, len(second.lengths) - 1)
    return one, two, np.diff(ends, prepend=0)


def run_bounds(changes: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Whether each value from the second on differs from the one before (N - 1,) -> starts and lengths of runs."""
    indices = np.flatnonzero(changes)
    bounds = np.empty(len(indices) + 2, np.intp)
    bounds[0], bounds[-1] = 0, len(changes) + 1
    np.add(indices, 1, out=bounds[1:-1])
    return bounds[:-1], bounds[1:] - bounds[:-1]


def line_boxes(
    starts: npt.NDArray[np.integer], lasts: npt.NDArray[np.integer], line: int, firsts: npt.NDArray[np.integer]
) -> npt.NDArray[np.int64]:
    """The boxes of groups of runs: (g, 4) int64, first line, first pixel along it, number of lines and of pixels.

    ``starts`` and ``lasts`` (R,) are the pixels at both ends of each run, counted along lines of ``line`` pixels,
    rising in each group; ``firsts`` (g,) are the first runs of the groups.
    """
    # Dividing by one number is vectorised in numpy, the remainder is not.
    upper, lower = starts // line, lasts // line
    least, most = starts - upper * line, lasts - lower * line
    over = upper < lower
    least[over], most[over] = 0, line - 1
    first, start = upper[firsts], np.minimum.reduceat(least, firsts)
    ends = np.append(firsts[1:], len(starts)) - 1
    return np.stack([first, start, lower[ends] - first + 1, np.maximum.reduceat(most, firsts) - start + 1], axis=1)


def rows_from_columns(pictures: npt.NDArray[T]) -> npt.NDArray[T]:
    """Swap the last two axes in memory: (..., W, H) -> (..., H, W) in C order.

    >>> rows_from_columns(np.array([[1, 2, 3], [4, 5, 6]]))
    array([[1, 4],
           [2, 5],
           [3, 6]])
    """
    swapped = pictures.swapaxes(-1, -2)
    rows = np.empty(swapped.shape, pictures.dtype)
    # Strips stay in the cache; copying everything at once takes twice as long.
    for start in range(0, swapped.shape[-1], _STRIP):
        strip = np.s_[..., start : start + _STRIP]
        rows[strip] = swapped[strip]
    return rows
