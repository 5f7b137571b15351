"""A Label Studio export as a Dataset."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from cocoseg.errors import DocumentError, Problem
from cocoseg.files.documents import read_document
from cocoseg.files.places import StrPath
from cocoseg.formats.label_studio.shapes import LABELS, Body, drawn
from cocoseg.formats.label_studio.tasks import Tasks, names_of
from cocoseg.formats.shapes import classes, documents
from cocoseg.formats.shapes.documents import Listed
from cocoseg.formats.shapes.shape import Size
from cocoseg.model import Dataset

peek = documents.peek

_VERSION = "label studio 1"


class _Names(msgspec.Struct):
    brushlabels: list[str] = []
    polygonlabels: list[str] = []
    rectanglelabels: list[str] = []
    ellipselabels: list[str] = []
    labels: list[str] = []


class _Row(msgspec.Struct):
    """What a data set needs of a region before it is drawn."""

    value: _Names = msgspec.field(default_factory=_Names)
    original_width: Any = None
    original_height: Any = None


_ROW = msgspec.json.Decoder(_Row)


def read(path: StrPath, *, categories: StrPath | None = None, photos: StrPath | None = None) -> Dataset:
    """A JSON or JSON-MIN export as a Dataset. The categories are its labels by name, unless they are given.

    Raises DocumentError.
    """
    source = os.fspath(path)
    tasks = Tasks(read_document(source, list[Raw]))
    if not tasks.images:
        first = next((problem.message for problem in tasks.problems.values()), "no task has an annotation")
        raise DocumentError("doc.empty", f"{source}: {first}; export 'JSON' from Label Studio")
    heads = {image.position: _heads(image.rows) for image in tasks.images}
    found = (
        classes.of_file(categories)
        if categories is not None
        else classes.of_labels(_labels([*heads.values(), _heads(tasks.nameless)]))
    )
    return documents.read_images(
        source,
        _images(source, tasks, heads),
        found,
        parse=drawn,
        photos=os.fspath(photos) if photos is not None else "",
        version=_VERSION,
        problems=[Problem("seg.left_out", f"{source}: {text}") for text in tasks.remarks()],
    )


def _heads(rows: Sequence[Raw]) -> list[_Row]:
    """The labels and sizes of an image's regions; a bad one is refused when the image is asked for."""
    return [row for raw in rows if (row := _head(raw)) is not None]


def _head(raw: Raw) -> _Row | None:
    try:
        return _ROW.decode(raw)
    except msgspec.ValidationError:
        return None


def _labels(heads: Iterable[Sequence[_Row]]) -> Iterator[str]:
    for row in (row for rows in heads for row in rows):
        for name in LABELS:
            yield from getattr(row.value, name)


def _images(source: str, tasks: Tasks, heads: dict[int, list[_Row]]) -> list[tuple[str, Listed | Problem]]:
    """The images and the tasks that can't be used, in the order of the export."""
    names = names_of(image.path for image in tasks.images)
    found: dict[int, Listed | Problem] = {
        number: Problem(problem.category, f"{source}: {problem.message}") for number, problem in tasks.problems.items()
    }
    for image, name in zip(tasks.images, names, strict=True):
        body = msgspec.json.encode(Body(list(image.rows), image.predicted))
        found[image.position] = Listed(body, _size(heads[image.position]), name)
    return [(f"tasks[{number}]", found[number]) for number in sorted(found)]


def _size(rows: Sequence[_Row]) -> Size | None:
    """(height, width) in the first region that has them, if it is a good size."""
    sizes = ((row.original_height, row.original_width) for row in rows)
    return next((size for size in sizes if all(isinstance(side, int) and side > 0 for side in size)), None)
