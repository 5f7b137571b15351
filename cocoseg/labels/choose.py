"""The scheme for a data set, from the name of a preset or of a scheme file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
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
from cocoseg.labels.presets import PRESETS, Preset, index_with_background, is_thing, official_categories
from cocoseg.labels.scheme import Crowd, LabelScheme, Things, Unknown
from cocoseg.model import Categories, Category, Conventions, Dataset


class _Wanted(NamedTuple):
    """The categories that a scheme is for, and the ``choices`` that override those of a preset or scheme file.

    Where ``conventions`` say that unlabelled pixels are background, categories are things unless they say otherwise.
    ``background`` is what the caller says of unlabelled pixels, or None.
    """

    categories: Sequence[Category]
    conventions: Conventions
    background: bool | None
    choices: Mapping[str, Any]

    @property
    def instances(self) -> bool:
        """Whether unlabelled pixels are background."""
        return self.conventions.unlabelled == "background"


class _Chosen(NamedTuple):
    """A scheme, and whether its ``unlabelled`` was chosen for this data set, so that it holds for class maps too."""

    scheme: LabelScheme
    decided: bool = False


def label_scheme(
    labels: str | os.PathLike[str] | LabelScheme = "index",
    categories: Sequence[Category] | Dataset = (),
    *,
    background: bool | None = None,
    keep_unused_roots: bool = False,
    crowd: Crowd | None = None,
    things: Things | None = None,
    unknown: Unknown | None = None,
) -> LabelScheme:
    """The scheme of a preset's name or of a scheme file (JSON, TOML), for a data set or its ``categories``.

    With ``background``, unlabelled pixels are background: ``index`` counts classes from 1, and unlabelled pixels are 0.
    By default a scheme file that changes ``index`` decides, or else the data set, also where only its
    ``dataset.categories`` are given; for other lists of categories, ``index`` counts from 0. A category that no
    annotation has, and that only groups others as their ``supercategory``, gets no class in a preset that numbers the
    data set's categories, and a problem names it; ``keep_unused_roots`` gives it one. ``crowd``, ``things`` and
    ``unknown`` override the fields of the scheme. Categories that a class map has merged get the class of their parts.
    Classes that do not say whether they are things are what their categories are. For class maps, ``crowd`` is not
    applied, and unlabelled pixels are void, unless ``background``, a scheme file's ``unlabelled`` or that of a given
    LabelScheme says otherwise: then 0 has this number where it is not listed. What they mark as void stays void.

    Raises UsageError ``label.preset`` for an unknown name, ``usage.labels``, ``usage.categories``, ``usage.choice`` for
    values of other types; LabelError: ``doc.missing_key`` where categories are needed and missing, ``label.names``
    where a preset is for other categories, ``label.collision`` where class maps list background already, and the errors
    of a scheme file.

    >>> label_scheme("mask2former").class_of[200]
    132
    >>> label_scheme("index", [Category(7, "road"), Category(23, "sky")]).class_of
    {7: 0, 23: 1}
    """
    rows = categories.categories if isinstance(categories, Dataset) else categories
    _check_types(labels, rows, background)
    kept = [replace(row, unused_root=False) for row in rows] if keep_unused_roots else rows
    conventions = rows.conventions if isinstance(rows, Categories) else Conventions()
    given = {"crowd": crowd, "things": things, "unknown": unknown}
    choices = {name: value for name, value in given.items() if value is not None}
    wanted = _Wanted(kept, conventions, background, choices)
    scheme, decided = _chosen(labels, wanted)
    if scheme.problems and isinstance(categories, Dataset) and not isinstance(labels, LabelScheme):
        scheme = _naming(scheme, categories.source)
    if background:
        _check_unlisted(scheme, wanted, "--unlabelled")
    scheme = with_merged(with_kinds(scheme, rows), rows)
    return fitted(scheme, conventions, decided if background is None else background)


def _check_types(labels: object, rows: object, background: object) -> None:
    """Raises UsageError: ``usage.labels``, ``usage.categories``, ``usage.choice``."""
    if not isinstance(labels, LabelScheme | str | os.PathLike):
        text = "expected a preset's name, a scheme file, or what cocoseg.label_scheme returns"
        raise UsageError("usage.labels", f"labels is {_kind(labels)}, {text}")
    if not isinstance(rows, Sequence) or not all(isinstance(row, Category) for row in rows):
        raise UsageError("usage.categories", f"categories is {_kind(rows)}, expected what cocoseg.read returns")
    if not isinstance(background, bool | None):
        text = "expected True, False (unlabelled pixels are void) or None (the data set decides)"
        raise UsageError("usage.choice", f"background is {show(background)}, {text}")


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


def _chosen(labels: str | os.PathLike[str] | LabelScheme, wanted: _Wanted) -> _Chosen:
    if isinstance(labels, LabelScheme):
        return _listing(_with_choices(labels, wanted))
    if names_file(labels):
        return _from_file(place(labels), wanted)
    return _Chosen(_of_preset(os.fspath(labels), {}, wanted))


def _listing(scheme: LabelScheme) -> _Chosen:
    """A scheme that lists its classes, and so the number of unlabelled pixels."""
    return _Chosen(scheme, scheme.unlabelled is not None)


def _check_unlisted(scheme: LabelScheme, wanted: _Wanted, chosen_by: str) -> None:
    """Raises LabelError ``label.collision`` where class maps list background already."""
    if wanted.conventions.unlabelled == "void":
        check_no_background(scheme, wanted.categories, chosen_by)


def _with_choices(scheme: LabelScheme, wanted: _Wanted) -> LabelScheme:
    """A scheme that lists its classes, whose numbers stay as they are."""
    if not wanted.choices:
        return scheme
    return replace(with_kinds(scheme, _rows(wanted, wanted.choices)), **wanted.choices)


def _rows(wanted: _Wanted, changes: Mapping[str, Any]) -> Sequence[Category]:
    """The categories. Where things are merged or dropped, all of an instance file are things unless they say not."""
    if not wanted.instances or changes.get("things", "keep") == "keep":
        return wanted.categories
    return [row if is_thing(row) is not None else replace(row, isthing=True) for row in wanted.categories]


def _preset(name: str) -> Preset:
    if name in PRESETS:
        return PRESETS[name]
    near = nearest(name, PRESETS)
    there_are = f"{near} There" if near else "there"
    raise UsageError(
        "label.preset",
        f"no preset is called {show(name)}; {there_are} are {', '.join(PRESETS)}, or name a .json or .toml file",
    )


def _of_preset(name: str, fields: Mapping[str, Any], wanted: _Wanted) -> LabelScheme:
    """The scheme of a preset, with other fields. Ignored categories are not numbered."""
    preset, changes = _preset(name), {**fields, **wanted.choices}
    background = _background(changes, wanted)
    if name == "index" and wanted.background is not None:
        changes.pop("unlabelled", None)
    ignored = set(changes.get("ignored", ()))
    rows = [row for row in _rows(wanted, changes) if row.id not in ignored]
    if wanted.categories and not rows and preset.table is None:
        count = len(wanted.categories)
        raise LabelError("label.type", f"labels {name!r}: all {count} categories are 'ignored', so no class is left")
    scheme = _build(name, preset, rows, background)
    if name == "index" and background and wanted.background is None:
        _check_unlisted(scheme, wanted, "'unlabelled'")
    scheme = changed(scheme, changes, preset.raw, rows) if changes else scheme
    problems = check_names(name, scheme, rows)
    return replace(scheme, problems=(*scheme.problems, *problems)) if problems else scheme


def _background(changes: Mapping[str, Any], wanted: _Wanted) -> bool:
    """Whether 0 is background in ``index``: as the caller says, or else the scheme file, or else the data set."""
    if wanted.background is not None:
        return wanted.background
    return changes["unlabelled"] == 0 if "unlabelled" in changes else wanted.instances


def _build(name: str, preset: Preset, categories: Sequence[Category], background: bool) -> LabelScheme:
    if preset.table is not None:
        return _with_table(name) if categories else _without_ignored(name, preset.table)
    if not categories:
        raise LabelError(
            "doc.missing_key",
            f"labels {name!r} follow the data set's categories, but there are none; give them with --categories FILE "
            "(in Python: categories=), or choose a preset with a class table",
        )
    return _numbered(index_with_background if name == "index" and background else preset.build, categories)


def _numbered(build: Callable[[Sequence[Category]], LabelScheme], categories: Sequence[Category]) -> LabelScheme:
    """The scheme of a preset that numbers the categories of the data set, without unused roots and ignored ones."""
    scheme = build([row for row in categories if not row.unused_root and not row.ignored])
    if ignored := tuple(row.id for row in categories if row.ignored):
        scheme = replace(scheme, ignored=(*scheme.ignored, *ignored))
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


@cache
def _without_ignored(name: str, table: str) -> LabelScheme:
    """The scheme for data without categories, which may be another data set.

    What the table's evaluation ignores is then unknown, so that it is refused.
    """
    ignored = {row.id for row in official_categories(table) if row.ignored}
    scheme = _with_table(name)
    return replace(scheme, ignored=tuple(row for row in scheme.ignored if row not in ignored))


def _from_file(path: str, wanted: _Wanted) -> _Chosen:
    things = wanted.choices.get("things")
    rows = _rows(wanted, {"things": things or "merge"})
    scheme = schemefile.read_scheme(path, rows, things, lambda fields: _background(fields, wanted))
    try:
        if isinstance(scheme, LabelScheme):
            return _listing(_saying_overlap(_with_choices(scheme, wanted)))
        return _Chosen(_of_preset(scheme.preset, scheme.changes, wanted), "unlabelled" in scheme.changes)
    except (LabelError, UsageError) as error:
        raise error.at(schemefile.name_of(path)) from None


def _saying_overlap(scheme: LabelScheme) -> LabelScheme:
    """The scheme, with a problem if a class with categories has the number of unlabelled pixels."""
    rows = (row for row in scheme.table if row.index == scheme.unlabelled and row.category_ids)
    first = next((row for row in rows if row.name != "background"), None)
    if first is None:
        return scheme
    text = f"labels {show(scheme.name)}: unlabelled pixels become {first.index}, which is class {show(first.name)}"
    problem = Problem("label.collision", f"{text}; if that is not meant, give 'unlabelled' another number")
    return replace(scheme, problems=(*scheme.problems, problem))
