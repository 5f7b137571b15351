"""Puts parts of pictures together to one: masks and segments of tiles, run by run. Nothing is painted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.lines import by_columns, by_lines
from cocoseg.codecs.ragged import Ints
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs, from_toggles, odd_toggles

Size = tuple[int, int]


class Box(NamedTuple):
    """A part of a picture: its first row and column, and those after its last."""

    top: int
    left: int
    bottom: int
    right: int


class Part(NamedTuple):
    """What is taken of a tile: its first row and column in the whole picture, the ``box`` that is taken, in the whole
    picture too, and the number there of each of its segments (n,).
    """

    offset: Size
    box: Box
    numbers: npt.NDArray[np.intp]


def join_runs(tiles: Sequence[Runs], parts: Sequence[Part], count: int, size: Size) -> Runs:
    """Masks of tiles as ``count`` masks of a picture of ``size``. Boxes do not overlap."""
    masks, positions = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for tile, ((top, left), box, numbers) in zip(tiles, parts, strict=True):
        owners, columns, tops, bottoms = by_columns(tile)
        columns, tops, bottoms = columns + left, np.maximum(tops + top, box.top), np.minimum(bottoms + top, box.bottom)
        seen = (columns >= box.left) & (columns < box.right) & (tops < bottoms)
        first = columns[seen] * size[0]
        positions.append(np.stack([first + tops[seen], first + bottoms[seen]], axis=1).reshape(-1))
        masks.append(np.repeat(numbers[owners[seen]], 2))
    changes = odd_toggles(np.concatenate(masks), np.concatenate(positions), size[0] * size[1])
    return from_toggles(*changes, count, size)


def join_regions(tiles: Sequence[Regions], parts: Sequence[Part], count: int, size: Size) -> Regions:
    """Segments of tiles, whose runs go along rows, as ``count`` segments of a picture of ``size``.

    Boxes do not overlap. What no tile shows in its box is outside all segments.
    """
    found = [_pieces(tile, part, count, size[1]) for tile, part in zip(tiles, parts, strict=True)]
    starts, lengths, segments, void = (np.concatenate(column) for column in zip(_NONE, *found, strict=True))
    order = np.argsort(starts, kind="stable")
    bounds = np.stack([starts[order], starts[order] + lengths[order]], axis=1).reshape(-1)
    lengths = np.diff(bounds, prepend=0, append=size[0] * size[1])  # every second one is of no tile
    numbers, is_void = np.full(len(lengths), count), np.zeros(len(lengths), np.bool_)
    numbers[1::2], is_void[1::2] = segments[order], void[order]
    drawn = lengths > 0
    return Regions(size, count, numbers[drawn], lengths[drawn], void=is_void[drawn] if void.any() else None)


_NONE = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_))


def _pieces(tile: Regions, part: Part, count: int, width: int) -> tuple[Ints, Ints, Ints, npt.NDArray[np.bool_]]:
    """The pieces of a tile in its box: where each starts in the whole picture, its length, segment, and void."""
    (top, left), box, numbers = part
    runs, stops, lengths, pieces = by_lines(tile, *tile.size)
    lines = np.repeat(np.arange(len(pieces)), pieces) + top
    starts = np.maximum(stops - lengths + left, box.left)
    stops = np.minimum(stops + left, box.right)
    seen = (lines >= box.top) & (lines < box.bottom) & (starts < stops)
    runs = runs[seen]
    void = np.zeros(len(runs), np.bool_) if tile.void is None else tile.void[runs]
    table = np.append(numbers, count)
    return lines[seen] * width + starts[seen], (stops - starts)[seen], table[tile.segments[runs]], void


def owned(offsets: Sequence[Size], sizes: Sequence[Size], size: Size) -> list[Box]:
    """The part of a picture in which each tile of a grid decides: up to the middle of what it shares with the next.

    Where neighbours share an odd number of pixels, the one in the middle is of the later tile.

    >>> [(box.left, box.right) for box in owned([(0, 0), (0, 3)], [(1, 5), (1, 5)], (1, 8))]
    [(0, 4), (4, 8)]
    """
    rows = _bounds([(top, height) for (top, _), (height, _) in zip(offsets, sizes, strict=True)], size[0])
    columns = _bounds([(left, width) for (_, left), (_, width) in zip(offsets, sizes, strict=True)], size[1])
    return [Box(rows[y][0], columns[x][0], rows[y][1], columns[x][1]) for y, x in offsets]


def _bounds(stretches: Sequence[tuple[int, int]], length: int) -> dict[int, tuple[int, int]]:
    """Where the part of each stretch starts and stops, by its first pixel."""
    ranked = sorted(set(stretches))
    middles = [(one + side + other) // 2 for (one, side), (other, _) in pairwise(ranked)]
    cuts = [0, *middles, length]
    return {first: (cuts[k], cuts[k + 1]) for k, (first, _) in enumerate(ranked)}


def shown(offsets: Sequence[Size], sizes: Sequence[Size], size: Size) -> int:
    """How many pixels of a picture tiles show in the parts where they decide.

    >>> shown([(0, 0), (0, 5)], [(1, 3), (1, 3)], (1, 8))
    6
    """
    boxes = zip(offsets, sizes, owned(offsets, sizes, size), strict=True)
    sides = (
        (min(box.bottom, top + height) - max(box.top, top), min(box.right, left + width) - max(box.left, left))
        for (top, left), (height, width), box in boxes
    )
    return sum(max(0, down) * max(0, along) for down, along in sides)
