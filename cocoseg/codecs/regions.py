"""A picture of segments, kept as runs along its rows.

A label picture of 640×480 has some 5,000 runs, so that everything per pixel becomes something per run: a class map
is one ``np.repeat``, the areas of all segments one ``np.bincount``, and neither needs the (H, W) ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)

BAND = 1 << 22  # pixels turned into runs at a time: bounds the memory for a picture of any size


@dataclass(frozen=True, eq=False)
class Regions:
    """Which segment covers each pixel: runs in row-major order.

    ``size`` is (height, width), ``count`` the number n of segments, ``segments`` (R,) intp the segment of each run
    (n where there is none), ``lengths`` (R,) intp its pixels. A run may go on in the next one.
    """

    size: tuple[int, int]
    count: int
    segments: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]

    @cached_property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n + 1,) int64: pixels of each segment, and of none."""
        areas = np.bincount(self.segments, weights=self.lengths, minlength=self.count + 1)
        return areas.astype(np.int64)

    def paint(self, values: npt.NDArray[T], outside: int) -> npt.NDArray[T]:
        """A value per segment (n,), and one for pixels of none -> (H, W) picture of the values' dtype.

        >>> regions, _ = find_regions(np.array([[7, 7, 0], [9, 9, 9]]), np.array([7, 9]))
        >>> regions.paint(np.array([1, 2], np.uint8), outside=255)
        array([[  1,   1, 255],
               [  2,   2,   2]], dtype=uint8)
        """
        table = np.append(values, values.dtype.type(outside))
        return np.repeat(table[self.segments], self.lengths).reshape(self.size)


def find_regions(
    ids: npt.NDArray[np.integer], listed: npt.NDArray[np.integer], void: int = 0
) -> tuple[Regions, npt.NDArray[np.integer]]:
    """Picture of ids (H, W) and the ids (n,) of its segments -> regions, and the ids found that are not listed.

    ``listed`` holds no id twice and not ``void``. Pixels of ``void`` and of unlisted ids belong to no segment.
    """
    values, lengths = runs(ids.reshape(-1))
    order = np.argsort(listed)
    table = listed[order]
    place = np.searchsorted(table, values)
    known = np.append(table, void)[place] == values
    segments = np.where(known, np.append(order, len(listed))[place], len(listed))
    segments[values == void] = len(listed)
    strangers = np.unique(values[~known & (values != void)])
    return Regions((ids.shape[0], ids.shape[1]), len(listed), segments, lengths), strangers


def runs(flat: npt.NDArray[T]) -> tuple[npt.NDArray[T], npt.NDArray[np.intp]]:
    """Values (N,) -> value and length of each run of equal values, (R,) and (R,).

    >>> runs(np.array([5, 5, 0, 7]))
    (array([5, 0, 7]), array([2, 1, 1]))
    """
    bands = [flat[start : start + BAND] for start in range(0, len(flat), BAND)]
    starts = [np.flatnonzero(band[1:] != band[:-1]) + (1 + BAND * k) for k, band in enumerate(bands)]
    firsts = np.arange(len(bands)) * BAND
    start = np.concatenate([part for first, rest in zip(firsts, starts, strict=True) for part in ([first], rest)])
    return flat[start], np.diff(start, append=len(flat))
