"""A scheme told of what it can't know: categories that a class map merged, and what class maps leave unsaid.

Class maps know fewer categories than their data set had: ``detectron2-fpn`` has one class for 80 things. Read back,
that class is a category of its own, which goes where all of the 80 go, if they go to one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cocoseg.errors import Problem, show
from cocoseg.labels.scheme import LabelClass, LabelScheme
from cocoseg.model import Category, Dataset


def with_merged(scheme: LabelScheme, categories: Sequence[Category]) -> LabelScheme:
    """The scheme, in which merged categories are what all of their parts are.

    >>> scheme = LabelScheme("two", (LabelClass(0, "road", (7, 8)), LabelClass(1, "sky", (23,))))
    >>> with_merged(scheme, [Category(24, "flat", merged=(7, 8))]).class_of
    {7: 0, 8: 0, 24: 0, 23: 1}
    """
    for category in categories:
        if category.merged is not None and category.id not in scheme.class_of:
            known = _with_parts if category.merged else _with_background
            scheme = known(scheme, category)
    return scheme


def fitted(scheme: LabelScheme, dataset: Dataset) -> LabelScheme:
    """The scheme as a data set can be labelled with: void that its pictures have stays void, groups are no crowds."""
    if dataset.conventions.unlabelled == "void":
        scheme = replace(scheme, unlabelled=None)
    if dataset.conventions.grouped and scheme.crowd != "class":
        text = (
            f"crowd = {scheme.crowd!r} of labels {show(scheme.name)} is left out: class maps tell no crowd from others"
        )
        scheme = replace(scheme, crowd="class", problems=(*scheme.problems, Problem("label.crowd", text)))
    return scheme


def _with_parts(scheme: LabelScheme, category: Category) -> LabelScheme:
    """Several categories in one; where they are of different classes it stays unknown."""
    values = {scheme.class_of.get(part) for part in category.merged or ()}
    if len(values) > 1 or None in values:
        return scheme
    return _beside(scheme, category, next(iter(category.merged or ())))


def _beside(scheme: LabelScheme, category: Category, other: int) -> LabelScheme:
    """The category goes where another one goes."""
    if other in scheme.ignored:
        return replace(scheme, ignored=(*scheme.ignored, category.id))
    row = next(row for row in scheme.classes if other in row.category_ids)
    return _with_class(scheme, replace(row, category_ids=(*row.category_ids, category.id)))


def _with_background(scheme: LabelScheme, category: Category) -> LabelScheme:
    """What no category is goes to the class of its name, or else where pixels go that nobody labelled."""
    rows = [row for row in scheme.classes if not row.category_ids]
    row = next((row for row in rows if row.name == category.name), None)
    if row is None and scheme.unlabelled is None:
        return replace(scheme, ignored=(*scheme.ignored, category.id))
    row = row or next((row for row in scheme.classes if row.index == scheme.outside), None)
    row = row or LabelClass(scheme.outside, category.name, (), False)
    return _with_class(scheme, replace(row, category_ids=(*row.category_ids, category.id)))


def _with_class(scheme: LabelScheme, changed: LabelClass) -> LabelScheme:
    """The scheme with a class changed, or added."""
    rows = {row.index: row for row in scheme.classes} | {changed.index: changed}
    return replace(scheme, classes=tuple(rows.values()))
