"""Categories as COCO files list them: ``[{"id", "name", "supercategory", "isthing", "color"}]``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import Int64, read_document
from cocoseg.formats.coco_json.about import compact
from cocoseg.formats.coco_json.names import Unnumbered, read_names
from cocoseg.formats.coco_json.scalars import Taken, flag, text, whole
from cocoseg.labels.presets import is_official, is_stuff
from cocoseg.model import Categories, Category, Conventions, Sample


class _Category(msgspec.Struct):
    id: Int64
    name: str | None = None
    isthing: int | bool | None = None
    color: Any = None
    supercategory: Any = None


class _Document(msgspec.Struct):
    categories: list[Raw] | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET


_DOCUMENT: Any = _Document | list[Raw]
_EXAMPLE = 'a list like [{"id": 1, "name": "person"}, ...], or an object with such a list as "categories"'
_EXAMPLE_ROW = '{"id": 1, "name": "person"}'
_CATEGORY = msgspec.json.Decoder(_Category)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_KINDS = {"id": whole, "name": text, "isthing": flag}
_CATEGORY_ID = re.compile(rb'"category_id"\s*:\s*"?(-?\d{1,19})')


def read_categories(path: str | os.PathLike[str], doubtful: Collection[int] = ()) -> tuple[Category, ...]:
    """The categories of a JSON file, which is a list of them or an object with ``categories``, or of a list of names.

    If the object has annotations, they decide which categories are unused roots, and whether unlabelled pixels are
    background, as in instance files. Without annotations, roots with ``doubtful`` ids are unused. Raises DocumentError.
    """
    source = os.fspath(path)
    if names := read_names(source):
        return names
    document: _Document | list[Raw] = read_document(source, _DOCUMENT)
    rows = document if isinstance(document, list) else document.categories
    found = parse_categories(source, rows)
    if not found:
        raise DocumentError("doc.missing_key", f"{source}: no categories, expected {_EXAMPLE}")
    annotations = UNSET if isinstance(document, list) else document.annotations
    if annotations is UNSET:
        return mark_roots(found, lambda: {row.id for row in found}.difference(doubtful))
    background = b'"segments_info"' not in bytes(annotations) and not any(map(is_stuff, found))
    marked = mark_roots(found, lambda: used_ids([annotations]))
    return Categories(marked, Conventions("background")) if background else marked


def parse_categories(source: str, rows: Sequence[Raw] | UnsetType, taken: Taken | None = None) -> tuple[Category, ...]:
    """The rows of a document's ``categories``; ``taken`` counts what was guessed.

    Raises DocumentError: ``doc.*``, ``id.*``.
    """
    if rows is UNSET:
        return ()
    taken = taken or Taken(source)
    found: dict[int, Category] = {}
    for number, raw in enumerate(rows):
        try:
            category = _category(raw, f"categories[{number}]", taken)
        except SampleError as error:
            raise DocumentError(error.category, f"{source}: categories[{number}]: {error}") from None
        if found.setdefault(category.id, category).name != category.name:
            raise DocumentError(
                "id.duplicate",
                f"{source}: categories[{number}]: id {category.id} already belongs to "
                f"{show(found[category.id].name)}, here it is {show(category.name)}; renumber one of them",
            )
        if found[category.id] is not category:
            taken.note("id.duplicate", f"categories[{number}] repeats id {category.id}, {show(category.name)}")
    return tuple(found.values())


def _category(raw: Raw, where: str, taken: Taken) -> Category:
    if not bytes(raw).startswith(b"{"):
        what = f"found {bytes(raw)[:50].decode(errors='replace')}, expected an object like {_EXAMPLE_ROW}"
        raise SampleError("doc.type", f"{what}; without ids, cocoseg cannot tell which category is which")
    row = taken.parse(raw, _CATEGORY, _KINDS, where)
    isthing = None if row.isthing is None else bool(row.isthing)
    parent = row.supercategory if isinstance(row.supercategory, str) else None
    if row.name is None:
        taken.note("doc.missing_key", f"{where} has no name, and is called {str(row.id)!r}")
    name = str(row.id) if row.name is None else row.name
    return Category(row.id, name, isthing, _color(row.color), parent, more=_more(raw))


def _more(raw: Raw) -> tuple[tuple[str, str], ...]:
    """The fields of a category that cocoseg does not use, such as a skeleton."""
    fields = {name: value for name, value in _FIELDS.decode(raw).items() if name not in _Category.__struct_fields__}
    return tuple((name, value.decode()) for name, value in compact(fields).items())


def mark_roots(categories: Sequence[Category], used: Callable[[], Collection[int]]) -> tuple[Category, ...]:
    """The categories, with ``unused_root`` for those that group others and are not ``used`` by an annotation.

    ``used()`` is called only where a category could be a root, or where categories have no ids yet. One that names
    itself is no root, nor is one of COCO's.

    >>> rows = [Category(0, "animals"), Category(1, "cat", supercategory="animals")]
    >>> [row.unused_root for row in mark_roots(rows, lambda: {1})]
    [True, False]
    """
    if isinstance(categories, Unnumbered):
        return categories.counted(used())
    groups = {row.supercategory for row in categories} - {"none"}  # Roboflow's word for no group
    roots = {row.id for row in categories if row.name in groups and row.supercategory != row.name}
    roots -= {row.id for row in categories if is_official(row)}
    roots = roots.difference(used()) if roots else roots
    return tuple(_marked(row, row.id in roots) for row in categories)


def used_ids(rows: Iterable[bytes | Raw]) -> set[int]:
    """The category ids in rows of annotations that were left raw."""
    return {int(number) for row in rows for number in set(_CATEGORY_ID.findall(bytes(row)))}


def _marked(category: Category, unused_root: bool) -> Category:
    return category if category.unused_root == unused_root else replace(category, unused_root=unused_root)


def category_row(category: Category) -> dict[str, Any]:
    """A category as COCO lists it, without fields that are unknown."""
    isthing = None if category.isthing is None else int(category.isthing)
    row = {"id": category.id, "name": category.name, "supercategory": category.supercategory}
    row |= {"isthing": isthing, "color": category.color}
    more = {name: Raw(value) for name, value in category.more}
    return {key: value for key, value in row.items() if value is not None} | more


def check_listed(sample: Sample, categories: Collection[int]) -> None:
    """Raises SampleError ``id.unknown`` for the first segment whose category_id is not among these ids."""
    strange = np.flatnonzero(~np.isin(sample.category_ids, list(categories)))
    if len(strange):
        found = f"segment {sample.ids[strange[0]]} has category_id {sample.category_ids[strange[0]]}"
        what = f"{found}, which is not among the categories; add it, or name a file that has it with --categories"
        raise SampleError("id.unknown", f"{sample.place}: {what}" if sample.place else what)


def name_problems(source: str, categories: Sequence[Category]) -> list[Problem]:
    """Problems for categories that share a name, which is harmless but seldom intended."""
    first: dict[str, int] = {}
    return [
        Problem(
            "name.duplicate",
            f"{source}: categories {first[category.name]} and {category.id} are both called {show(category.name)}; "
            "they stay two classes",
        )
        for category in categories
        if first.setdefault(category.name, category.id) != category.id
    ]


def _color(value: Any) -> tuple[int, int, int] | None:
    """Three integers from 0 to 255, or None. A bad colour is not an error, because it changes no label."""
    good = isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value)
    return (value[0], value[1], value[2]) if good else None
