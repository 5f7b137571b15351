"""Maps the colours of a picture to categories: one lookup for each run of a colour, none for each class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files.digests import digest
from cocoseg.formats.maps.classes import Values
from cocoseg.labels.presets import is_thing
from cocoseg.model import Category

Color = tuple[int, int, int]
Ints = npt.NDArray[Any]

_MANY = 50  # colours that are not listed, from which a picture was not drawn in the colours of a table
_SHOWN = 3
_CHUNK = 4096
_SHIFTS = np.array([0, 8, 16], np.uint32)


def color_id(color: Color) -> int:
    """R + 256 G + 65536 B.

    >>> color_id((1, 2, 0))
    513
    """
    return color[0] | color[1] << 8 | color[2] << 16


@dataclass(frozen=True)
class ColorValues(Values):
    """Values that are colours, or numbers, of which others up to ``tolerance`` (in each channel) stand for the nearest.

    ``names`` are those of the columns. ``numbers`` says that the values are numbers.
    """

    tolerance: int = 0
    names: tuple[str, ...] = ()
    numbers: bool = False

    @classmethod
    def of_colors(
        cls, name: str, rows: Iterable[tuple[Color, Category]], silent: Iterable[int], tolerance: int, advice: str = ""
    ) -> ColorValues:
        """From the colours of categories; several colours may be of one. ``silent`` colours are void.

        ``advice`` ends the message about colours that are not listed.
        """
        pairs = list(rows)
        ranked = sorted({category.id: category for _, category in pairs}.values(), key=lambda row: row.id)
        column = {category.id: number for number, category in enumerate(ranked)}
        found = {color_id(color): column[category.id] for color, category in pairs}
        return cls(
            name,
            tuple(found.items()),
            tuple(value for value in silent if value not in found),
            tuple(category.id for category in ranked),
            tuple(is_thing(category) for category in ranked),
            advice=advice,
            tolerance=tolerance,
            names=tuple(category.name for category in ranked),
        )

    @classmethod
    def near(cls, values: Values, tolerance: int, categories: Iterable[Category]) -> ColorValues:
        """Numbers whose neighbours up to ``tolerance`` stand for them."""
        called = {row.id: row.name for row in categories}
        names = tuple(called.get(number, str(number)) for number in values.category_ids)
        fields = (values.name, values.rows, values.silent, values.category_ids, values.isthing, "")
        return cls(*fields, tolerance=tolerance, names=names, numbers=True)

    @cached_property
    def digest(self) -> str:
        """A digest of the colours, their categories and the tolerance."""
        rows = (self.rows, self.silent, self.category_ids, self.isthing, self.tolerance)
        return digest(msgspec.json.encode(rows))

    @cached_property
    def _table(self) -> tuple[Ints, npt.NDArray[np.intp]]:
        """The listed colours in ascending order (n,), and their columns (n,)."""
        pairs = sorted([*self.rows, *((value, self.nothing) for value in self.silent)])
        return np.array([value for value, _ in pairs], np.uint32), np.array([row for _, row in pairs], np.intp)

    def find(self, values: Ints, lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Runs of colours (R,), (R,) -> the indices of their columns (R,). Raises SampleError ``id.unknown``."""
        rows, strange = self._exact(values)
        if strange.any():
            rows[strange] = self._nearest(values[strange], lengths[strange])
        return rows

    def problems(self, values: Ints, lengths: npt.NDArray[np.intp], place: str) -> tuple[Problem, ...]:
        """A problem that counts the pixels (in runs (R,), (R,)) for which the nearest was taken."""
        strange = self._exact(values)[1] if self.tolerance else np.zeros(1, np.bool_)
        if not strange.any():
            return ()
        pixels, what = int(lengths[strange].sum()), "values" if self.numbers else "colours"
        text = f"{pixels} pixels ({pixels / int(lengths.sum()):.1%}) have {what} that are not listed"
        return (Problem("colors.near", f"{place}: {text}; the nearest within {self.tolerance} were taken"),)

    def _exact(self, values: Ints) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """The columns of runs (R,), and which of them (R,) have none."""
        listed, columns = self._table
        row = np.minimum(np.searchsorted(listed, values), len(listed) - 1)
        return columns[row], listed[row] != values

    def _nearest(self, values: Ints, lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        found, inverse = np.unique(values, return_inverse=True)
        near, far, second = self._distances(found)
        wrong, tied = far > self.tolerance, (far <= self.tolerance) & (second >= 0)
        if wrong.any():
            raise self._strange(found, near, np.bincount(inverse, lengths), wrong)
        if tied.any():
            raise self._ambiguous(int(found[tied][0]), int(near[tied][0]), int(second[tied][0]))
        return self._table[1][near][inverse]

    def _distances(self, found: Ints) -> tuple[Ints, Ints, Ints]:
        """For colours (U,): the nearest listed one, its distance, and one of another class that is as near, or -1."""
        near, far, second = (np.empty(len(found), np.intp) for _ in range(3))
        listed, columns = self._table
        for start in range(0, len(found), _CHUNK):
            part = np.s_[start : start + _CHUNK]
            distances = self._between(found[part], listed)
            near[part] = distances.argmin(axis=1)
            far[part] = distances.min(axis=1)
            others = (distances == far[part, None]) & (columns[None] != columns[near[part]][:, None])
            second[part] = np.where(others.any(axis=1), others.argmax(axis=1), -1)
        return near, far, second

    def _between(self, some: Ints, listed: Ints) -> Ints:
        """The largest difference of a channel, for each pair: (U, n)."""
        if self.numbers:
            return np.asarray(np.abs(some[:, None].astype(np.int64) - listed[None]))
        one, other = (values[:, None].astype(np.uint32) >> _SHIFTS & 255 for values in (some, listed))
        return np.asarray(np.abs(one[:, None].astype(np.int16) - other[None].astype(np.int16)).max(axis=2))

    def _strange(self, found: Ints, near: Ints, pixels: Ints, wrong: npt.NDArray[np.bool_]) -> SampleError:
        count, noun = int(wrong.sum()), "value" if self.numbers else "colour"
        if count > _MANY:
            text = f"the picture has {count} {noun}s that are not listed: it is anti-aliased, or was a JPEG"
            return SampleError(
                "id.unknown",
                f"{text}; get the labels as they were drawn, or take the nearest (--tolerance){self.advice}",
            )
        ranked = sorted(np.flatnonzero(wrong).tolist(), key=lambda row: -pixels[row])
        some = ", ".join(f"{self._shown(int(found[row]))} ({int(pixels[row])} pixels)" for row in ranked[:_SHOWN])
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        nearest = int(self._table[0][near[ranked[0]]])
        what = "not a" if self.numbers else "not in"
        near_by = f"the nearest is {self._named(near[ranked[0]])} {self._shown(nearest)}"
        text = f"the picture has the {noun} {some}{more}, {what} {self.name}; {near_by}"
        return SampleError("id.unknown", f"{text}: list it, or take the nearest with --tolerance{self.advice}")

    def _ambiguous(self, value: int, one: int, other: int) -> SampleError:
        both = f"{self._named(one)} and {self._named(other)}"
        text = f"{self._shown(value)} is as near to {both}"
        return SampleError("colors.tie", f"{text} in {self.name}; list it, or give a smaller --tolerance")

    def _named(self, row: int) -> str:
        column = int(self._table[1][row])
        return show(self.names[column]) if column < self.nothing else "void"

    def _shown(self, value: int) -> str:
        return str(value) if self.numbers else str(tuple(value >> shift & 255 for shift in (0, 8, 16)))


def with_near(values: Values, tolerance: int | None, categories: Iterable[Category]) -> Values:
    """The values, with those near them if there is a tolerance."""
    known = isinstance(values, ColorValues) or not tolerance or not values.rows
    return values if known else ColorValues.near(values, tolerance or 0, categories)
