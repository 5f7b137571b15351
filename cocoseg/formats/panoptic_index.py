"""The index of a panoptic JSON: which images there are, with their segments left as raw bytes.

The whole document is looked at here, but no segment and no PNG: what one image has wrong makes its entry a
``Refused``, and what the document has wrong is raised.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import CocosegError, DocumentError, Problem, SampleError, show
from cocoseg.files import names
from cocoseg.files.documents import Int64, describe, parse_part, parse_rows, read_document, repeated_key
from cocoseg.model import Category, ImageId


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An image's annotation, undecoded. ``size`` is (height, width), or None where the JSON does not say."""

    key: str
    file_name: str
    image_id: ImageId
    number: int
    size: tuple[int, int] | None
    segments_info: Raw

    @property
    def place(self) -> str:
        """Where in the document it stands."""
        return _place(self.number, self.image_id, self.file_name)


class Refused(msgspec.Struct, frozen=True, gc=False):
    """An annotation that can't be used."""

    number: int
    problem: Problem

    @property
    def place(self) -> str:
        """Where in the document it stands."""
        return f"annotations[{self.number}]"


class Index(NamedTuple):
    """A document: its categories, an entry per annotation, and what is odd about it."""

    categories: tuple[Category, ...]
    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]


class _Document(msgspec.Struct):
    images: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET
    segments_info: Raw | UnsetType = UNSET


class _Image(msgspec.Struct, gc=False):
    id: Any = UNSET
    height: Any = UNSET
    width: Any = UNSET


class _Annotation(msgspec.Struct, gc=False):
    image_id: Any = UNSET
    file_name: Any = UNSET
    segments_info: Raw | UnsetType = UNSET
    segmentation: Raw | UnsetType = UNSET


class _Category(msgspec.Struct):
    id: Int64
    name: str
    isthing: int | bool | None = None
    color: Any = None
    supercategory: Any = None


_DOCUMENT: Any = _Document | list[Raw]
_IMAGE = msgspec.json.Decoder(_Image)
_ANNOTATION = msgspec.json.Decoder(_Annotation)
_CATEGORY = msgspec.json.Decoder(_Category)


def read_index(path: str | os.PathLike[str], categories: str | os.PathLike[str] | None = None) -> Index:
    """The index of a panoptic JSON; the ``categories`` file, where one is named, stands for the JSON's own.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.duplicate``.
    """
    source = os.fspath(path)
    document = _read(source)
    joiner = _Joiner(source, document.images)
    annotations = [] if document.annotations is UNSET else document.annotations
    rows = parse_rows(annotations, _ANNOTATION, joiner.refuse)
    _check_kind(source, rows)
    entries = [joiner.join(number, row, raw) for number, (row, raw) in enumerate(zip(rows, annotations, strict=True))]
    found = _categories(source, document.categories) if categories is None else read_categories(categories)
    return Index(found, entries, (*joiner.problems, *_name_problems(source, found)))


def read_categories(path: str | os.PathLike[str]) -> tuple[Category, ...]:
    """The categories of a JSON file, which is a list of them or an object that has ``categories``.

    Raises DocumentError.
    """
    source = os.fspath(path)
    document = read_document(source, _DOCUMENT)
    rows = document if isinstance(document, list) else document.categories
    found = _categories(source, rows)
    if not found:
        raise DocumentError("doc.missing_key", f"{source}: no categories, expected a list of them")
    return found


def _read(source: str) -> _Document:
    document: _Document | list[Raw] = read_document(source, _DOCUMENT, unique=("images", "annotations", "categories"))
    if isinstance(document, list):
        document = _Document(annotations=document)
    if document.annotations is UNSET and document.segments_info is not UNSET:
        document.annotations = [read_document(source, Raw)]
    if document.annotations is UNSET:
        raise DocumentError(
            "doc.missing_key", f"{source}: no 'annotations', expected a COCO panoptic JSON with a list of them"
        )
    if not document.annotations:
        raise DocumentError("doc.empty", f"{source}: 'annotations' is empty, so there is nothing to convert")
    return document


def _check_kind(source: str, rows: Sequence[_Annotation | Refused]) -> None:
    whole = [row for row in rows if isinstance(row, _Annotation)]
    if not whole or any(row.segments_info is not UNSET for row in whole):
        return
    regions = any(row.segmentation is not UNSET for row in whole)
    what = "instances or results (they have 'segmentation')" if regions else "no panoptic annotations"
    raise DocumentError("doc.kind", f"{source}: holds {what}; expected annotations with 'segments_info'")


def _categories(source: str, rows: list[Raw] | UnsetType) -> tuple[Category, ...]:
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
                f"{source}: categories[{number}]: id {row.id} is {show(found[row.id].name)} already, "
                f"here {show(row.name)}; renumber one of them",
            )
        isthing = None if row.isthing is None else bool(row.isthing)
        parent = row.supercategory if isinstance(row.supercategory, str) else None
        found[row.id] = Category(row.id, row.name, isthing, _color(row.color), parent)
    return tuple(found.values())


def _color(value: Any) -> tuple[int, int, int] | None:
    """Three integers of 0..255, or None: a colour is decoration, not worth an error."""
    good = isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value)
    return (value[0], value[1], value[2]) if good else None


def _name_problems(source: str, categories: Sequence[Category]) -> list[Problem]:
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


