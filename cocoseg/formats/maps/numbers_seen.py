"""Finds out from some pictures what their instance numbers are.

Numbers encode a class if it is that of the class map, or always one and the same other one for it, as with train ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import pair_runs
from cocoseg.errors import SampleError
from cocoseg.files import places
from cocoseg.files.reading import read_file
from cocoseg.formats.maps.classes import Values
from cocoseg.formats.maps.kinds import read_numbers
from cocoseg.formats.maps.look import MOST, spread
from cocoseg.formats.maps.meaning import Meaning
from cocoseg.formats.maps.numbering import NUMBERINGS, Ints, Numbering, can_be

Pairs = npt.NDArray[np.int64]

_BASES = (1000, 256)
_CITYSCAPES = ("person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle")
_CITYSCAPES_THINGS = dict(enumerate(_CITYSCAPES, 24))
_SOME = 3  # classes or pictures that show something together
_ZERO = "the pictures do not show what n = 0 stands for"
_EQUAL = "every number is that of its class, as for groups in class·1000 + n, but so may numbers of objects be"


class Found(NamedTuple):
    """What the numbers are, the class values that are of things, and what the pictures leave open.

    Classes are of things if they have numbered instances. Where no class has any, they all may be.
    """

    numbering: Numbering
    numbered: frozenset[int] = frozenset()
    doubt: str = ""


def find_numbering(folders: tuple[str, ...], names: Sequence[str], meant: Meaning, code: str | None = None) -> Found:
    """What the numbers in the second folder are, beside the class maps in the first, from a look at some pictures.

    ``code`` is the name of a numbering, if it is given.
    """
    seen = _Seen(meant.values, _are_of_cityscapes(meant))
    for name in islice(spread(names), MOST):
        try:
            classes, numbers = (read_numbers(read_file(places.join(folder, name))) for folder in folders)
        except SampleError:  # it will be refused by itself
            continue
        if classes.shape == numbers.shape:
            seen.add(classes.reshape(-1), numbers.reshape(-1))
        if seen.are_plain and None not in meant.values.isthing:
            break
    return seen.found(code)


def _are_of_cityscapes(meant: Meaning) -> bool:
    """Whether classes have the ids and names of things of Cityscapes, as KITTI's have."""
    names = {row.id: row.name.lower() for row in meant.categories}
    known = {value: names[meant.values.category_ids[row]] for value, row in meant.values.rows}
    return bool(known.items() & _CITYSCAPES_THINGS.items())


