"""Categories as COCO files list them: ``[{"id", "name", "supercategory", "isthing", "color"}]``."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import Int64, parse_part, read_document
from cocoseg.model import Category, Sample


class _Category(msgspec.Struct):
    id: Int64
    name: str
    isthing: int | bool | None = None
    color: Any = None
    supercategory: Any = None


class _Document(msgspec.Struct):
    categories: list[Raw] | UnsetType = UNSET


_DOCUMENT: Any = _Document | list[Raw]
_EXAMPLE = 'a list like [{"id": 1, "name": "person"}, ...], or an object with such a list as "categories"'
_CATEGORY = msgspec.json.Decoder(_Category)


def read_categories(path: str | os.PathLike[str]) -> tuple[Category, ...]:
    """The categories of a JSON file, which is a list of them or an object with ``categories``.

    Raises DocumentError.
    """
    source = os.fspath(path)
    document: _Document | list[Raw] = read_document(source, _DOCUMENT)
    rows = document if isinstance(document, list) else document.categories
    found = parse_categories(source, rows)
    if not found:
        raise DocumentError("doc.missing_key", f"{source}: no categories, expected {_EXAMPLE}")
    return found


def parse_categories(source: str, rows: Sequence[Raw] | UnsetType) -> tuple[Category, ...]:
    """The rows of a document's ``categories``. Raises DocumentError: ``doc.*``, ``id.*``."""
    if rows is UNSET:
        return ()
    found: dict[int, Category] = {}
    for number, raw in enumerate(rows):
        try:
            row = parse_part(raw, _CATEGORY)
        except SampleError as error:
            raise DocumentError(error.category, f"{source}: categories[{number}]: {error}") from None
        if row.id in found:
            raise DocumentError(
                "id.duplicate",
                f"{source}: categories[{number}]: id {row.id} already belongs to {show(found[row.id].name)}, "
                f"here it is {show(row.name)}; renumber one of them",
            )
        isthing = None if row.isthing is None else bool(row.isthing)
        parent = row.supercategory if isinstance(row.supercategory, str) else None
        found[row.id] = Category(row.id, row.name, isthing, _color(row.color), parent)
    return tuple(found.values())


def category_row(category: Category) -> dict[str, Any]:
    """A category as COCO lists it, without fields that are unknown."""
    isthing = None if category.isthing is None else int(category.isthing)
    row = {"id": category.id, "name": category.name, "supercategory": category.supercategory}
    row |= {"isthing": isthing, "color": category.color}
    return {key: value for key, value in row.items() if value is not None}


def check_listed(sample: Sample, categories: Collection[int]) -> None:
    """Raises SampleError ``id.unknown`` for the first segment whose category_id is not among these ids."""
    strange = np.flatnonzero(~np.isin(sample.category_ids, list(categories)))
    if len(strange):
        found = f"segment {sample.ids[strange[0]]} has category_id {sample.category_ids[strange[0]]}"
        text = f"{found}, which is not among the categories; add it, or name a file that has it with --categories"
        raise SampleError("id.unknown", f"{sample.place}: {text}" if sample.place else text)


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
