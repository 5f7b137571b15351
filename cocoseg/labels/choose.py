"""The scheme for a data set, from the name of a preset or of a scheme file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from cocoseg.errors import LabelError, Problem, UsageError, show
from cocoseg.files.places import place
from cocoseg.labels import schemefile
from cocoseg.labels.fit import fitted, with_merged
from cocoseg.labels.presets import PRESETS, Preset, index_with_background, official_categories
from cocoseg.labels.scheme import LabelScheme
from cocoseg.model import Category, Dataset


def label_scheme(
    labels: str | os.PathLike[str] | LabelScheme = "index",
    categories: Sequence[Category] | Dataset = (),
    *,
    background: bool | None = None,
    keep_unused_roots: bool = False,
) -> LabelScheme:
    """The scheme of a preset's name or of a scheme file (JSON, TOML), for a data set or its ``categories``.

    With ``background``, unlabelled pixels are background: ``index`` counts classes from 1, and unlabelled pixels are 0.
    By default the data set decides. A category that no annotation has, and that only groups others as their
    ``supercategory``, gets no class in a preset that numbers the data set's categories, and a problem names it;
    ``keep_unused_roots`` gives it one. Categories that a class map has merged get the class of their parts. For class
    maps, ``unlabelled`` and ``crowd`` are not applied. With ``background``, 0 in class maps is background where it is
    not listed, and what they mark as void stays void.

    Raises UsageError ``label.preset`` for an unknown name; LabelError: ``doc.missing_key`` where categories are needed
    and missing, ``label.collision`` where class maps list background already, and the errors of a scheme file.

    >>> label_scheme("mask2former").class_of[200]
    132
    >>> label_scheme("index", [Category(7, "road"), Category(23, "sky")]).class_of
    {7: 0, 23: 1}
    """
    if isinstance(categories, Dataset):
        asked = bool(background)
        background = categories.conventions.unlabelled == "background" if background is None else background
        scheme = label_scheme(labels, categories.categories, background=background, keep_unused_roots=keep_unused_roots)
        scheme = scheme if isinstance(labels, LabelScheme) else _naming(scheme, categories.source)
        return fitted(scheme, categories, asked)
    if isinstance(labels, LabelScheme):
        return with_merged(labels, categories)
    if keep_unused_roots:
        categories = [replace(row, unused_root=False) for row in categories]
    return with_merged(_chosen(os.fspath(labels), categories, bool(background)), categories)


def _naming(scheme: LabelScheme, source: str) -> LabelScheme:
    """The scheme, with its problems naming the source whose categories have them."""
    named = (Problem(category, f"{source}: {message}") for category, message in scheme.problems)
    return replace(scheme, problems=tuple(named)) if scheme.problems else scheme


def _chosen(name: str, categories: Sequence[Category], background: bool) -> LabelScheme:
    if name not in PRESETS and Path(name).suffix.lower() in (".json", ".toml"):
        return _from_file(place(name), categories, background)
    return _preset(name, categories, background)


def _preset(name: str, categories: Sequence[Category], background: bool) -> LabelScheme:
    if name in PRESETS:
        preset = PRESETS[name]
        if name == "index" and background:
            preset = preset._replace(build=index_with_background)
        return _build(name, preset, categories)
    near = get_close_matches(name, PRESETS, 1)
    there_are = f"did you mean {near[0]!r}? There are" if near else "there are"
    raise UsageError(
        "label.preset",
        f"no preset is called {show(name)}; {there_are} {', '.join(PRESETS)}, or name a .json or .toml file",
    )


def _build(name: str, preset: Preset, categories: Sequence[Category]) -> LabelScheme:
    if preset.table is None and not categories:
        raise LabelError(
            "doc.missing_key",
            f"labels {name!r} follow the data set's categories, but there are none; give them with --categories FILE "
            "(in Python: categories=), or choose a preset with a class table",
        )
    if preset.table is None:
        return _numbered(preset, categories)
    scheme = _with_table(name)
    problems = _other_names(name, preset.table, categories)
    return replace(scheme, problems=scheme.problems + problems) if problems else scheme


def _numbered(preset: Preset, categories: Sequence[Category]) -> LabelScheme:
    """The scheme of a preset that numbers the categories of the data set, without unused roots."""
    scheme = preset.build([row for row in categories if not row.unused_root])
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


def _other_names(preset: str, table: str, categories: Sequence[Category]) -> tuple[Problem, ...]:
    """A problem if category ids have other names in the data set than in the preset's class table."""
    official = {category.id: category.name for category in official_categories(table)}
    other = [c for c in categories if c.id in official and official[c.id] != c.name]
    if not other:
        return ()
    first = other[0]
    text = (
        f"{len(other)} categories have other names than in the class table of {preset!r}: id {first.id} is "
        f"{show(first.name)} in the file, {show(official[first.id])} in the table; is it the right preset?"
    )
    return (Problem("label.names", text),)


def _from_file(path: str, categories: Sequence[Category], background: bool) -> LabelScheme:
    scheme = schemefile.read_scheme(path)
    if isinstance(scheme, LabelScheme):
        return scheme
    try:
        return replace(_preset(scheme.preset, categories, background), **scheme.changes)
    except (LabelError, UsageError) as error:
        raise error.at(show(path, 300)) from None