class _Joiner:
    """Makes entries of annotation rows, with what it has to remember from one to the next."""

    def __init__(self, source: str, images: list[Raw] | UnsetType) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._images = None if images is UNSET else self._image_table(images)
        self._annotated: dict[ImageId, int] = {}
        self._keys: dict[str, int] = {}
        self._folded: dict[str, str] = {}

    def refuse(self, number: int, error: CocosegError) -> Refused:
        return Refused(number, error.at(f"{self.source}: annotations[{number}]").problem)

    def join(self, number: int, row: _Annotation | Refused, raw: Raw) -> Entry | Refused:
        if isinstance(row, Refused):
            return row
        try:
            return self._entry(number, row, raw)
        except SampleError as error:
            place = _place(number, row.image_id, row.file_name)
            return Refused(number, error.at(f"{self.source}: {place}").problem)

    def _entry(self, number: int, row: _Annotation, raw: Raw) -> Entry:
        if key := repeated_key(raw, "file_name", "image_id", "segments_info"):
            raise SampleError("json.duplicate_key", f"the annotation has {key!r} twice; keep one of them")
        file_name = names.relative_name(_file_name(row.file_name))
        image_id = _image_id(row.image_id, "image_id")
        if row.segments_info is UNSET:
            raise SampleError("doc.missing_key", "no 'segments_info', expected the list of the PNG's segments")
        size = self._size(image_id)
        if (first := self._annotated.setdefault(image_id, number)) != number:
            raise SampleError(
                "id.duplicate", f"image_id {show(image_id)} has a panoptic annotation already, annotations[{first}]"
            )
        return Entry(self._key(number, file_name), file_name, image_id, number, size, row.segments_info)

    def _key(self, number: int, file_name: str) -> str:
        key = names.png_name(file_name)
        if (first := self._keys.setdefault(key, number)) != number:
            raise SampleError(
                "path.collision",
                f"file_name {show(file_name)} gives {show(key)}, as annotations[{first}] does; one would overwrite the "
                "other: rename one",
            )
        if (other := self._folded.setdefault(names.fold(key), key)) != key:
            self._note(number, *names.clash(key, other))
        if reason := names.portability_problem(key):
            self._note(number, "path.reserved", f"file_name: {reason}")
        return key

    def _note(self, number: int, category: str, message: str) -> None:
        self.problems.append(Problem(category, f"{self.source}: annotations[{number}]: {message}"))

    def _image_table(self, rows: list[Raw]) -> dict[ImageId, tuple[int, Any, Any]]:
        table: dict[ImageId, tuple[int, Any, Any]] = {}
        for number, row in enumerate(parse_rows(rows, _IMAGE, lambda _, error: error)):
            if error := row if isinstance(row, SampleError) else _enter(table, number, row):
                self.problems.append(error.at(f"{self.source}: images[{number}]").problem)
        return table

    def _size(self, image_id: ImageId) -> tuple[int, int] | None:
        if self._images is None:
            return None
        if image_id not in self._images:
            raise self._unknown_image(image_id)
        number, height, width = self._images[image_id]
        if height in (UNSET, None) and width in (UNSET, None):
            return None
        return _side(height, number, "height"), _side(width, number, "width")

    def _unknown_image(self, image_id: ImageId) -> SampleError:
        text = f"image_id {show(image_id)} is not among the images"
        twin: ImageId = str(image_id) if isinstance(image_id, int) else int(image_id) if image_id.isdecimal() else ""
        if self._images and twin in self._images:
            return SampleError("id.unknown", f"{text}, but {show(twin)} is: one is a number, the other a string")
        if self.problems:  # an image row that was refused is the likely reason
            problem = self.problems[0]
            return SampleError(problem.category, f"{text}; perhaps because of this: {problem.message}")
        return SampleError("id.unknown", f"{text}; add it, or drop the annotation")


def _enter(table: dict[ImageId, tuple[int, Any, Any]], number: int, row: _Image) -> SampleError | None:
    """Put an image row into the table, or say why not."""
    try:
        image_id = _image_id(row.id, "id")
    except SampleError as error:
        return error
    if image_id in table:
        return SampleError("id.duplicate", f"id {show(image_id)} is that of images[{table[image_id][0]}] too")
    table[image_id] = (number, row.height, row.width)
    return None


def _file_name(value: Any) -> str:
    if value is UNSET:
        raise SampleError("doc.missing_key", "no 'file_name', expected the name of the PNG")
    if not isinstance(value, str):
        raise SampleError("doc.type", f"file_name is {describe(value)}, expected a string")
    return value


def _image_id(value: Any, field: str) -> ImageId:
    if value is UNSET:
        raise SampleError("doc.missing_key", f"no {field!r}, expected an integer or a string")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise SampleError("id.type", f"{field} is {describe(value)}, expected an integer or a string")
    return value


def _side(value: Any, number: int, field: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        found = "missing" if value is UNSET else describe(value)
        raise SampleError("size.type", f"images[{number}].{field} is {found}, expected a number of pixels")
    if value < 1:
        raise SampleError("size.invalid", f"images[{number}].{field} is {value}, expected at least 1")
    return value


def _place(number: int, image_id: object, file_name: object) -> str:
    parts = [f"image {show(image_id)}" if image_id is not UNSET else "no image_id"]
    parts += [show(file_name)] if file_name is not UNSET else []
    return f"annotations[{number}] ({', '.join(parts)})"
