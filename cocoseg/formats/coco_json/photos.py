"""Finds the photos that labels belong to. In a folder of labels, only the file names identify them.

With a COCO JSON, a photo is the row whose ``file_name`` has the same stem as the label. Otherwise the image id is the
number in the label's name (``000000142238.png``), or the label's position among the names.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import read_document
from cocoseg.files.names import stem
from cocoseg.formats.coco_json.about import Described
from cocoseg.formats.coco_json.images import ImageTable
from cocoseg.model import ImageId


class _Document(Described):
    images: list[Raw] | UnsetType = UNSET


class Photo(NamedTuple):
    """The image that a label belongs to: its id and, if a ``row`` lists it, its name and (height, width)."""

    image_id: ImageId
    file_name: str | None = None
    size: tuple[int, int] | None = None
    row: Raw | None = None


def photos_of(labels: Sequence[str], images: str | os.PathLike[str] | None) -> Photos:
    """Finds the photos of these labels; ``images`` is a COCO JSON that lists them. Raises DocumentError."""
    return _Numbered(labels) if images is None else _Listed(os.fspath(images))


class Photos(Protocol):
    """Finds the photos of labels. ``problems`` lists unusable rows; ``about`` is the metadata of the JSON."""

    problems: tuple[Problem, ...]
    about: dict[str, bytes]

    def find(self, number: int, name: str) -> Photo:
        """The photo of the label ``name``, the one at position ``number``. Raises SampleError: ``id.*``, ``size.*``."""


class _Numbered:
    """Photos without a list: the ids are the numbers in the labels' names, or count from 1 in order."""

    problems: tuple[Problem, ...] = ()

    def __init__(self, labels: Sequence[str]) -> None:
        self.about: dict[str, bytes] = {}
        stems = [posixpath.basename(stem(name)) for name in labels]
        plain = all(stem.isascii() and stem.isdecimal() and len(stem) < 19 for stem in stems)
        numbers = list(map(int, stems)) if plain else []
        self._ids = numbers if len(set(numbers)) == len(labels) else range(1, len(labels) + 1)

    def find(self, number: int, name: str) -> Photo:
        return Photo(self._ids[number])


class _Listed:
    """Photos listed in a COCO JSON, found by the stems of their names."""

    def __init__(self, source: str) -> None:
        document = read_document(source, _Document, unique=("images",))
        if document.images is UNSET:
            raise DocumentError("doc.missing_key", f"{source}: no 'images', expected the list of the photos")
        table = ImageTable(source, document.images)
        self.problems = tuple(table.problems)
        self.about = document.about
        self._source = source
        self._table = table
        self._taken: dict[ImageId, str] = {}

    def find(self, number: int, name: str) -> Photo:
        image = self._image(name)
        if (other := self._taken.setdefault(image, name)) != name:
            text = f"{self._rows(image)} in {self._source} is already the photo of {show(other)}"
            raise SampleError("id.ambiguous", f"{text}; rename the label that belongs to another photo")
        try:
            row = self._table.raw(image, apart=True)
            return Photo(image, self._table.file_name(image), self._table.size(image), row)
        except SampleError as error:
            raise error.at(self._source) from None

    def _image(self, name: str) -> ImageId:
        spelling = stem(name)
        found = self._table.named(spelling) or self._table.named(posixpath.basename(spelling), anywhere=True)
        if not found:
            raise SampleError(
                "id.unknown", f"no image in {self._source} is called {show(spelling)}, with any extension"
            )
        if len(found) > 1:
            text = f"{self._rows(*found[:2])} in {self._source} both match; name the label after one of them"
            raise SampleError("id.ambiguous", text)
        return found[0]

    def _rows(self, *found: ImageId) -> str:
        return " and ".join(f"images[{self._table.rows[image][0]}]" for image in found)
