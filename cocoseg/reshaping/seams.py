"""Which segments of neighbouring tiles are one, where their rows do not say it (``stitching.py``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import overlap
from cocoseg.codecs.regions import Regions, pair_regions
from cocoseg.codecs.windows import Size, Windows, crop_regions, crop_runs
from cocoseg.model import Sample

Tiles = Sequence[Sample | None]
Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]


def joined(
    tiles: Tiles, offsets: Sequence[Size], stuff: frozenset[int], grouped: bool
) -> tuple[list[npt.NDArray[np.intp]], list[tuple[int, int]]]:
    """The number of each tile's segments in the whole image, and for each number the tile and segment first met.

    The one with the highest score describes a segment, if they have scores.
    """
    firsts = np.cumsum([0, *(0 if tile is None else len(tile.ids) for tile in tiles)]).tolist()
    group = list(range(firsts[-1]))
    for one, other in _same(tiles, offsets, firsts, stuff, grouped):
        a, b = sorted((_root(group, one), _root(group, other)))
        group[b] = a
    roots = [_root(group, k) for k in range(len(group))]
    number = {root: k for k, root in enumerate(dict.fromkeys(roots))}
    all_numbers = np.array([number[root] for root in roots], np.intp)
    parts = [all_numbers[start:stop] for start, stop in pairwise(firsts)]
    return parts, _described(tiles, firsts, all_numbers, len(number))


def _described(tiles: Tiles, firsts: Sequence[int], numbers: npt.NDArray[np.intp], count: int) -> list[tuple[int, int]]:
    scores = [np.zeros(0) if tile is None else _scores(tile) for tile in tiles]
    found: list[tuple[int, int] | None] = [None] * count
    best = np.full(count, -np.inf)
    every = np.concatenate([np.zeros(0), *scores])
    owner = np.repeat(np.arange(len(tiles)), np.diff(firsts))
    for k, number in enumerate(numbers.tolist()):
        if found[number] is None or every[k] > best[number]:
            best[number], found[number] = every[k], (int(owner[k]), k - firsts[int(owner[k])])
    return [row for row in found if row is not None]


def _scores(tile: Sample) -> npt.NDArray[np.float64]:
    return np.zeros(len(tile.ids)) if tile.scores is None else tile.scores


def _root(group: list[int], k: int) -> int:
    while group[k] != k:
        group[k] = group[group[k]]
        k = group[k]
    return k


def _same(
    tiles: Tiles, offsets: Sequence[Size], firsts: Sequence[int], stuff: frozenset[int], grouped: bool
) -> Iterator[tuple[int, int]]:
    """Pairs of segments that are one, counted over all tiles."""
    seen: dict[int, int] = {}
    for tile, first in zip(tiles, firsts, strict=False):
        for k, category in enumerate([] if tile is None else tile.category_ids.tolist()):
            if grouped or category in stuff:
                yield seen.setdefault(category, first + k), first + k
    for one, other in _neighbours(offsets):
        if grouped or tiles[one] is None or tiles[other] is None:
            continue
        for a, b in _alike(tiles[one], tiles[other], offsets[one], offsets[other]):
            yield firsts[one] + a, firsts[other] + b


def _neighbours(offsets: Sequence[Size]) -> Iterator[tuple[int, int]]:
    """Tiles beside each other in a row or a column of the grid."""
    place = {offset: k for k, offset in enumerate(offsets)}
    tops, lefts = (sorted(set(side)) for side in zip(*offsets, strict=True))
    right, below = dict(pairwise(lefts)), dict(pairwise(tops))
    for (top, left), k in place.items():
        for other in ((top, right.get(left)), (below.get(top), left)):
            if other in place:
                yield k, place[other]


def _alike(one: Any, other: Any, first: Size, second: Size) -> Iterator[tuple[int, int]]:
    """Segments of one category whose masks agree in what both tiles show, each in one pair, the most alike first."""
    top, left = max(first[0], second[0]), max(first[1], second[1])
    bottom = min(first[0] + one.size[0], second[0] + other.size[0])
    right = min(first[1] + one.size[1], second[1] + other.size[1])
    if bottom <= top or right <= left:
        return
    size = (bottom - top, right - left)
    shown = [
        _shown(tile.shapes, Windows(np.array([top - y]), np.array([left - x]), size))
        for tile, (y, x) in ((one, first), (other, second))
    ]
    rows, columns, ious = _compared(*shown)
    fit = (one.category_ids[rows] == other.category_ids[columns]) & (one.iscrowd[rows] == other.iscrowd[columns])
    fit &= ious > 0.5
    taken: set[tuple[int, int]] = set()
    for k in sorted(np.flatnonzero(fit).tolist(), key=lambda k: (-ious[k], k)):
        a, b = int(rows[k]), int(columns[k])
        if not {(0, a), (1, b)} & taken:
            taken |= {(0, a), (1, b)}
            yield a, b


def _shown(shapes: Any, windows: Windows) -> Any:
    if isinstance(shapes, Regions):
        return next(iter(crop_regions(shapes, windows)))
    return crop_runs(shapes, windows)


def _compared(one: Any, other: Any) -> Pairs:
    """Pairs of segments that share pixels, (p,) and (p,), and their IoU (p,)."""
    if isinstance(one, Regions) and isinstance(other, Regions):
        first, second, lengths = pair_regions(one, other)
        inside = (first < one.count) & (second < other.count) & (lengths > 0)
        keys, where = np.unique(first[inside] * other.count + second[inside], return_inverse=True)
        common = np.bincount(where, weights=lengths[inside], minlength=len(keys))
        rows, columns = np.divmod(keys, max(other.count, 1))
        return rows, columns, common / (one.areas[rows] + other.areas[columns] - common)
    if isinstance(one, Regions) or isinstance(other, Regions):
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
    ious = overlap.iou(one.runs, other.runs, np.zeros(len(other.masks), np.bool_))
    rows, columns = np.nonzero(ious)
    return one.masks[rows], other.masks[columns], ious[rows, columns]
