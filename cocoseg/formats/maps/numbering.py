"""What the numbers in a picture of instances say: a number alone, or class and number in one.

Cityscapes writes class · 1000 + n, counts from 0, and gives the class alone to stuff and to groups of things
(``json2instanceImg.py``). KITTI writes class · 256 + n and counts from 1, where 0 stands for no instance; Mapillary
Vistas writes the same but counts from 0. Others write class · 1000 + n from 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError

Ints = npt.NDArray[Any]


class Numbering(NamedTuple):
    """How a number encodes class and instance: class · ``base`` + n, or n alone if ``base`` is 0.

    ``first`` is the n of the first instance; a lower n, or the class alone, stands for a crowd. ``checked``: the class
    is that of the class map.
    """

    name: str
    words: str
    base: int = 0
    first: int = 1
    checked: bool = False

    def numbers(self, values: Ints) -> Ints:
        """Instance numbers (R,) from 1 of values (R,); 0 is a crowd.

        >>> NUMBERINGS["thousands"].numbers(np.array([26, 26000, 26001]))
        array([0, 1, 2])
        """
        if not self.base:
            return values
        wide = values.astype(np.intp)  # the base does not fit 8 bits
        numbers = wide % self.base + 1 - self.first
        return np.where(wide < self.base, 0, numbers) if self.base == 1000 else numbers

    def agree(self, classes: Ints, values: Ints) -> npt.NDArray[np.bool_]:
        """Whether values (R,) can belong to classes (R,)."""
        return can_be(self.base, classes, values)


NUMBERINGS = {
    "plain": Numbering("plain", "numbers of objects alone"),
    "thousands": Numbering("thousands", "class·1000 + n from 0, where the class alone is a crowd", 1000, 0),
    "thousands-from-1": Numbering("thousands-from-1", "class·1000 + n from 1, where n = 0 is a crowd", 1000, 1),
    "by-256": Numbering("by-256", "class·256 + n from 0", 256, 0),
    "by-256-from-1": Numbering("by-256-from-1", "class·256 + n from 1, where n = 0 is a crowd", 256, 1),
}


def check_classes(kind: Numbering, classes: Ints, values: Ints, void: npt.NDArray[np.bool_]) -> None:
    """Raises SampleError ``maps.instance`` if the classes in values (R,) are not those (R,) of the class map."""
    if not kind.checked:
        return
    wrong = ~void & ~kind.agree(classes, values)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        found = f"the number is {values[first]} where the class map has {classes[first]}"
        text = f"expected {kind.words}, as in the other pictures; one of the two belongs to another image"
        raise SampleError("maps.instance", f"{found}; {text}")


def can_be(base: int, classes: Ints, numbers: Ints) -> npt.NDArray[np.bool_]:
    """Whether numbers (R,) can be of classes (R,) under a base."""
    numbers = numbers.astype(np.int64)  # the base does not fit 8 bits
    alone = (numbers == classes) & (numbers < base) & (base == 1000)
    found: npt.NDArray[np.bool_] = alone | (numbers // base == classes)
    return found
