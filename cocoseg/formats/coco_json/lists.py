"""The lists of a COCO JSON, which careless writers leave as objects keyed by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw

from cocoseg.errors import DocumentError, Problem
from cocoseg.files.documents import read_document

T = TypeVar("T", bound=msgspec.Struct)

LISTS = ("images", "annotations", "categories")

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ROWS = msgspec.json.Decoder(list[Raw])
_WITH_IDS = ("images", "categories")


def read_lists(source: str, kind: type[T], data: bytes | None = None) -> tuple[T, list[Problem]]:
    """A document whose lists are left raw, as ``kind``; a bare list is its ``annotations``.

    An object keyed by id is taken as the list of its values, and a problem says so. ``data`` is the text, if it has
    been read already. Raises DocumentError.
    """
    try:
        document: Any = read_document(source, kind | list[Raw], LISTS, data)  # type: ignore[arg-type]
    except DocumentError as error:
        if error.category != "doc.type":
            raise
        return _of_objects(source, kind, read_document(source, dict[str, Raw], LISTS, data))
    return (kind(annotations=document) if isinstance(document, list) else document), []


def _of_objects(source: str, kind: type[T], fields: dict[str, Raw]) -> tuple[T, list[Problem]]:
    there = {name: raw for name, raw in fields.items() if name not in LISTS or bytes(raw) != b"null"}
    values: dict[str, Any] = {name: there[name] for name in kind.__struct_fields__ if name in there}
    problems: list[Problem] = []
    for name in [name for name in LISTS if name in values]:
        raw = fields[name]
        if bytes(raw).startswith(b"["):
            values[name] = _ROWS.decode(raw)
            continue
        values[name] = _values(source, name, raw)
        text = f"{name!r} is an object keyed by id, expected a list; its {len(values[name]):,} values were taken"
        problems.append(Problem("doc.type", f"{source}: {text}"))
    return kind(**values), problems


def _values(source: str, name: str, raw: Raw) -> list[Raw]:
    """The values of an object keyed by id. Raises DocumentError ``doc.type`` if it is anything else."""
    rows: dict[str, Raw] = _FIELDS.decode(raw) if bytes(raw).startswith(b"{") else {}
    if name == "categories" and rows and all(bytes(row).startswith(b'"') for row in rows.values()):
        return [Raw(msgspec.json.encode({"id": key, "name": row})) for key, row in rows.items()]
    if not rows or not all(bytes(row).startswith(b"{") for row in rows.values()):
        advice = "put it into brackets: [{...}]" if "id" in rows else "write a list of objects"
        raise DocumentError("doc.type", f"{source}: {name!r} is not a list; {advice}")
    return [_with_id(key, row) if name in _WITH_IDS else row for key, row in rows.items()]


def _with_id(key: str, row: Raw) -> Raw:
    """A row of an object, with its key as id if it has none."""
    fields: dict[str, Raw] = _FIELDS.decode(row)
    return row if "id" in fields else Raw(msgspec.json.encode({"id": key} | fields))


def is_given(rows: Sequence[Raw] | msgspec.UnsetType) -> bool:
    """Whether a list is in the document and not empty."""
    return rows is not UNSET and bool(rows)
