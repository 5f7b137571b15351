"""Heat maps: the pixels of classes by cells of the image, so that images of all sizes lie on one another."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions, pair_regions
from cocoseg.stats.facts import CELLS

_ALL = CELLS * CELLS


def heat(regions: Regions, numbers: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.uint32]:
    """Segments as regions, and the number of each one's class (n,) below ``count`` -> (count, CELLS, CELLS) uint32.

    Pixel (y, x) of an image (H, W) lies in the cell (y · CELLS // H, x · CELLS // W).
    """
    cells, segments, lengths = pair_regions(grid(regions.size, regions.by_column), regions)
    rows = np.append(numbers, count)[segments] * _ALL + cells
    pixels = np.bincount(rows, weights=lengths, minlength=(count + 1) * _ALL)
    return pixels[: count * _ALL].astype(np.uint32).reshape(count, CELLS, CELLS)


@lru_cache(maxsize=8)
def grid(size: tuple[int, int], by_column: bool) -> Regions:
    """The cells of an image as regions of it."""
    high, wide = ((np.arange(side) * CELLS // side) for side in size)
    lines, along = (wide, high) if by_column else (high, wide)
    starts = np.flatnonzero(np.diff(along, prepend=-1))
    lengths = np.tile(np.diff(starts, append=len(along)), len(lines))
    across, down = np.tile(along[starts], len(lines)), np.repeat(lines, len(starts))
    cells = across * CELLS + down if by_column else down * CELLS + across
    return Regions(size, _ALL, cells.astype(np.intp), lengths.astype(np.intp), by_column=by_column)


def packed(maps: npt.NDArray[np.uint32]) -> bytes:
    """Heat maps as the bytes that ``ImageFacts.heat_maps`` reads."""
    return zlib.compress(maps.astype("<u4").tobytes(), 1)


def extent(size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """The pixels of each cell of an image: (CELLS, CELLS) int64."""
    high, wide = (np.bincount(np.arange(side) * CELLS // side, minlength=CELLS) for side in size)
    return np.outer(high, wide)