@dataclass
class _Seen:
    """The pairs of class and number (p, 2) of each picture that was looked at, without void.

    ``cityscapes``: whether classes are those of Cityscapes.
    """

    values: Values
    cityscapes: bool = False
    pictures: list[Pairs] = field(default_factory=list)

    def add(self, classes: Ints, numbers: Ints) -> None:
        """Take a picture's pairs."""
        first, second, _ = pair_runs(classes, numbers)
        pairs = np.unique(np.stack([first, second], axis=1).astype(np.int64), axis=0)
        self.pictures.append(pairs[np.isin(pairs[:, 0], [value for value, _ in self.values.rows])])

    @property
    def are_plain(self) -> bool:
        """Whether enough pictures have numbers that say nothing about the class."""
        return len(self.pictures) >= _SOME and not any(map(self.is_shown, _BASES))

    def found(self, code: str | None) -> Found:
        """What the numbers are, after all pictures."""
        if not self.pictures:
            return Found(NUMBERINGS[code or "plain"], self._all)
        base = NUMBERINGS[code].base if code else next(filter(self.is_shown, _BASES), 0)
        if not base:
            doubt = self._groups if code else self._doubt
            return Found(NUMBERINGS["plain"], self._numbered(NUMBERINGS["plain"]), doubt)
        first, doubt = (NUMBERINGS[code].first, self._contradiction(base)) if code else self._first(base)
        kind = next(kind for kind in NUMBERINGS.values() if (kind.base, kind.first) == (base, first))
        return Found(kind._replace(checked=self._agrees(base)), self._numbered(kind), doubt)

    def _contradiction(self, base: int) -> str:
        """What speaks against a given base: another one is that of the class maps, or codes are of several classes."""
        if self._agrees(base):
            return ""
        if other := next(filter(self._agrees, _BASES), 0):
            return f"the classes in the numbers are those of the class maps under class·{other} + n"
        return "" if self._is_unique(base) else "numbers of one class are of several in the class maps"

    @property
    def _groups(self) -> str:
        """What speaks against plain numbers: the pictures show groups under another numbering."""
        seen = self.found(None)
        classes, numbers = self._pairs
        things = ~np.isin(classes, [v for v, row in self.values.rows if self.values.isthing[row] is False])
        groups = things & np.isin(classes, list(seen.numbered)) & (seen.numbering.numbers(numbers) == 0)
        if not seen.numbering.base or seen.doubt or not groups.any():
            return ""
        return f"the pictures show {seen.numbering.words}, and groups that plain numbers make objects"

    def _numbered(self, kind: Numbering) -> frozenset[int]:
        """The classes with numbered instances, or all if there are none."""
        if kind.name == "by-256":  # stuff has n = 0, as the first thing has
            return frozenset()
        classes, numbers = self._pairs
        return frozenset(classes[kind.numbers(numbers) > 0].tolist()) or self._all

    @property
    def _all(self) -> frozenset[int]:
        return frozenset(value for value, _ in self.values.rows)

    def is_shown(self, base: int) -> bool:
        """Whether the pictures show that numbers are of this base."""
        if self._agrees(base):
            return True
        return not any(map(self._agrees, _BASES)) and self._corresponds(base)

    @property
    def _pairs(self) -> Pairs:
        """The classes and the numbers (2, p) of all pictures."""
        both: Pairs = np.concatenate(self.pictures).T
        return both

    def _agrees(self, base: int) -> bool:
        """Whether the numbers are of the classes in the class maps, in no fewer pictures than they are not."""
        agree = [bool(can_be(base, *pairs.T).all()) for pairs in self.pictures]
        encoded = [
            fits and bool((pairs.min(axis=1, initial=base) > 0).any() and (pairs[:, 1] >= base).any())
            for fits, pairs in zip(agree, self.pictures, strict=True)
        ]
        if any(encoded):
            return sum(encoded) >= agree.count(False)
        return base == 1000 and self._are_classes and (bool(len(self._of_stuff)) or not self._count_from_1)

    @property
    def _are_classes(self) -> bool:
        """Whether all numbers of some classes are those of the classes alone."""
        classes, numbers = self._pairs
        return bool((classes == numbers).all()) and len(set(classes.tolist()) - {0}) >= _SOME

    @property
    def _count_from_1(self) -> bool:
        """Whether the numbers of each picture are 1, 2 and so on, as those of objects are."""
        found = (np.unique(pairs[pairs[:, 1] > 0, 1]) for pairs in self.pictures)
        return all(np.array_equal(numbers, np.arange(1, len(numbers) + 1)) for numbers in found)

    @property
    def _of_stuff(self) -> Ints:
        """The numbers of stuff (k,) except 0."""
        classes, numbers = self._pairs
        stuff = [value for value, row in self.values.rows if self.values.isthing[row] is False]
        found: Ints = numbers[np.isin(classes, stuff) & (numbers > 0)]
        return found

    @property
    def _doubt(self) -> str:
        return _EQUAL if self._are_classes and not len(self._of_stuff) else ""

    def _codes(self, base: int) -> set[tuple[int, int]]:
        """Each class in the numbers, with each class of the class maps that it is found at."""
        classes, numbers = self._pairs
        alone = (numbers > 0) & (numbers < base) & (base == 1000)
        return set(zip(np.where(alone, numbers, numbers // base).tolist(), classes.tolist(), strict=True))

    def _is_unique(self, base: int) -> bool:
        """Whether each class in the numbers is always one and the same class of the class maps."""
        pairs = self._codes(base)
        return all(len({pair[side] for pair in pairs}) == len(pairs) for side in (0, 1))

    def _corresponds(self, base: int) -> bool:
        """Whether that holds for some classes, and the numbers tell objects of a class apart."""
        _, numbers = self._pairs
        alone = (numbers > 0) & (numbers < base) & (base == 1000)
        pairs = self._codes(base)
        unique = len(pairs) >= _SOME and self._is_unique(base)
        several = len(np.unique(numbers)) > len(pairs)  # of one class; numbers of one object each show nothing
        return unique and several and bool((numbers >= base).any()) and (bool(alone.any()) or base == 256)

    def _first(self, base: int) -> tuple[int, str]:
        """The number of the first instance, 0 or 1, and what speaks against that."""
        with_zero, without = self._zeros(base)
        _, numbers = self._pairs
        if base == 1000 and ((numbers > 0) & (numbers < base)).any():
            return 0, _ZERO if 0 < with_zero <= without else self._doubt
        if without:
            return 1, ""
        if base == 256 and self.cityscapes:
            return 1, _ZERO if with_zero else ""
        if base == 1000 and (self._of_stuff % base == 0).any():
            return int(with_zero < _SOME), _ZERO
        return (0, _ZERO if with_zero < _SOME else "") if with_zero else (1, _ZERO)

    def _zeros(self, base: int) -> tuple[int, int]:
        """How often a class with numbered instances in a picture has number 0, and how often it has not."""
        found = [0, 0]
        for pairs in self.pictures:
            numbers = pairs[pairs[:, 1] >= base, 1]
            there = np.isin(np.unique(numbers[numbers % base > 0] // base) * base, numbers)
            found[0] += int(there.sum())
            found[1] += int((~there).sum())
        return found[0], found[1]
