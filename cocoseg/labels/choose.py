"""The scheme for a data set, from the name of a preset or of a scheme file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from cocoseg.errors import LabelError, Problem, UsageError, nearest, show
from cocoseg.files.places import place
from cocoseg.labels import schemefile
from cocoseg.labels.changes import changed
from cocoseg.labels.fit import check_no_background, fitted, with_kinds, with_merged
from cocoseg.labels.names import check_names
from cocoseg.labels.presets import PRESETS, Preset, index_with_background
from cocoseg.labels.scheme import LabelScheme
from cocoseg.model import Categories, Category, Dataset


class _Wanted(NamedTuple):
    """The categories that a scheme is for, and whether their unlabelled pixels are background.

    ``asked`` is what the caller says of that; if None, a scheme file may decide.
    """

    categories: Sequence[Category]
    background: bool
    asked: bool | None


def label_scheme(
    labels: str | os.PathLike[str] | LabelScheme = "index",
    categories: Sequence[Category] | Dataset = (),
    *,
    background: bool | None = None,
    keep_unused_roots: bool = False,
) -> LabelScheme:
    """The scheme of a preset's name or of a scheme file (JSON, TOML), for a data set or its ``categories``.

    With ``background``, unlabelled pixels are background: ``index`` counts classes from 1, and unlabelled pixels are 0.
    By default a scheme file that changes ``index`` decides, or else the data set, also where only its
    ``dataset.categories`` are given; for other lists of categories, ``index`` counts from 0. A category that no
    annotation has, and that only groups others as their ``supercategory``, gets no class in a preset that numbers the
    data set's categories, and a problem names it; ``keep_unused_roots`` gives it one. Categories that a class map has
    merged get the class of their parts. Classes that do not say whether they are things are what their categories are.
    For class maps, ``unlabelled`` and ``crowd`` are not applied; with ``background``, 0 is background where it is not
    listed, and what they mark as void stays void.

    Raises UsageError ``label.preset`` for an unknown name, ``usage.labels``, ``usage.categories`` for values of other
    types; LabelError: ``doc.missing_key`` where categories are needed and missing, ``label.names`` where a preset is
    for other categories, ``label.collision`` where class maps list background already, and the errors of a scheme file.

    >>> label_scheme("mask2former").class_of[200]
    132
    >>> label_scheme("index", [Category(7, "road"), Category(23, "sky")]).class_of
    {7: 0, 23: 1}
    """
    rows = categories.categories if isinstance(categories, Dataset) else categories
    _check_types(labels, rows)
    if isinstance(labels, LabelScheme):
        scheme = labels
    else:
        kept = [replace(row, unused_root=False) for row in rows] if keep_unused_roots else rows
        otherwise = isinstance(rows, Categories) and rows.conventions.unlabelled == "background"
        wanted = _Wanted(kept, otherwise if background is None else background, background)
        scheme = _chosen(os.fspath(labels), wanted)
        if scheme.problems and isinstance(categories, Dataset):
            scheme = _naming(scheme, categories.source)
    scheme = with_merged(with_kinds(scheme, rows), rows)
    return _of_data_set(scheme, rows, bool(background)) if isinstance(rows, Categories) else scheme


def _of_data_set(scheme: LabelScheme, rows: Categories, background: bool) -> LabelScheme:
    if background and rows.conventions.unlabelled == "void":
        check_no_background(rows)
    return fitted(scheme, rows.conventions, background)


def _check_types(labels: object, rows: object) -> None:
    """Raises UsageError: ``usage.labels``, ``usage.categories``."""
    if not isinstance(labels, LabelScheme | str | os.PathLike):
        text = "expected a preset's name, a scheme file, or what cocoseg.label_scheme returns"
        raise UsageError("usage.labels", f"labels is {_kind(labels)}, {text}")
    if not isinstance(rows, Sequence) or not all(isinstance(row, Category) for row in rows):
        raise UsageError("usage.categories", f"categories is {_kind(rows)}, expected what cocoseg.read returns")


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def names_file(labels: str | os.PathLike[str] | LabelScheme) -> TypeGuard[str | os.PathLike[str]]:
    """Whether labels are named by a scheme file."""
    if isinstance(labels, LabelScheme) or labels in PRESETS:
        return False
    return Path(labels).suffix.lower() in (".json", ".toml")


def _naming(scheme: LabelScheme, source: str) -> LabelScheme:
    """The scheme, with its problems naming the source whose categories have them."""
    named = (row._replace(message=f"{source}: {row.message}") for row in scheme.problems)
    return replace(scheme, problems=tuple(named))


def _chosen(name: str, wanted: _Wanted) -> LabelScheme:
    if names_file(name):
        return _from_file(place(name), wanted)
    return _agreeing(name, _build(name, _preset(name), wanted), wanted)


def _agreeing(name: str, scheme: LabelScheme, wanted: _Wanted) -> LabelScheme:
    """The scheme made from a preset, with the problems of the categories. Raises LabelError ``label.names``."""
    problems = check_names(name, scheme, wanted.categories)
    return replace(scheme, problems=(*scheme.problems, *problems)) if problems else scheme


def _preset(name: str) -> Preset:
    if name in PRESETS:
        return PRESETS[name]
    near = nearest(name, PRESETS)
    there_are = f"{near} There" if near else "there"
    raise UsageError(
        "label.preset",
        f"no preset is called {show(name)}; {there_are} are {', '.join(PRESETS)}, or name a .json or .toml file",
    )


def _build(name: str, preset: Preset, wanted: _Wanted) -> LabelScheme:
    if preset.table is None and not wanted.categories:
        raise LabelError(
            "doc.missing_key",
            f"labels {name!r} follow the data set's categories, but there are none; give them with --categories FILE "
            "(in Python: categories=), or choose a preset with a class table",
        )
    if preset.table is None:
        return _numbered(
            index_with_background if name == "index" and wanted.background else preset.build, wanted.categories
        )
    return _with_table(name)


def _numbered(build: Callable[[Sequence[Category]], LabelScheme], categories: Sequence[Category]) -> LabelScheme:
    """The scheme of a preset that numbers the categories of the data set, without unused roots."""
    scheme = build([row for row in categories if not row.unused_root])
    roots = [row for row in categories if row.unused_root]
    return replace(scheme, problems=(*scheme.problems, _unused(roots))) if roots else scheme


def _unused(roots: Sequence[Category]) -> Problem:
    names = ", ".join(f"{row.id} ({show(row.name)})" for row in roots[:5])
    more = f" and {len(roots) - 5} more" if len(roots) > 5 else ""
    text = f"no annotation has category {names}{more}, which only groups others as their 'supercategory'"
    return Problem("label.unused_root", f"{text}; it gets no class unless --keep-unused-roots is given")


@cache
def _with_table(name: str) -> LabelScheme:
    """The scheme of a preset with a class table, made once, because loaders ask for it with every picture."""
    return PRESETS[name].build(())


def _from_file(path: str, wanted: _Wanted) -> LabelScheme:
    scheme = schemefile.read_scheme(path)
    if isinstance(scheme, LabelScheme):
        return scheme
    try:
        return _of_changes(scheme.preset, _preset(scheme.preset), scheme.changes, wanted)
    except (LabelError, UsageError) as error:
        raise error.at(schemefile.name_of(path)) from None


def _of_changes(name: str, preset: Preset, changes: dict[str, Any], wanted: _Wanted) -> LabelScheme:
    """The scheme of a preset, with changes. Ignored categories are not numbered."""
    if name == "index" and "unlabelled" in changes:
        if wanted.asked is None:
            wanted = wanted._replace(background=changes["unlabelled"] == 0)
        else:
            changes = {field: value for field, value in changes.items() if field != "unlabelled"}
    ignored = set(changes.get("ignored", ()))
    known = [row for row in wanted.categories if row.id not in ignored]
    scheme = changed(_build(name, preset, wanted._replace(categories=known)), changes, preset.raw)
    return _agreeing(name, scheme, wanted)
