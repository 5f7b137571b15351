"""Finds the meaning of the values in label pictures, from a class table, a label scheme or a list of categories.

A class that merges several categories becomes a new category. So does background, if it is distinguished from void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from cocoseg.errors import CocosegError, DocumentError, LabelError, Problem, show
from cocoseg.files import places
from cocoseg.files.names import REPORT
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps.classes import Values
from cocoseg.formats.maps.config import read_config
from cocoseg.formats.maps.layouts import Layout
from cocoseg.labels import LabelClass, LabelScheme, label_scheme
from cocoseg.labels.names import plain
from cocoseg.labels.presets import BACKGROUND_NAMES, official_categories, official_values
from cocoseg.labels.schemefile import scheme_from
from cocoseg.model import Category
from cocoseg.runs.report import read_report

_SOME = 3  # names that are no coincidence


class Meaning(NamedTuple):
    """The categories of a folder, and the values that stand for them.

    * ``by_id``: values are the ids of listed categories. ``certain``: the data set, or the run that wrote it, says so.
    * ``background``: what no category covers is background, not void.
    * ``read_as``: what the pictures were taken for, if that was found by looking at them.
    * ``roots``: listed categories that are no values, because they only group others.
    * ``problems``: what makes the list of categories doubtful.
    """

    categories: tuple[Category, ...]
    values: Values
    by_id: bool = False
    certain: bool = False
    background: bool = False
    read_as: str = ""
    roots: tuple[Category, ...] = ()
    problems: tuple[Problem, ...] = ()


def meaning(
    folder: str,
    layout: Layout,
    categories: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    config: str = "",
    numbers: str = "",
) -> Meaning | None:
    """The categories of a folder, and the values that stand for them; None if the meaning is unknown.

    ``config`` is a file of the data set that lists its classes. ``numbers`` is the preset that the pictures were made
    with, if their values are not ids.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; LabelError, UsageError for ``source_labels``.
    """
    listed = () if categories is None else read_categories(categories, doubtful=(0,))
    official = read_config(config) if config else official_categories(layout.table) if layout.table else ()
    scheme = label_scheme(numbers, official) if numbers else None
    own = {row.id: row.id for row in official} if config else official_values(layout.table) if official else {}
    value_of = scheme.class_of if scheme else own
    by_value = bool(listed) and not _have_ids(listed, official, value_of)
    if scheme and not by_value:
        return _of_scheme(scheme, listed or official)._replace(certain=True)
    if official:
        rows = _with_background(listed or official, layout.background)
        values = {} if by_value else value_of
        moved = _moved(folder, listed, official, value_of) if by_value else ()
        return _of_ids(rows, layout.void, values)._replace(certain=not layout.binary, problems=moved)
    if source_labels is not None and "source_labels" in layout.options:
        return _of_scheme(_named(folder, source_labels, listed), listed)
    if "source_labels" in layout.options and (scheme := _reported(folder)):
        return _of_scheme(scheme, listed)._replace(certain=True)
    return _of_ids(listed, layout.void) if listed else None


def _have_ids(listed: Sequence[Category], official: Sequence[Category], value_of: Mapping[int, int]) -> bool:
    """Whether listed categories have the ids of the class table more often than the values in its pictures."""
    name_of = {row.id: plain(row.name) for row in official}
    of_value = {value: name_of[number] for number, value in value_of.items() if number in name_of}
    by_id, by_value = (sum(names.get(row.id) == plain(row.name) for row in listed) for names in (name_of, of_value))
    return by_id > by_value


def _moved(
    folder: str, listed: Sequence[Category], official: Sequence[Category], value_of: Mapping[int, int]
) -> tuple[Problem, ...]:
    """A problem if most listed categories have names of the class table, but not the values of these."""
    known = {plain(row.name): value_of[row.id] for row in official if row.id in value_of}
    moved = [row for row in listed if known.get(plain(row.name), row.id) != row.id]
    if len(moved) < _SOME or 2 * len(moved) <= len(listed):
        return ()
    first = moved[0]
    text = f"--categories has {first.id} for {show(first.name)}, which is {known[plain(first.name)]} in this data set"
    rest = f"and {len(moved) - 1} more differ; the pictures are read as --categories says"
    advice = "leave it out if they are as the data set has them"
    return (Problem("maps.classes", f"{folder}: {text}, {rest}; {advice}"),)


def nothing() -> Values:
    """Values whose meaning is unknown."""
    return Values.of("value", (), ())


def _of_ids(listed: tuple[Category, ...], void: tuple[int, ...], value_of: Mapping[int, int] | None = None) -> Meaning:
    """A value for each category, except for those that only group others: its id, or ``value_of[id]``."""
    roots = tuple(row for row in listed if row.unused_root)
    categories = tuple(row for row in listed if not row.unused_root) if roots else listed
    known = value_of or {}
    pairs = ((known.get(row.id, row.id), row) for row in categories if not known or row.id in known)
    values = Values.of("category id", pairs, void)
    return Meaning(categories, values, by_id=True, roots=roots)


def root_problems(folder: str, meant: Meaning | None) -> tuple[Problem, ...]:
    """A problem that names the categories that only group others."""
    if meant is None or not meant.roots:
        return ()
    names = ", ".join(f"{row.id} ({show(row.name)})" for row in meant.roots[:5])
    text = f"category {names} only groups others as their 'supercategory', so it is not taken as a value"
    return (
        Problem("label.unused_root", f"{folder}: {text}; if it is one, leave out the 'supercategory' of the others"),
    )


def _with_background(categories: tuple[Category, ...], value: int | None) -> tuple[Category, ...]:
    """The categories with background marked as such; it is added if it is not listed."""
    if value is None:
        return categories
    rest = tuple(category for category in categories if category.id != value or category.unused_root)
    known = (category for category in categories if category.id == value and not category.unused_root)
    background = next(known, Category(value, "background"))
    return (replace(background, isthing=False, merged=()), *rest)


def _named(folder: str, labels: StrPath | LabelScheme, listed: tuple[Category, ...]) -> LabelScheme:
    try:
        return label_scheme(labels, listed)
    except LabelError as error:
        raise error.at(f"{folder}: source labels") from None


def _reported(folder: str) -> LabelScheme | None:
    """The scheme in the report of the run that wrote the folder, if there is one."""
    report = read_report(folder)
    if report.command != "to-semantic" or report.labels is UNSET:
        return None
    try:
        return scheme_from(msgspec.json.decode(report.labels))
    except (CocosegError, msgspec.DecodeError) as error:
        where = places.join(folder, REPORT)
        text = f"its labels can't be used ({error}); name the labels of these class maps with --source-labels"
        raise DocumentError("label.type", f"{where}: {text}") from None


def _of_scheme(scheme: LabelScheme, listed: tuple[Category, ...]) -> Meaning:
    """A category for each class, with the id of the one category that it stands for, or a new id."""
    known = {category.id: category for category in listed}
    taken = {*scheme.class_of, *known}
    found: list[tuple[int, Category]] = []
    for row in _classes(scheme):
        category = _category(row, known, taken)
        if row.index == 0 and row.name.lower() in BACKGROUND_NAMES:  # which maps made of maps list by its id
            category = replace(category, isthing=False, merged=())
        taken.add(category.id)
        found.append((row.index, category))
    ranked = sorted((category for _, category in found), key=lambda category: category.id)
    return Meaning(tuple(ranked), Values.of(f"class of labels {show(scheme.name)}", found, (scheme.void,)))


def _classes(scheme: LabelScheme) -> tuple[LabelClass, ...]:
    """The classes that a class map can hold, with background if it is not void."""
    if scheme.outside == scheme.void or any(row.index == scheme.outside for row in scheme.table):
        return scheme.table
    return (*scheme.table, LabelClass(scheme.outside, "background", (), False))


def _category(row: LabelClass, known: dict[int, Category], taken: set[int]) -> Category:
    if len(row.category_ids) == 1:
        category = known.get(row.category_ids[0], Category(row.category_ids[0], row.name, None, row.color))
        return replace(category, isthing=row.isthing) if category.isthing is None else category
    new = max(*taken, 0) + 1
    if not row.category_ids and row.index not in taken:
        new = row.index
    return Category(new, row.name, row.isthing, row.color, merged=row.category_ids)
