"""Compares the categories of a data set with the class table of a preset, before an image is converted.

The numbers of such a preset are those of its table's category ids. In another data set the same ids mean other classes,
so a car would become a person. Subsets of COCO, its names without suffixes, and merged classes of class maps agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from cocoseg.errors import LabelError, Problem, show
from cocoseg.labels.presets import PRESETS, official_categories
from cocoseg.labels.scheme import LabelScheme
from cocoseg.model import Category

Names = Mapping[int, tuple[str, ...]]

_SEPARATORS = re.compile(r"[\s_-]+")
_SUFFIXES = re.compile(r"(-(other|merged|stuff))+$")
_TABLES = tuple(dict.fromkeys(preset.table for preset in PRESETS.values() if preset.table))


def check_names(preset: str, scheme: LabelScheme, categories: Sequence[Category]) -> tuple[Problem, ...]:
    """A problem if some categories have other names than in the class table of the preset that a scheme is made from.

    Raises LabelError ``label.names`` if fewer than half have the ids and names of the table, or if the scheme lacks
    some and another table fits better.
    """
    table = PRESETS[preset].table
    listed = [row for row in categories if row.merged != () and not row.unused_root]
    rows = [row for row in listed if row.id not in scheme.ignored or (table and row.id in _official(table))]
    if table is None or not rows:
        return ()
    names = _official(table) | _own(scheme, _official(table))
    strict = scheme.unknown == "error"
    known = [row for row in rows if strict or row.merged or row.id in scheme.class_of]
    agreed = sum(_agrees(row, names) for row in known)
    official = sum(_agrees(row, _official(table)) for row in rows)
    fitting = _fitting(rows, official)
    lacking = [row for row in rows if not row.merged and row.id not in scheme.class_of]
    if not known and 2 * official >= len(rows):
        raise LabelError("label.names", f"{_lacked(preset, rows, lacking)}; {_advice(preset, _fitting(rows, 0))}")
    if (strict and fitting and lacking) or 2 * agreed < len(known) or not known:
        text = _compared(preset, names, rows, len(listed), agreed) or _lacked(preset, rows, lacking)
        raise LabelError("label.names", f"{text}; {_advice(preset, fitting)}")
    return _differing(preset, names, known)


def plain(name: str) -> str:
    """A class name in small letters without COCO's suffixes, which several tools leave out, and with one separator.

    >>> plain("floor-other-merged"), plain("Traffic_light")
    ('floor', 'traffic-light')
    """
    return _SUFFIXES.sub("", _SEPARATORS.sub("-", name.strip().lower()))


@cache
def _official(table: str) -> dict[int, tuple[str, ...]]:
    """The name of each category that occurs, by its id."""
    return {row.id: (row.name,) for row in official_categories(table, annotated_only=True)}


def _own(scheme: LabelScheme, official: Names) -> dict[int, tuple[str, ...]]:
    """The same with the names of the scheme's classes, and those of categories that only the scheme knows."""
    rows = [(row.category_ids[0], row.name) for row in scheme.classes if len(row.category_ids) == 1]
    return {number: (*official.get(number, ()), name) for number, name in rows}


def _agrees(category: Category, names: Names) -> bool:
    if category.merged:
        return names.keys() >= set(category.merged)
    return plain(category.name) in map(plain, names.get(category.id, ()))


def _fitting(rows: Sequence[Category], agreed: int) -> list[str]:
    """The presets of a table that agrees with more categories, and with at least half."""
    counts = {table: sum(_agrees(row, _official(table)) for row in rows) for table in _TABLES}
    better = [table for table, count in counts.items() if count > agreed and 2 * count >= len(rows)]
    return [name for name, preset in PRESETS.items() if preset.table in better and _is_for(name, rows)]


def _is_for(preset: str, rows: Sequence[Category]) -> bool:
    """Whether at least half of the categories have a class in a preset, or it makes all others void."""
    scheme = PRESETS[preset].build(())
    return scheme.unknown == "void" or 2 * sum(row.id in scheme.class_of for row in rows) >= len(rows)


def _compared(preset: str, names: Names, rows: Sequence[Category], listed: int, agreed: int) -> str:
    """How the categories differ from the class table, in words; nothing if they agree."""
    first = next((row for row in rows if not _agrees(row, names)), None)
    if first is None:
        return ""
    there = f"{show(names[first.id][0])} there" if first.id in names else "not listed there"
    found = f"of {listed} categories, {agreed} have an id and name of its class table"
    return f"labels {preset!r} are for other categories: {found} (id {first.id} is {show(first.name)} here, {there})"


def _lacked(preset: str, rows: Sequence[Category], lacking: Sequence[Category]) -> str:
    """Which categories have no class, in words."""
    first = f"category {lacking[0].id} ({show(lacking[0].name)})"
    if len(rows) == 1:
        return f"labels {preset!r} do not list {first}"
    if len(lacking) == len(rows):
        text = f"labels {preset!r} list none of the {len(rows)} categories"
        return f"{text} (the first is {lacking[0].id}, {show(lacking[0].name)})"
    return f"labels {preset!r} list {len(rows) - len(lacking)} of the {len(rows)} categories, and not {first}"


def _advice(preset: str, fitting: Sequence[str]) -> str:
    if fitting:
        return f"presets for these categories are {', '.join(fitting)}"
    own = PRESETS[preset].own
    if own == "index":
        return "use labels 'index' or a scheme file"
    return f"use labels {own!r}, which has the same layout for any categories that have 'isthing', or 'index'"


def _differing(preset: str, names: Names, rows: Sequence[Category]) -> tuple[Problem, ...]:
    other = [row for row in rows if row.id in names and not _agrees(row, names)]
    if not other:
        return ()
    first = other[0]
    count = "1 category has another name" if len(other) == 1 else f"{len(other)} categories have other names"
    text = (
        f"{count} than in the class table of {preset!r}: id {first.id} is "
        f"{show(first.name)} in the file, {show(names[first.id][0])} in the table; is it the right preset?"
    )
    return (Problem("label.names", text),)
