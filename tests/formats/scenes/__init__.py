"""One drawn scene in every format: a module for each format, with ``write(folder) -> SRC``.

Two pictures: a road with two cars of different kinds of edges and a person that touches one of them, and a single car
without a road. All edges are edges of pixels, so that every format can hold them exactly. A module may have:

* ``NAMES``: what the format calls the classes, {} for the same names; a class that it can't hold is None.
* ``OPTIONS``: reading options that the data set needs.
* ``CALLED``: what the pictures are called, if not by their names.
* ``things``: whether instances are told apart, where the table of formats can't say it for this data set.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

THINGS = ("car", "person")
STUFF = ("road",)


class Object(NamedTuple):
    """A class and its pixels (H, W) bool; ``corners`` is its outline, x and y of each corner."""

    name: str
    mask: npt.NDArray[np.bool_]
    corners: list[tuple[int, int]]


class Image(NamedTuple):
    """A picture's name, (height, width), and its objects; none overlap, the road lies around the others."""

    name: str
    size: tuple[int, int]
    objects: list[Object]

    def class_map(self, numbers: dict[str, int], outside: int = 0) -> npt.NDArray[np.int64]:
        """(H, W): the number of each pixel's class."""
        found = np.full(self.size, outside, np.int64)
        for row in self.objects:
            found[row.mask] = numbers[row.name]
        return found

    def instances(self, first: int = 1) -> npt.NDArray[np.int64]:
        """(H, W): the number of each pixel's thing among those of its class, counted from ``first``; else 0."""
        found, seen = np.zeros(self.size, np.int64), dict.fromkeys(THINGS, first)
        for row in self.objects:
            if row.name in THINGS:
                found[row.mask] = seen[row.name]
                seen[row.name] += 1
        return found


def _box(size: tuple[int, int], left: int, top: int, right: int, bottom: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def _rectangle(name: str, size: tuple[int, int], left: int, top: int, right: int, bottom: int) -> Object:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return Object(name, _box(size, left, top, right, bottom), corners)


def _street() -> Image:
    size = (24, 32)
    step = _box(size, 2, 6, 8, 12) | _box(size, 2, 9, 12, 12)
    car = Object("car", step, [(2, 6), (8, 6), (8, 9), (12, 9), (12, 12), (2, 12)])
    person = _rectangle("person", size, 12, 4, 15, 12)
    other = _rectangle("car", size, 20, 6, 28, 12)
    road = _rectangle("road", size, 0, 12, 32, 24)
    return Image("a", size, [road, car, person, other])


IMAGES = [_street(), Image("b", (9, 7), [_rectangle("car", (9, 7), 1, 2, 6, 8)])]
