"""The classes of one data set, or of two side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cocoseg.drawing.colors import class_colors
from cocoseg.errors import LabelError
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.losses import effective_number, inverse_frequency
from cocoseg.model import Category, Dataset
from cocoseg.page.words import name, percent, times, whole
from cocoseg.runs.tally import counted
from cocoseg.stats.category_rules import RARE, RARE_SHARE, rare_bound
from cocoseg.stats.classes import ClassStatistics
from cocoseg.stats.findings import Side

_ABSENT = ClassStatistics()


@dataclass(frozen=True)
class Shares:
    """A class in one data set. ``share`` is its part of all labelled pixels, ``often`` its part of all images."""

    stats: ClassStatistics
    share: float
    often: float
    is_few: bool

    @property
    def median(self) -> str:
        """The middle area of its segments, in pixels; where it is that of a bin, it says so."""
        areas = self.stats.areas
        if not areas.total:
            return "–"
        return whole(areas.median) if areas.total <= 2 or areas.median < 32 else f"≈ {whole(areas.median)}"


_NONE = Shares(_ABSENT, 0.0, 0.0, False)


@dataclass(frozen=True)
class ClassRow:
    """A class: its category ids where it is one of them, and what is known of it on each side."""

    title: str
    ids: tuple[int | None, ...]
    kind: str
    color: str
    sides: tuple[Shares, ...]

    @property
    def name(self) -> str:
        """The name as it is shown."""
        return name(self.title) if self.title.strip() else "(no name)"

    @cached_property
    def mean(self) -> float:
        """Its share of pixels, the mean of all sides."""
        return sum(side.share for side in self.sides) / len(self.sides)

    @cached_property
    def apart(self) -> float:
        """How unlike two sides are, in factors of e: infinite where one of them has no image of it."""
        first, second = (side.often for side in self.sides)
        if not first or not second:
            return 0.0 if first == second else math.inf
        return abs(math.log(second / first))

    def difference(self, names: Sequence[str]) -> str:
        """How much more often it is in the images of the second side, in words."""
        first, second = (side.often for side in self.sides)
        if not first and not second:
            return "–"
        if not first or not second:
            return f"only in {name(names[1 if second else 0], 20)}"
        return times(second / first)


def class_rows(sides: Sequence[Side]) -> list[ClassRow]:
    """All classes: of one data set the largest first, of two those that differ most first. Names join two sides."""
    tables = [_by_name(side) for side in sides]
    shares = [_shares(side) for side in sides]
    titles = list(dict.fromkeys(title for table in tables for title in table))
    colors = [_colors(side.dataset) for side in sides]
    kinds = [{row.id: _kind(row) for row in side.dataset.categories} for side in sides]
    rows = [_row(title, tables, shares, colors, kinds) for title in titles]
    if len(sides) == 1:
        return sorted(rows, key=lambda row: (-row.sides[0].stats.pixels, -row.sides[0].stats.images))
    return sorted(rows, key=lambda row: (-row.apart, -row.mean))


def _row(
    title: str,
    tables: Sequence[dict[str, int]],
    shares: Sequence[dict[int, Shares]],
    colors: Sequence[dict[int, str]],
    kinds: Sequence[dict[int, str]],
) -> ClassRow:
    ids = tuple(table.get(title) for table in tables)
    k, number = next((k, number) for k, number in enumerate(ids) if number is not None)
    known = (_NONE if one is None else found.get(one, _NONE) for one, found in zip(ids, shares, strict=True))
    return ClassRow(title, ids, kinds[k].get(number, ""), colors[k].get(number, ""), tuple(known))


def names_of(side: Side) -> dict[int, str]:
    """The names of categories as they are shown, by id, for those too that are not listed."""
    listed = {row.id: name(row.name) for row in side.dataset.categories}
    return {number: f"category {number}" for number in side.statistics.classes} | listed


def _by_name(side: Side) -> dict[str, int]:
    """The ids of categories by their names; of equal names, all but the first have their id added."""
    found: dict[str, int] = {}
    for row in side.dataset.categories:
        if row.unused_root or (row.ignored and not side.statistics.classes[row.id].images):
            continue
        found.setdefault(row.name if row.name not in found else f"{row.name} ({row.id})", row.id)
    listed = {row.id for row in side.dataset.categories}
    return found | {f"category {number}": number for number in side.statistics.classes if number not in listed}


def _shares(side: Side) -> dict[int, Shares]:
    stats = side.statistics
    pixels = sum(row.pixels for row in stats.classes.values())
    bound = rare_bound(stats.classes)
    return {
        number: Shares(
            row,
            row.pixels / pixels if pixels else 0.0,
            row.images / stats.images if stats.images else 0.0,
            0 < row.images <= bound,
        )
        for number, row in stats.classes.items()
    }


def _kind(category: Category) -> str:
    return {True: "thing", False: "stuff", None: ""}[category.isthing]


def scheme_of(dataset: Dataset) -> LabelScheme | None:
    """The scheme of a data set's own categories, or None where they cannot be classes."""
    try:
        return label_scheme("index", dataset)
    except LabelError:
        return None


def _colors(dataset: Dataset) -> dict[int, str]:
    """The colours of classes by category id, as CSS has them."""
    if (scheme := scheme_of(dataset)) is None:
        return {}
    table = class_colors(scheme)
    shown = {number: index for number, index in scheme.class_of.items() if index != scheme.void}
    return {number: "#{:02x}{:02x}{:02x}".format(*table[index].tolist()) for number, index in shown.items()}


@dataclass(frozen=True)
class Weights:
    """Weights of classes as a line of Python, and how they are made."""

    title: str
    text: str


def weights(side: Side) -> list[Weights]:
    """Weights in the order of class indices, by pixels and by images; none where nothing is labelled."""
    scheme, stats = scheme_of(side.dataset), side.statistics
    if scheme is None or not stats.areas.total:
        return []
    pixels, images = np.zeros((2, scheme.num_classes), np.int64)
    for number, row in stats.classes.items():
        index = scheme.class_of.get(number, scheme.void)
        if index < scheme.num_classes:
            pixels[index] += row.pixels
            images[index] += row.images
    if scheme.outside < scheme.num_classes:
        pixels[scheme.outside] += stats.uncovered - stats.void
        images[scheme.outside] = stats.images
    lines = ", ".join(f"{k} {name(title or '-', 24)}" for k, title in enumerate(scheme.names[:6]))
    order = f"# {scheme.num_classes} classes: {lines}{', ...' if scheme.num_classes > 6 else ''}"
    return [
        Weights("inverse_frequency, by pixels", f"{order}\nweights = {_list(inverse_frequency(pixels).tolist())}"),
        Weights("effective_number, by images", f"{order}\nweights = {_list(effective_number(images).tolist())}"),
    ]


def _list(values: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:.4g}' for value in values)}]"


def rule(side: Side) -> str:
    """When a class is under-represented, as the finding ``class.rare`` has it."""
    bound = rare_bound(side.statistics.classes)
    if not bound:
        return f"none can be, where each is in fewer than {RARE_SHARE} images"
    return f"in {counted(bound, 'image')} or fewer: at most {RARE}, and a {RARE_SHARE}th of the most frequent class"


def few(rows: Sequence[ClassRow], side: int) -> list[str]:
    """The names of the classes that are under-represented on a side, those in the fewest images first."""
    found = [row for row in rows if row.sides[side].is_few]
    return [row.name for row in sorted(found, key=lambda row: row.sides[side].stats.images)]


def said(row: Shares) -> str:
    """A class in a few words."""
    return f"{percent(row.share)} of the labelled pixels, in {whole(row.stats.images)} images"
