"""Windows of a picture, such as tiles: masks and segments cut to all of them at once, run by run.

Nothing is painted. A run is cut at the ends of columns or lines, and each piece meets the windows that its ends are in,
so that a small object in a large picture costs what its own runs do, however many windows there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cocoseg.codecs.lines import by_columns, by_lines
from cocoseg.codecs.ragged import Ints, offsets_of, owners
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs, from_toggles, odd_toggles

Size = tuple[int, int]


class Windows(NamedTuple):
    """A grid of windows of one ``size`` (height, width) that lie inside a picture.

    ``tops`` (a,) and ``lefts`` (b,) int64 are their first rows and columns, rising. Window k is in row k // b.
    """

    tops: Ints
    lefts: Ints
    size: Size

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """The first row and column of each window."""
        return [(top, left) for top in self.tops.tolist() for left in self.lefts.tolist()]


class Cropped(NamedTuple):
    """What windows show of masks: the window (p,) and the mask (p,) of each piece with a pixel, and its runs.

    Pieces are sorted by window, and then by mask.
    """

    windows: Ints
    masks: Ints
    runs: Runs


def crop_runs(packed: Runs, windows: Windows) -> Cropped:
    """Masks as each window shows them; only those with a pixel there.

    >>> from cocoseg.codecs.rle import encode
    >>> masks = encode(np.array([[[1, 1, 0, 0]], [[0, 1, 1, 1]]]))
    >>> found = crop_runs(masks, Windows(np.array([0]), np.array([0, 2]), (1, 2)))
    >>> found.windows.tolist(), found.masks.tolist(), found.runs.counts.tolist()
    ([0, 0, 1], [0, 1, 1], [0, 2, 1, 1, 0, 2])
    """
    height, width = windows.size
    masks, columns, tops, bottoms = by_columns(packed)
    above, below = _meeting(windows.tops, height, tops, bottoms)
    left, right = _meeting(windows.lefts, width, columns, columns + 1)
    times = (below - above) * (right - left)
    piece = owners(times)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(times) - times, times)
    down, along = np.divmod(number, (right - left)[piece])
    row, column = above[piece] + down, left[piece] + along
    first = (columns[piece] - windows.lefts[column]) * height
    starts = first + np.maximum(tops[piece] - windows.tops[row], 0)
    stops = first + np.minimum(bottoms[piece] - windows.tops[row], height)
    keys = (row * len(windows.lefts) + column) * len(packed) + masks[piece]
    pairs, owner = np.unique(keys, return_inverse=True)
    positions = np.stack([starts, stops], axis=1).reshape(-1)
    changes = odd_toggles(np.repeat(owner, 2), positions, height * width)
    runs = from_toggles(*changes, len(pairs), windows.size)
    return Cropped(*np.divmod(pairs, max(len(packed), 1)), runs)


def _meeting(firsts: Ints, side: int, starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """The first window along a side that each stretch meets, and the one after the last."""
    return np.searchsorted(firsts + side, starts, side="right"), np.searchsorted(firsts, stops, side="left")


def crop_regions(regions: Regions, windows: Windows) -> Iterator[Regions]:
    """A picture of segments as each window shows it, under the same numbers of segments.

    >>> whole = Regions((1, 4), 2, np.array([0, 1]), np.array([1, 3]))
    >>> [part.lengths.tolist() for part in crop_regions(whole, Windows(np.array([0]), np.array([0, 2]), (1, 2)))]
    [[1, 1], [2]]
    """
    if regions.by_column:
        turned = Windows(windows.lefts, windows.tops, windows.size[::-1])
        found = list(_crop(regions, turned, regions.size[::-1], windows.size))
        rows, columns = len(windows.tops), len(windows.lefts)
        return (found[column * rows + row] for row in range(rows) for column in range(columns))
    return _crop(regions, windows, regions.size, windows.size)


def _crop(regions: Regions, windows: Windows, shape: Size, size: Size) -> Iterator[Regions]:
    """The same along lines: ``shape`` is (lines, line), and the windows lie so."""
    lines, line = windows.size
    runs, stops, lengths, pieces = by_lines(regions, *shape)
    starts, bounds = stops - lengths, offsets_of(pieces)
    strips = []
    for first in windows.lefts.tolist():
        inside = np.flatnonzero((stops > first) & (starts < first + line))
        cut = np.minimum(stops[inside], first + line) - np.maximum(starts[inside], first)
        strips.append((runs[inside], cut, np.searchsorted(inside, bounds)))
    for top in windows.tops.tolist():
        for run, cut, at in strips:
            part = slice(at[top], at[top + lines])
            void = None if regions.void is None else regions.void[run[part]]
            yield replace(regions, size=size, segments=regions.segments[run[part]], lengths=cut[part], void=void)
