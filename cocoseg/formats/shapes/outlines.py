"""Shapes that are no polygons, as rings: boxes, circles, ellipses, and bits in a box as runs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.rle import check_size, from_toggles, odd_toggles
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import SampleError

Ring = list[float]

_FLAT = 0.05  # pixels that an edge may be off its circle
_MOST = 720  # corners


def box(x1: float, y1: float, x2: float, y2: float) -> Ring:
    """A box, from two corners in any order.

    >>> box(3, 1, 0, 2)
    [0, 1, 3, 1, 3, 2, 0, 2]
    """
    left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    return [left, top, right, top, right, bottom, left, bottom]


def ellipse(x: float, y: float, rx: float, ry: float, degrees: float = 0) -> Ring:
    """An ellipse around (x, y), turned clockwise by ``degrees``, within a twentieth of a pixel."""
    radius = max(abs(rx), abs(ry))
    corners = math.pi / math.acos(1 - _FLAT / min(radius, _MOST**2)) if radius > 1 else 0
    angles = np.linspace(0, 2 * math.pi, int(min(max(corners + 1, 8), _MOST)), endpoint=False)
    turn = math.radians(degrees)
    across, down = rx * np.cos(angles), ry * np.sin(angles)
    xs = x + across * math.cos(turn) - down * math.sin(turn)
    ys = y + across * math.sin(turn) + down * math.cos(turn)
    ring: Ring = np.stack([xs, ys], axis=1).reshape(-1).tolist()
    return ring


def turned(ring: Ring, degrees: float, x: float, y: float) -> Ring:
    """A ring turned clockwise by ``degrees`` around (x, y).

    >>> turned([2, 1, 3, 1], 90, 2, 2)
    [3.0, 2.0, 3.0, 3.0]
    """
    if not degrees:
        return ring
    points = np.array(ring, np.float64).reshape(-1, 2) - (x, y)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    found: Ring = (points @ np.array([[cos, sin], [-sin, cos]]) + (x, y)).reshape(-1).tolist()
    return found


def bits_at(bits: npt.NDArray[Any], left: int, top: int, size: tuple[int, int]) -> dict[str, Any]:
    """Bits (h, w) whose first pixel is (left, top) in an image (height, width) -> RLE; what lies outside is cut off.

    >>> bits_at(np.array([[1, 1]]), 2, 0, (2, 3))
    {'size': [2, 3], 'counts': '411'}
    """
    check_size(size)
    inside = bits[max(-top, 0) : max(size[0] - top, 0), max(-left, 0) : max(size[1] - left, 0)]
    if not inside.size:
        left = top = 0  # which may be any number where nothing is inside
    columns = np.zeros((inside.shape[1], inside.shape[0] + 2), np.bool_)
    columns[:, 1:-1] = inside.T != 0
    column, row = np.nonzero(columns[:, 1:] != columns[:, :-1])
    positions = (column + max(left, 0)) * size[0] + row + max(top, 0)
    masks, changes = odd_toggles(np.zeros_like(positions), positions, size[0] * size[1])
    return to_coco(from_toggles(masks, changes, 1, size))[0]


def bits_of_runs(counts: npt.NDArray[np.int64], height: int, width: int) -> npt.NDArray[np.bool_]:
    """Run lengths along rows, which begin with a run of zeros -> bits (height, width).

    Raises SampleError: ``rle.sum``, ``rle.negative``, ``limit.pixels``, ``size.invalid``.

    >>> bits_of_runs(np.array([1, 2, 1]), 2, 2).astype(int)
    array([[0, 1],
           [1, 0]])
    """
    if height < 1 or width < 1:
        raise SampleError("size.invalid", f"a mask of {height}×{width} pixels; expected at least 1×1")
    check_pixels((height, width))
    if (counts < 0).any():
        raise SampleError("rle.negative", f"runs contain {int(counts.min())}; run lengths are not negative")
    if len(counts) > 2 * height * width + 2 or (total := sum(counts.tolist())) != height * width:
        total = sum(counts.tolist())
        raise SampleError("rle.sum", f"runs add up to {total}, but the mask is {height}×{width} pixels")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(height, width)


def color(text: str) -> tuple[int, int, int] | None:
    """The colour that a text like ``#ff8000`` means, or None.

    >>> color("#ff8000"), color("red")
    ((255, 128, 0), None)
    """
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    return red, green, blue
