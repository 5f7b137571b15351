"""The index of a panoptic JSON: its images, with their segments left as raw bytes.

The whole document is checked here, except segments and PNGs. An error in one image makes its entry a ``Refused``. An
error in the document is raised.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import CocosegError, DocumentError, Problem, SampleError, show
from cocoseg.files.documents import parse_rows, read_document, repeated_key
from cocoseg.formats.coco_json.about import Described
from cocoseg.formats.coco_json.categories import mark_roots, name_problems, parse_categories, read_categories, used_ids
from cocoseg.formats.coco_json.images import ImageTable, Keys, Match, image_id, safe_name
from cocoseg.formats.coco_json.lists import read_lists
from cocoseg.formats.coco_json.scalars import Taken
from cocoseg.model import Category, Entry, ImageId, Refused, row_place


class Index(NamedTuple):
    """A document: its categories, an entry per annotation, its problems, and the number of unannotated images."""

    categories: tuple[Category, ...]
    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    unannotated: int
    about: dict[str, bytes]


class _Document(Described):
    images: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET
    segments_info: Raw | UnsetType = UNSET


class _Annotation(msgspec.Struct, gc=False):
    image_id: Any = UNSET
    file_name: Any = UNSET
    segments_info: Raw | UnsetType = UNSET
    segmentation: Raw | UnsetType = UNSET


_ANNOTATION = msgspec.json.Decoder(_Annotation)


def read_index(
    path: str | os.PathLike[str], categories: str | os.PathLike[str] | None = None, match: Match = "id"
) -> Index:
    """The index of a panoptic JSON. A ``categories`` file overrides the categories in the JSON.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.*``.
    """
    source = os.fspath(path)
    document, problems = _read(source)
    taken = Taken(source)
    joiner = _Joiner(source, document.images, taken, match)
    annotations = [] if document.annotations is UNSET else document.annotations
    rows = parse_rows(annotations, _ANNOTATION, joiner.refuse)
    _check_kind(source, rows)
    entries = [joiner.join(number, row, raw) for number, (row, raw) in enumerate(zip(rows, annotations, strict=True))]
    joiner.check_met()
    given = categories is not None
    found = read_categories(categories) if given else parse_categories(source, document.categories, taken)  # type: ignore[arg-type]
    found = mark_roots(found, lambda: used_ids(annotations))
    problems += [*joiner.problems, *name_problems(source, found), *taken.problems]
    return Index(found, entries, tuple(problems), joiner.unannotated, document.about)


def _read(source: str) -> tuple[_Document, list[Problem]]:
    document, problems = read_lists(source, _Document)
    if document.annotations is UNSET and document.segments_info is not UNSET:
        document.annotations = [read_document(source, Raw)]
    if document.annotations is UNSET:
        raise DocumentError(
            "doc.missing_key", f"{source}: no 'annotations', expected a COCO panoptic JSON with a list of them"
        )
    if not document.annotations:
        raise DocumentError("doc.empty", f"{source}: 'annotations' is empty, so there is nothing to convert")
    return document, problems


def _check_kind(source: str, rows: Sequence[_Annotation | Refused]) -> None:
    whole = [row for row in rows if isinstance(row, _Annotation)]
    if not whole or any(row.segments_info is not UNSET for row in whole):
        return
    regions = any(row.segmentation is not UNSET for row in whole)
    what = "instances or results (they have 'segmentation')" if regions else "no panoptic annotations"
    raise DocumentError("doc.kind", f"{source}: holds {what}; expected annotations with 'segments_info'")


class _Joiner:
    """Makes entries from annotation rows, and remembers images and names to find repeated ones."""

    def __init__(self, source: str, images: list[Raw] | UnsetType, taken: Taken, match: Match) -> None:
        self.source = source
        self._images = None if images is UNSET else ImageTable(source, images, taken, match)
        self._unknown: SampleError | None = None
        self._keys = Keys(source, "annotations")
        self._annotated: dict[ImageId, int] = {}
        self._mentioned: set[ImageId] = set()

    @property
    def unannotated(self) -> int:
        """The number of listed images that no annotation mentions."""
        return len(self._images.rows.keys() - self._mentioned) if self._images else 0

    @property
    def problems(self) -> list[Problem]:
        """The problems of the images and the names."""
        return [*(self._images.problems if self._images else ()), *self._keys.problems]

    def check_met(self) -> None:
        """Raises DocumentError ``id.unknown`` if no annotation belongs to a listed image."""
        if self._unknown and self._images and not self._mentioned:
            ids = ", ".join(map(show, [*self._images.rows][:3])) or "none"
            what = f"no annotation belongs to a listed image (their ids: {ids}); are they of the same split?"
            raise DocumentError("id.unknown", f"{self.source}: {what} {self._unknown}")

    def refuse(self, number: int, error: CocosegError) -> Refused:
        where = f"annotations[{number}]"
        return Refused(where, error.at(f"{self.source}: {where}").problem)

    def join(self, number: int, row: _Annotation | Refused, raw: Raw) -> Entry | Refused:
        if isinstance(row, Refused):
            return row
        try:
            return self._entry(number, row, raw)
        except SampleError as error:
            where = _where(number, row.image_id, row.file_name)
            return Refused(where, error.at(f"{self.source}: {where}").problem)

    def _entry(self, number: int, row: _Annotation, raw: Raw) -> Entry:
        if key := repeated_key(raw, "file_name", "image_id", "segments_info"):
            raise SampleError("json.duplicate_key", f"the annotation has {key!r} twice; keep one of them")
        file_name = safe_name(row.file_name, "PNG")
        image = self._listed(image_id(row.image_id, "image_id"))
        if row.segments_info is UNSET:
            raise SampleError("doc.missing_key", "no 'segments_info', expected the list of the PNG's segments")
        size = self._images.size(image) if self._images else None
        photo = self._images.file_name(image) if self._images else None
        about = self._images.raw(image) if self._images else None
        if (first := self._annotated.setdefault(image, number)) != number:
            raise SampleError(
                "id.duplicate", f"image_id {show(image)} already has a panoptic annotation, annotations[{first}]"
            )
        key = self._keys.take(number, file_name)
        where = f"annotations[{number}]"
        return Entry(key, image, where, (file_name,), size, photo or file_name, about, row.segments_info)

    def _listed(self, image: ImageId) -> ImageId:
        """The id of the listed image that an annotation means. Raises SampleError ``id.*``."""
        if self._images is None:
            return image
        found = self._images.find(image)
        if found is None:
            self._unknown = self._unknown or self._images.unknown(image)
            raise self._images.unknown(image)
        self._mentioned.add(found)
        return found


def _where(number: int, image_id: object, file_name: object) -> str:
    name = "" if file_name is UNSET else file_name
    if image_id is not UNSET:
        return row_place(f"annotations[{number}]", image_id, name)
    return f"annotations[{number}] (no image_id{f', {show(name)}' if name else ''})"
