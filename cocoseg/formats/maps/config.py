"""Class tables that lie in the data set itself: ``config*.json`` of Mapillary Vistas, ``class_names.txt`` of LabelMe.

The number of a class is its place in the list. ``instances`` says that it is a thing, ``evaluate`` that it counts.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from cocoseg.errors import DocumentError, show
from cocoseg.files.documents import read_document
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category

_IGNORED = "__ignore__"


class _Label(msgspec.Struct):
    name: str
    readable: str = ""
    color: tuple[int, int, int] | None = None
    instances: bool = False
    evaluate: bool = True


class _Config(msgspec.Struct):
    labels: list[_Label]


def read_config(path: str) -> tuple[Category, ...]:
    """The categories that a file of the data set lists.

    Raises DocumentError ``doc.*``, ``file.*``, ``json.*``, ``maps.classes``.
    """
    if path.endswith(".txt"):
        return _without_ignore(path, read_categories(path))
    rows = read_document(path, _Config).labels
    if not rows:
        raise DocumentError("doc.missing_key", f"{path}: 'labels' is empty, expected the classes of the data set")
    names = [row.readable or row.name for row in rows]
    called = names if len(set(names)) == len(names) else [row.name for row in rows]
    return tuple(
        Category(number, name, row.instances, row.color, row.name, ignored=not row.evaluate)
        for number, (name, row) in enumerate(zip(called, rows, strict=True))
    )


def _without_ignore(path: str, listed: tuple[Category, ...]) -> tuple[Category, ...]:
    """The classes from background on, which is 0; a line for LabelMe's -1 may come before it."""
    rows = listed[1:] if listed[0].name == _IGNORED else listed
    if rows and rows[0].name.lower() not in BACKGROUND_NAMES:
        text = f"the first class is {show(rows[0].name)}, expected _background_, which is 0 in the pictures"
        advice = "list it first, or name the classes with --categories (id,name)"
        raise DocumentError("maps.classes", f"{path}: {text}; {advice}")
    return tuple(replace(row, id=row.id - rows[0].id) for row in rows)
