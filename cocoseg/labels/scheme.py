"""A label scheme as one frozen value: category id → class index, and all other decisions about labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import default_color
from cocoseg.errors import LabelError, Problem, show, suggestion

Color = tuple[int, int, int]
Crowd = Literal["class", "void", "drop"]
Things = Literal["keep", "merge", "drop"]
Unknown = Literal["error", "void", "drop"]
Overlap = Literal["file", "area", "score", "void", "error"]

BLACK, VOC_BORDER = (0, 0, 0), (224, 224, 192)
LIMIT = 65535  # the largest value of a 16-bit PNG


@dataclass(frozen=True)
class LabelClass:
    """A class: its number in the map, and the categories that belong to it."""

    index: int
    name: str
    category_ids: tuple[int, ...] = ()
    isthing: bool | None = None
    color: Color | None = None


@dataclass(frozen=True)
class LabelScheme:
    """How segments become classes.

    * ``classes``: the classes; their indices may have gaps.
    * ``void``: the value of pixels whose class is unknown (``ignore_index``).
    * ``unlabelled``: the value of pixels that no segment covers; None is void.
    * ``crowd``: a crowd segment is painted as its class, as void, or not at all (``drop``).
    * ``things``: thing classes stay (``keep``), become one class with the lowest of their indices (``merge``), or are
      not painted (``drop``).
    * ``unknown``: a segment whose category the scheme does not list is an error, void, or not painted (``drop``).
    * ``overlap``: where masks overlap, the later in the file is on top (``file``), the smaller (``area``), or the one
      with the higher score (``score``); or contested pixels are void (``void``) or an error (``error``). None is
      ``score`` where every mask of an image has one, else ``file``.
    * ``ignored``: category ids that become void without an error.
    * ``problems``: problems of the categories that the scheme was made for.

    Raises LabelError: ``label.range``, ``label.collision``, ``label.type``; ``doc.missing_key`` if ``things`` are
    not kept and a class has no ``isthing``.

    >>> scheme = LabelScheme("two", (LabelClass(0, "road", (7,)), LabelClass(1, "sky", (23,))))
    >>> scheme.lookup(np.array([23, 7]), np.array([False, False]))[0]
    array([1, 0], dtype=uint8)
    """

    name: str
    classes: tuple[LabelClass, ...]
    void: int = 255
    unlabelled: int | None = None
    crowd: Crowd = "class"
    things: Things = "keep"
    unknown: Unknown = "error"
    ignored: tuple[int, ...] = ()
    overlap: Overlap | None = None
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        _check_choices(self)
        _check_numbers(self)
        _check_categories(self)
        _check_colors(self)
        _check_kinds(self)

    @cached_property
    def outside(self) -> int:
        """The value of pixels that no segment covers."""
        return self.void if self.unlabelled is None else self.unlabelled

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """uint8 while void and every index fit, else uint16."""
        largest = max([self.void, self.outside, *(row.index for row in self.classes)])
        return np.dtype(np.uint8 if largest <= 255 else np.uint16)

    @cached_property
    def num_classes(self) -> int:
        """C, one more than the largest class index or background value: the channels of a network's output.

        >>> LabelScheme("two", (LabelClass(1, "road", (7,)), LabelClass(3, "sky", (23,)))).num_classes
        4
        """
        background = [] if self.unlabelled in (None, self.void) else [self.outside]
        return max([row.index for row in self.table] + background, default=0) + 1

    @cached_property
    def names(self) -> tuple[str | None, ...]:
        """The class names by index, C of them; None for an index that no pixel can have.

        >>> LabelScheme("two", (LabelClass(1, "road", (7,)), LabelClass(3, "sky", (23,))), unlabelled=0).names
        ('unlabelled', 'road', None, 'sky')
        """
        names = {self.outside: "unlabelled"} | {row.index: row.name for row in self.table}
        names.pop(self.void, None)
        return tuple(names.get(index) for index in range(self.num_classes))

    @cached_property
    def table(self) -> tuple[LabelClass, ...]:
        """The classes that can occur, by index, after ``things`` has been applied."""
        rows = sorted(self.classes, key=lambda row: row.index)
        things = [row for row in rows if row.isthing]
        if self.things == "keep" or not things:
            return tuple(rows)
        rest = [row for row in rows if not row.isthing]
        if self.things == "drop":
            return tuple(rest)
        ids = tuple(sorted(category for row in things for category in row.category_ids))
        merged = replace(things[0], name="things", category_ids=ids)
        return tuple(sorted([merged, *rest], key=lambda row: row.index))

    @cached_property
    def stuff(self) -> frozenset[int]:
        """The indices of the classes that are stuff; those that do not say so count as things."""
        return frozenset(row.index for row in self.table if row.isthing is False)

    @cached_property
    def class_of(self) -> dict[int, int]:
        """Category id -> value in the map."""
        dropped = {category: self.outside for row in self.classes for category in row.category_ids}
        ignored = dict.fromkeys(self.ignored, self.void)
        return dropped | ignored | {category: row.index for row in self.table for category in row.category_ids}

    def lookup(
        self, category_ids: npt.NDArray[np.integer], iscrowd: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Category ids (n,) and crowd flags (n,) -> values in the map (n,), and which categories are known (n,) bool.

        Unknown categories get void; with ``unknown='drop'`` they get the value of unlabelled pixels.
        """
        # Images list a few categories, for which a dict is faster than a search in arrays.
        ids, class_of = category_ids.tolist(), self.class_of
        known = np.array([category in class_of for category in ids], np.bool_)
        found = np.array([class_of.get(category, self.void) for category in ids], self.dtype)
        if self.crowd == "void":
            found[iscrowd] = self.void
        if self._drops:
            found[~self.painted(category_ids, iscrowd)] = self.outside
        return found, known

    def painted(self, category_ids: npt.NDArray[np.integer], iscrowd: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which segments are painted: (n,) bool. The pixels of the others are unlabelled."""
        kept = np.ones(len(category_ids), np.bool_)
        if not self._drops:
            return kept
        if self.things == "drop":
            things = [category for row in self.classes if row.isthing for category in row.category_ids]
            kept &= ~np.isin(category_ids, things)
        if self.unknown == "drop":
            kept &= np.isin(category_ids, list(self.class_of))
        return kept & ~iscrowd if self.crowd == "drop" else kept

    @property
    def numbers(self) -> tuple[object, ...]:
        """All that decides class indices: the scheme without names and colours, as plain values."""
        classes = [(row.index, row.category_ids, row.isthing) for row in self.classes]
        choices = (self.crowd, self.things, self.unknown, self.overlap, self.ignored)
        return (self.void, self.outside, *choices, classes)

    def with_unlabelled(self, what: Literal["background", "void"]) -> LabelScheme:
        """The same scheme, with background (0) or void for pixels that no segment covers.

        Raises LabelError ``label.collision`` where a class has the number 0.
        """
        if what == "background":
            check_unlabelled(self, 0)
        return replace(self, unlabelled=0 if what == "background" else None)

    @property
    def _drops(self) -> bool:
        """Whether some segments are not painted."""
        return "drop" in (self.crowd, self.things, self.unknown)

    @cached_property
    def palette(self) -> tuple[Color, ...]:
        """A colour for each of the 256 values of an 8-bit map; void and unlabelled pixels are black.

        Void is that of VOC's borders where a class is black.

        Raises LabelError ``label.range`` where the map has 16 bits, which a PNG palette does not support.
        """
        if self.dtype != np.uint8:
            raise LabelError("label.range", f"labels {show(self.name)} need 16 bits; a PNG palette has 256 colours")
        colors = [default_color(value) for value in range(256)]
        for row in self.table:
            colors[row.index] = row.color or colors[row.index]
        taken = any(row.color == BLACK and row.index != self.void for row in self.table)
        colors[self.outside] = BLACK
        colors[self.void] = VOC_BORDER if taken else BLACK
        return tuple(colors)


def check_unlabelled(scheme: LabelScheme, number: int) -> None:
    """Raises LabelError ``label.collision`` if a number for unlabelled pixels is that of a class with categories."""
    first = next((row for row in scheme.table if row.index == number and row.category_ids), None)
    if first:
        text = f"{number} is class {show(first.name)}, so background cannot be {number}"
        raise _wrong(scheme, "label.collision", text)


def _check_choices(scheme: LabelScheme) -> None:
    choices: dict[str, tuple[str, ...]] = {
        "crowd": ("class", "void", "drop"),
        "things": ("keep", "merge", "drop"),
        "unknown": ("error", "void", "drop"),
    }
    choices["overlap"] = ("file", "area", "score", "void", "error")
    for field, allowed in choices.items():
        value = getattr(scheme, field)
        if value not in allowed and (field, value) != ("overlap", None):
            text = f"{field} is {show(value)}, expected one of {', '.join(allowed)}{suggestion(value, allowed)}"
            raise _wrong(scheme, "label.type", text)
    if not scheme.classes:
        raise _wrong(scheme, "label.type", "no classes, expected at least one")


def _check_numbers(scheme: LabelScheme) -> None:
    numbers = [("void", scheme.void), ("unlabelled", scheme.outside)]
    numbers += [(f"class {show(row.name)}", row.index) for row in scheme.classes]
    for what, value in numbers:
        if type(value) is not int or not 0 <= value <= LIMIT:
            raise _wrong(scheme, "label.range", f"{what} is {show(value)}, expected an integer from 0 to {LIMIT}")
    indices = [row.index for row in scheme.classes]
    if (twice := _first_repeated(indices)) is not None:
        raise _wrong(scheme, "label.collision", f"two classes have index {twice}; give them different ones")
    if scheme.void in indices:
        raise _wrong(scheme, "label.collision", f"void and a class are both {scheme.void}; give them different numbers")


def _check_categories(scheme: LabelScheme) -> None:
    ids = [category for row in scheme.classes for category in row.category_ids] + list(scheme.ignored)
    if not ids:
        raise _wrong(scheme, "label.type", "no class has a category id, so nothing would be painted")
    for category in ids:
        if type(category) is not int or not -(2**63) <= category < 2**63:
            raise _wrong(scheme, "label.range", f"category id {show(category)} is not a 64-bit integer")
    if (twice := _first_repeated(ids)) is not None:
        raise _wrong(scheme, "label.collision", f"category id {twice} is listed twice; keep one of them")


def _check_colors(scheme: LabelScheme) -> None:
    for row in scheme.classes:
        if row.color is None:
            continue
        if len(row.color) != 3 or any(type(value) is not int or not 0 <= value <= 255 for value in row.color):
            found = f"class {show(row.name)} has color {show(row.color)}"
            raise _wrong(scheme, "label.color", f"{found}, expected three integers from 0 to 255")


def _check_kinds(scheme: LabelScheme) -> None:
    unknown = next((row for row in scheme.classes if row.isthing is None), None)
    if scheme.things != "keep" and unknown:
        found = f"class {unknown.index} {show(unknown.name)} is neither thing nor stuff by its categories"
        raise _wrong(
            scheme, "doc.missing_key", f"'isthing' is missing, which 'things' needs: {found}; add it to the class"
        )


def _first_repeated(numbers: Iterable[int]) -> int | None:
    seen: set[int] = set()
    return next((number for number in numbers if number in seen or seen.add(number)), None)  # type: ignore[func-returns-value]


def _wrong(scheme: LabelScheme, category: str, what: str) -> LabelError:
    return LabelError(category, f"labels {show(scheme.name)}: {what}")
