"""Adapts a scheme to a data set: what its categories are, and class maps.

Class maps have fewer categories than the data set that they were made from: ``detectron2-fpn`` has one class for 80
things. When such maps are read, that class is one merged category. It gets the class that all 80 things have, if they
have the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cocoseg.errors import LabelError, Problem, show
from cocoseg.labels.presets import BACKGROUND_NAMES, is_thing
from cocoseg.labels.scheme import LabelClass, LabelScheme, Things
from cocoseg.model import Category, Conventions


def with_merged(scheme: LabelScheme, categories: Sequence[Category]) -> LabelScheme:
    """The scheme with each merged category in the class that all of its parts have.

    >>> scheme = LabelScheme("two", (LabelClass(0, "road", (7, 8)), LabelClass(1, "sky", (23,))))
    >>> with_merged(scheme, [Category(24, "flat", merged=(7, 8))]).class_of
    {7: 0, 8: 0, 24: 0, 23: 1}
    """
    for category in categories:
        if category.merged is not None and category.id not in scheme.class_of:
            known = _with_parts if category.merged else _with_background
            scheme = known(scheme, category)
    return scheme


def with_kinds(scheme: LabelScheme, categories: Sequence[Category]) -> LabelScheme:
    """The scheme, in which a class that does not say whether it is a thing is what all of its categories are.

    >>> scheme = LabelScheme("two", (LabelClass(0, "car", (26,)), LabelClass(1, "flat", (7, 8), True)))
    >>> rows = [Category(26, "car", True), Category(7, "road", False)]
    >>> [row.isthing for row in with_kinds(scheme, rows).classes]
    [True, True]
    """
    if not categories or all(row.isthing is not None for row in scheme.classes):
        return scheme
    kinds = {category.id: is_thing(category) for category in categories}
    classes = tuple(replace(row, isthing=_kind(row, kinds)) for row in scheme.classes)
    return scheme if classes == scheme.classes else replace(scheme, classes=classes)


def with_things(scheme: LabelScheme, things: Things, categories: Sequence[Category]) -> LabelScheme:
    """The scheme with its things kept, merged or dropped, which the categories say where its classes do not.

    Raises LabelError ``doc.missing_key`` where neither says it.
    """
    return scheme if things == "keep" else replace(with_kinds(scheme, categories), things=things)


def _kind(row: LabelClass, kinds: Mapping[int, bool | None]) -> bool | None:
    """Whether a class is a thing; one without categories is none, one of both kinds is unknown."""
    if row.isthing is not None or not row.category_ids:
        return bool(row.isthing)
    found = {kinds[category] for category in row.category_ids if category in kinds}
    return found.pop() if len(found) == 1 else None


def fitted(scheme: LabelScheme, conventions: Conventions, decided: bool = False) -> LabelScheme:
    """The scheme as it applies to a data set: void in class maps stays void, and grouped things are not crowds.

    If ``unlabelled`` was ``decided`` for the data set, 0 in class maps gets it where it is not listed.
    """
    if conventions.unlabelled == "void" and not decided:
        scheme = replace(scheme, unlabelled=None)
    if conventions.grouped and scheme.crowd != "class":
        text = f"crowd = {scheme.crowd!r} of labels {show(scheme.name)} is not applied: class maps do not mark crowds"
        scheme = replace(scheme, crowd="class", problems=(*scheme.problems, Problem("label.crowd", text)))
    return scheme


def check_no_background(scheme: LabelScheme, categories: Sequence[Category], chosen_by: str) -> None:
    """Raises LabelError ``label.collision`` where class maps list background, or 0 with a class of the scheme.

    ``chosen_by`` is what makes unlabelled pixels background, in words.
    """
    for row in categories:
        if text := _no_background(row, row.id == 0 and 0 in scheme.class_of):
            found = f"category {row.id} {show(row.name)} is {text}"
            raise LabelError("label.collision", f"{found}; leave {chosen_by} out")


def _no_background(row: Category, is_zero: bool) -> str:
    """Why unlabelled pixels of class maps with this category are not background, in words; nothing if they may be."""
    if row.merged == () or row.name.lower() in BACKGROUND_NAMES:
        return "background already, so that unlabelled pixels are void"
    return "listed, so that 0 is not unlabelled" if is_zero else ""


def _with_parts(scheme: LabelScheme, category: Category) -> LabelScheme:
    """Add a category merged from several; it stays unknown if these have different classes."""
    values = {scheme.class_of.get(part) for part in category.merged or ()}
    if len(values) > 1 or None in values:
        return scheme
    return _beside(scheme, category, next(iter(category.merged or ())))


def _beside(scheme: LabelScheme, category: Category, other: int) -> LabelScheme:
    """Give the category the class of another one."""
    if other in scheme.ignored:
        return replace(scheme, ignored=(*scheme.ignored, category.id))
    row = next(row for row in scheme.classes if other in row.category_ids)
    return _with_class(scheme, replace(row, category_ids=(*row.category_ids, category.id)))


def _with_background(scheme: LabelScheme, category: Category) -> LabelScheme:
    """Give a background category the class of its name, or else the value of unlabelled pixels."""
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
