"""How numbers look in pictures for people: colours of classes, shades of their segments, outlines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.ragged import Ints, ranges

Colors = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

# How far the segments of a class are from its colour, in turn: towards white where positive, else towards black.
_SHADES = np.array([0.0, 0.38, -0.32, 0.6, -0.5, 0.2, -0.16])
_SHARE, _WIDEST = 1000, 4  # of a picture's longer side is an outline wide; but at most so many pixels


@lru_cache(1 << 12)
def default_color(index: int) -> tuple[int, int, int]:
    """A colour for a class that has none: red, green and blue share the bits of its number, as in PASCAL VOC.

    >>> default_color(0), default_color(1)
    ((128, 0, 0), (0, 128, 0))
    """
    bits = index + 1
    return tuple(sum((bits >> 3 * k + channel & 1) << 7 - k for k in range(6)) for channel in range(3))  # type: ignore[return-value]


def segment_colors(classes: Ints, things: Bools, colors: Colors) -> Colors:
    """The colour of each segment: (n, 3) uint8, from its class (n,) and whether that has single things (n,).

    Of the things of a class the first has its colour, and the others have shades of it, in turn.

    >>> classes, colors = np.array([1, 0, 1]), np.array([[10, 10, 10], [100, 0, 0]], np.uint8)
    >>> segment_colors(classes, np.array([True, False, True]), colors).tolist()
    [[100, 0, 0], [10, 10, 10], [158, 96, 96]]
    """
    shade = _SHADES[np.where(things, _turns(classes), 0) % len(_SHADES)][:, None]
    base = colors[classes].astype(np.float64)
    towards = np.where(shade > 0, 255.0, 0.0)
    shaded: Colors = np.floor(base + (towards - base) * np.abs(shade)).astype(np.uint8)
    return shaded


def _turns(classes: Ints) -> Ints:
    """How many earlier segments have the same class: (n,)."""
    order = np.argsort(classes, kind="stable")
    _, counts = np.unique(classes, return_counts=True)
    turns = np.empty(len(classes), np.int64)
    turns[order] = ranges(np.zeros(len(counts), np.int64), counts)
    return turns


def edges(numbers: npt.NDArray[Any]) -> Bools:
    """Where segments end: (H, W) bool, a pixel wide inside every segment, more in large pictures.

    >>> edges(np.array([[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]])).astype(int)
    array([[0, 1, 1, 1],
           [1, 1, 1, 1],
           [1, 1, 0, 0],
           [1, 1, 0, 0]])
    """
    found = np.zeros(numbers.shape, np.bool_)
    for step in range(1, 1 + min(1 + max(numbers.shape) // _SHARE, _WIDEST)):
        for axis in range(2):
            first, second = _apart(axis, step)
            change = numbers[first] != numbers[second]
            found[first] |= change
            found[second] |= change
    return found


def _apart(axis: int, step: int) -> tuple[Any, Any]:
    """The pixels of a picture and those ``step`` further along an axis, as two indices."""
    one: list[slice] = [slice(None), slice(None)]
    other = one.copy()
    one[axis], other[axis] = slice(None, -step), slice(step, None)
    return tuple(one), tuple(other)
