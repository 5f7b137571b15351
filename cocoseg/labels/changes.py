"""Changes to the scheme of a preset: the fields beside it in a scheme file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cocoseg.labels.fit import with_things
from cocoseg.labels.scheme import LabelClass, LabelScheme, check_unlabelled
from cocoseg.model import Category


def changed(
    scheme: LabelScheme, changes: Mapping[str, Any], raw: bool = False, categories: Sequence[Category] = ()
) -> LabelScheme:
    """The scheme with other values of its fields, checked against each other. ``categories`` say which are things.

    ``classes`` replace those of the same index and take their categories from the others; so do ``ignored`` ones. With
    ``things="merge"``, later classes move up, unless the indices are ``raw`` ids or have gaps.

    Raises LabelError as LabelScheme does, and ``label.collision`` if ``unlabelled`` is the number of a class.

    >>> scheme = LabelScheme("two", (LabelClass(0, "road", (7, 8)), LabelClass(1, "sky", (23,))))
    >>> changed(scheme, {"ignored": (8,)}).class_of
    {7: 0, 23: 1, 8: 255}
    """
    listed: Sequence[LabelClass] = changes.get("classes", ())
    ignored = tuple(dict.fromkeys((*scheme.ignored, *changes.get("ignored", ()))))
    others = _without(scheme.classes, {category for row in listed for category in row.category_ids}.union(ignored))
    rows = {row.index: row for row in (*others, *listed)}
    made = replace(scheme, **{**changes, "things": "keep", "ignored": ignored, "classes": tuple(rows.values())})
    made = with_things(made, changes.get("things", "keep"), categories)
    made = _closed_up(made) if changes.get("things") == "merge" and not raw else made
    if changes.get("unlabelled") not in (None, made.void):
        check_unlabelled(made, changes["unlabelled"])
    return made


def _without(classes: Sequence[LabelClass], taken: set[int]) -> tuple[LabelClass, ...]:
    rows = [(row, tuple(category for category in row.category_ids if category not in taken)) for row in classes]
    return tuple(row if kept == row.category_ids else replace(row, category_ids=kept) for row, kept in rows)


def _closed_up(scheme: LabelScheme) -> LabelScheme:
    """The scheme with its merged classes numbered without a gap, if there was none before."""
    first, count = min(row.index for row in scheme.classes), len(scheme.classes)
    if {row.index for row in scheme.classes} != set(range(first, first + count)):
        return scheme
    classes = tuple(replace(row, index=first + rank) for rank, row in enumerate(scheme.table))
    pairs = zip(scheme.table, classes, strict=True)
    background = {old.index: new.index for old, new in pairs if not old.category_ids}
    unlabelled = None if scheme.unlabelled is None else background.get(scheme.unlabelled, scheme.unlabelled)
    return replace(scheme, classes=classes, unlabelled=unlabelled)
