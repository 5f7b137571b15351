"""The groups of classes whose IoU is asked for: those of the categories, or those that a file names."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from cocoseg.errors import DocumentError, UsageError, show, suggestion
from cocoseg.files.csv import read_csv
from cocoseg.files.documents import read_document
from cocoseg.files.places import StrPath, place
from cocoseg.labels import LabelScheme
from cocoseg.model import Category

Groups = tuple[str | None, ...]
_EXAMPLE = '{"vehicle": ["car", "bus"]}'


def groups_of(wanted: StrPath, scheme: LabelScheme, categories: Sequence[Category]) -> Groups:
    """The group of each class (C,), None for a class without one.

    ``wanted`` is ``supercategory``, or a file: JSON ``{"group": ["class", ...]}`` or ``{"class": "group"}``, or CSV
    ``class,group``. Raises UsageError ``usage.groups`` where no class has a group, DocumentError ``doc.*``, ``csv.*``.
    """
    if wanted == "supercategory":
        return by_supercategory(scheme, categories)
    path = place(wanted)
    found = _in_csv(path) if posixpath.splitext(path)[1].lower() == ".csv" else _in_json(path)
    names = [name for name in scheme.names if name is not None]
    for name in found:
        if name not in names:
            text = f"{path}: {show(name)} is not a class{suggestion(name, names)}"
            raise DocumentError("groups.unknown", f"{text}; the classes are {', '.join(map(show, names[:5]))} ...")
    groups = tuple(None if name is None else found.get(name) for name in scheme.names)
    if not any(groups):
        raise UsageError("usage.groups", f"groups {show(path, 300)} names no class; write {_EXAMPLE}")
    return groups


def by_supercategory(scheme: LabelScheme, categories: Sequence[Category]) -> Groups:
    """The supercategory that all categories of a class have, for each class (C,).

    Raises UsageError ``usage.groups`` where none has one.
    """
    parent = {row.id: row.supercategory for row in categories}
    of_class = {row.index: {parent.get(category) for category in row.category_ids} for row in scheme.table}
    found = tuple(_only(of_class.get(index, set())) for index in range(scheme.num_classes))
    if not any(found):
        text = "groups is 'supercategory', but no category of the truth has one"
        raise UsageError("usage.groups", f"{text}; name a file of groups, {_EXAMPLE}")
    return found


def _only(names: set[str | None]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None


def _in_json(path: str) -> dict[str, str]:
    document: dict[str, Any] = read_document(path, dict[str, Any])
    found: dict[str, str] = {}
    for name, value in document.items():
        rows: Mapping[str, str]
        if isinstance(value, str):
            rows = {name: value}
        elif isinstance(value, list) and all(isinstance(row, str) for row in value):
            rows = dict.fromkeys(value, name)
        else:
            text = f"{path}: {show(name)} is {show(value)}, expected a list of class names, or the name of a group"
            raise DocumentError("doc.type", text)
        _add(path, found, rows)
    return found


def _in_csv(path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line, row in read_csv(path):
        if len(row) != 2:
            text = f"{path}: line {line} has {len(row)} fields, expected two: class,group"
            raise DocumentError("csv.syntax", text)
        if line > 1 or [name.strip().lower() for name in row] != ["class", "group"]:
            _add(path, found, {row[0].strip(): row[1].strip()})
    return found


def _add(path: str, found: dict[str, str], rows: Mapping[str, str]) -> None:
    for name, group in rows.items():
        if found.setdefault(name, group) != group:
            text = f"{path}: class {show(name)} is in two groups, {show(found[name])} and {show(group)}; choose one"
            raise DocumentError("groups.double", text)
