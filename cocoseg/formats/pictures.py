"""Folders of label pictures, one PNG an image: which there are, what each is called, and the photo that it belongs to.

A picture's name is all that such a folder says of it. Its image has the id and name of the row of a COCO JSON whose
``file_name`` has the same stem, where there is such a JSON; else its number in COCO's way (``000000142238.png``), or
its place among the names.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import names, places
from cocoseg.files.documents import read_document
from cocoseg.files.reading import read_file
from cocoseg.files.writing import Folder
from cocoseg.formats.images import Image, ImageTable, Keys
from cocoseg.model import ImageId, Refused


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A picture, undecoded. ``size`` is (height, width), if it is known; ``photo`` what its photo is called.

    ``made_by`` is the digest of all that decides the sample besides the picture.
    """

    key: str
    file_name: str
    image_id: ImageId
    number: int
    size: tuple[int, int] | None
    photo: str | None
    made_by: str

    @property
    def place(self) -> str:
        """The picture's name in its folder."""
        return show(self.file_name)

    def content(self, exact: bool) -> bytes:
        """All that the sample is made from, less its picture; ``exact``: with its place among the others."""
        about = (self.key, self.file_name, self.image_id, self.size, self.photo, self.number if exact else None)
        return msgspec.json.encode((about, self.made_by))


class Index(NamedTuple):
    """A folder: an entry per picture, by name, and what is odd about it."""

    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]


class Report(msgspec.Struct):
    """What a run's report in a folder tells of its pictures: the command, and the labels of class maps."""

    command: str | None = None
    labels: Raw | UnsetType = UNSET


class _Document(msgspec.Struct):
    images: list[Raw] | UnsetType = UNSET


def read_index(folder: str, images: str | os.PathLike[str] | None = None, made_by: str = "") -> Index:
    """The index of a folder; ``images`` is a COCO JSON that names and sizes the photos.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; SampleError ``file.*`` for storage that can't be listed.
    """
    found = picture_names(folder)
    if not found:
        raise no_pictures(folder)
    photos = _Numbers(found) if images is None else _Photos(os.fspath(images))
    keys = Keys(folder, "pictures")
    entries = [_entry(folder, number, name, photos, keys, made_by) for number, name in enumerate(found)]
    return Index(entries, (*photos.problems, *keys.problems))


def picture_names(folder: str) -> list[str]:
    """The PNGs in a folder and its folders, by name, less hidden ones and those of runs. Raises as ``read_index``."""
    return sorted(name for name in _names(folder) if name.lower().endswith(".png") and not _is_hidden(name))


def picture(folder: str | None, entry: Entry) -> bytes:
    """The bytes of an entry's PNG. Raises SampleError ``file.*``."""
    return read_file(places.join(folder or "", entry.file_name))


def read_report(folder: str) -> Report:
    """The report that a run left in a folder, or an empty one. Raises DocumentError, SampleError ``file.*``."""
    path = places.join(folder, names.REPORT)
    return read_document(path, Report) if places.exists(path) else Report()


def _names(folder: str) -> list[str]:
    if places.is_url(folder):
        from cocoseg.files import store

        return store.names(folder)
    return list(Folder.found(folder).names())


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or "/." in name


def no_pictures(folder: str) -> DocumentError:
    """What to say of a folder without pictures."""
    others = [name for name in _names(folder) if not _is_hidden(name)]
    what = f"has no PNG in it (but {show(others[0])}); labels have to be PNGs" if others else "is empty, expected PNGs"
    return DocumentError("doc.empty", f"the folder {show(folder, 300)} {what}")


def _entry(
    folder: str, number: int, name: str, photos: _Numbers | _Photos, keys: Keys, made_by: str
) -> Entry | Refused:
    try:
        file_name = names.relative_name(name)
        row, image = photos.find(number, file_name)
        key = keys.take(number, file_name)
        size = None if image is None else ImageTable.size_of(row, image)
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)
    if image is None:
        return Entry(key, file_name, row, number, size, None, made_by)
    photo = image.file_name if isinstance(image.file_name, str) else None
    return Entry(key, file_name, image.id, number, size, photo, made_by)


class _Numbers:
    """Ids of images that nobody names: the numbers in the pictures' names, or those of their order."""

    problems: tuple[Problem, ...] = ()

    def __init__(self, found: Sequence[str]) -> None:
        stems = [posixpath.basename(_stem(name)) for name in found]
        plain = all(stem.isascii() and stem.isdecimal() and len(stem) < 19 for stem in stems)
        numbers = list(map(int, stems)) if plain else []
        self._ids = numbers if len(set(numbers)) == len(found) else range(1, len(found) + 1)

    def find(self, number: int, name: str) -> tuple[int, None]:
        """The id of a picture's image, and no row."""
        return self._ids[number], None


class _Photos:
    """The rows of a COCO JSON's images, by the stems of their names."""

    def __init__(self, source: str) -> None:
        document = read_document(source, _Document, unique=("images",))
        if document.images is UNSET:
            raise DocumentError("doc.missing_key", f"{source}: no 'images', expected the list of the photos")
        table = ImageTable(source, document.images)
        self.problems = tuple(table.problems)
        self._source = source
        self._by_stem: dict[str, list[tuple[int, Image]]] = {}
        self._by_base: dict[str, list[tuple[int, Image]]] = {}
        self._taken: dict[int, str] = {}
        for row in table.rows.values():
            self._enter(row)

    def _enter(self, row: tuple[int, Image]) -> None:
        if isinstance(name := row[1].file_name, str):
            stem = _stem(name)
            self._by_stem.setdefault(stem, []).append(row)
            self._by_base.setdefault(posixpath.basename(stem), []).append(row)

    def find(self, _: int, name: str) -> tuple[int, Image]:
        """The row of a picture's photo and its number. Raises SampleError ``id.unknown``, ``id.ambiguous``."""
        stem = _stem(name)
        rows = self._by_stem.get(stem) or self._by_base.get(posixpath.basename(stem), [])
        if not rows:
            raise SampleError("id.unknown", f"no image in {self._source} is called {show(stem)}, whatever its ending")
        if len(rows) > 1:
            both = f"images[{rows[0][0]}] and [{rows[1][0]}]"
            raise SampleError("id.ambiguous", f"{both} in {self._source} may be its photo; name it as one of them")
        if (other := self._taken.setdefault(rows[0][0], name)) != name:
            text = f"images[{rows[0][0]}] in {self._source} is the photo of {show(other)} already; name it as its own"
            raise SampleError("id.ambiguous", text)
        return rows[0]


def _stem(name: str) -> str:
    """A name with its folders, less its ending.

    >>> _stem("a.b/c.d.png")
    'a.b/c.d'
    """
    return posixpath.splitext(name)[0]
