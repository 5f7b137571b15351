"""Which classes are seen together, and where in their images classes lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.page.classes import ClassRow
from cocoseg.page.pictures import shaded
from cocoseg.stats.findings import Side

MOST = 150  # classes of a matrix
NAMED = 40  # classes whose names stand beside it
_PAIRS = 20


class Matrix(NamedTuple):
    """How often the class of a column is where that of a row is: a picture, or nothing where there is no class."""

    uri: str
    names: list[str]


class Pair(NamedTuple):
    """Two classes, the images that show both, and their part of the images with the rarer one."""

    first: str
    second: str
    images: int
    share: float


class Heat(NamedTuple):
    """Where a class lies, on each side; "" where it has no pixel."""

    name: str
    uris: list[str]
    images: list[int]


def in_order(rows: Sequence[ClassRow]) -> list[ClassRow]:
    """The classes of a matrix, those in the most images first."""
    shown = [row for row in rows if any(side.stats.images for side in row.sides)]
    return sorted(shown, key=lambda row: -sum(side.often for side in row.sides))[:MOST]


def matrix(rows: Sequence[ClassRow], side: Side, k: int) -> Matrix:
    """The matrix of classes on side ``k``, in the order of ``rows``."""
    return Matrix(shaded(_shares(rows, side, k)) if rows else "", [row.name for row in rows])


def _shares(rows: Sequence[ClassRow], side: Side, k: int) -> npt.NDArray[np.float64]:
    places = {row.ids[k]: place for place, row in enumerate(rows) if row.ids[k] is not None}
    images = np.array([row.sides[k].stats.images for row in rows], np.float64)
    counts = np.diag(images)
    for (one, other), number in side.statistics.together.items():
        if one in places and other in places:
            counts[places[one], places[other]] = counts[places[other], places[one]] = number
    shares: npt.NDArray[np.float64] = counts / np.maximum(images, 1)[:, None]
    return shares


def pairs(rows: Sequence[ClassRow], side: Side, k: int) -> list[Pair]:
    """The classes that are together in the most images."""
    known = {row.ids[k]: row for row in rows if row.ids[k] is not None}
    together = sorted(side.statistics.together.items(), key=lambda item: (-item[1], item[0]))
    found = [(known[one], known[other], n) for (one, other), n in together if one in known and other in known]
    return [
        Pair(one.name, other.name, n, n / min(one.sides[k].stats.images, other.sides[k].stats.images))
        for one, other, n in found[:_PAIRS]
    ]


def heats(rows: Sequence[ClassRow], sides: Sequence[Side], most: int) -> list[Heat]:
    """Where classes lie, those in the most images first."""
    cells = [np.maximum(side.statistics.cells, 1) for side in sides]
    return [
        Heat(
            row.name,
            [_heat(one.stats.heat / area) for one, area in zip(row.sides, cells, strict=True)],
            [one.stats.images for one in row.sides],
        )
        for row in in_order(rows)[:most]
    ]


def _heat(shares: npt.NDArray[np.float64]) -> str:
    most = float(shares.max())
    return shaded(shares / most) if most else ""
