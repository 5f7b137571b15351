"""The photos that label pictures belong to, found by name.

If a COCO JSON lists the photos, a photo is the row whose ``file_name`` has the label picture's stem. Otherwise its id
is the number in the name, as COCO has it (``000000142238.png``), or the position among the names.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import read_document
from cocoseg.formats.coco_json.about import Described
from cocoseg.formats.coco_json.images import ImageTable
from cocoseg.model import ImageId


class _Document(Described):
    images: list[Raw] | UnsetType = UNSET


class Photo(NamedTuple):
    """The image that a label picture belongs to: its id and, from the JSON's ``row``, its name and (height, width)."""

    image_id: ImageId
    file_name: str | None = None
    size: tuple[int, int] | None = None
    row: Raw | None = None


def photos_of(labels: Sequence[str], images: str | os.PathLike[str] | None) -> Photos:
    """What finds the photos of labels of such names, ``images`` a COCO JSON that lists them. Raises DocumentError."""
    return _Numbered(labels) if images is None else _Listed(os.fspath(images))


class Photos(Protocol):
    """Finds the photos of labels. ``problems`` are the rows that could not be used, ``about`` what lists the others."""

    problems: tuple[Problem, ...]
    about: dict[str, bytes]

    def find(self, number: int, name: str) -> Photo:
        """The photo of the label picture ``name``, at this position. Raises SampleError: ``id.*``, ``size.*``."""


class _Numbered:
    """Photos that no JSON lists: their ids are the numbers in the names, or their order."""

    problems: tuple[Problem, ...] = ()

    def __init__(self, labels: Sequence[str]) -> None:
        self.about: dict[str, bytes] = {}
        stems = [posixpath.basename(_stem(name)) for name in labels]
        plain = all(stem.isascii() and stem.isdecimal() and len(stem) < 19 for stem in stems)
        numbers = list(map(int, stems)) if plain else []
        self._ids = numbers if len(set(numbers)) == len(labels) else range(1, len(labels) + 1)

    def find(self, number: int, name: str) -> Photo:
        return Photo(self._ids[number])


class _Listed:
    """The rows of a COCO JSON's images, by the stems of their names."""

    def __init__(self, source: str) -> None:
        document = read_document(source, _Document, unique=("images",))
        if document.images is UNSET:
            raise DocumentError("doc.missing_key", f"{source}: no 'images', expected the list of the photos")
        table = ImageTable(source, document.images)
        self.problems = tuple(table.problems)
        self.about = document.about
        self._source = source
        self._table = table
        self._by_stem: dict[str, list[ImageId]] = {}
        self._by_base: dict[str, list[ImageId]] = {}
        self._taken: dict[ImageId, str] = {}
        for image in table.rows:
            self._enter(image)

    def _enter(self, image: ImageId) -> None:
        if name := self._table.file_name(image):
            stem = _stem(name)
            self._by_stem.setdefault(stem, []).append(image)
            self._by_base.setdefault(posixpath.basename(stem), []).append(image)

    def find(self, number: int, name: str) -> Photo:
        image = self._image(name)
        if (other := self._taken.setdefault(image, name)) != name:
            found = f"{self._rows(image)} in {self._source} is the photo of {show(other)} already"
            text = f"{found}; give each picture the name of its photo"
            raise SampleError("id.ambiguous", text)
        try:
            row = self._table.raw(image, apart=True)
            return Photo(image, self._table.file_name(image), self._table.size(image), row)
        except SampleError as error:
            raise error.at(self._source) from None

    def _image(self, name: str) -> ImageId:
        stem = _stem(name)
        found = self._by_stem.get(stem) or self._by_base.get(posixpath.basename(stem), [])
        if not found:
            raise SampleError("id.unknown", f"no image in {self._source} is called {show(stem)}, whatever its ending")
        if len(found) > 1:
            text = f"{self._rows(*found[:2])} in {self._source} may be its photo; name it as one of them"
            raise SampleError("id.ambiguous", text)
        return found[0]

    def _rows(self, *found: ImageId) -> str:
        return " and ".join(f"images[{self._table.rows[image][0]}]" for image in found)


def _stem(name: str) -> str:
    """A name with its folders, less its ending.

    >>> _stem("a.b/c.d.png")
    'a.b/c.d'
    """
    return posixpath.splitext(name)[0]
