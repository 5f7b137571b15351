"""Folders of label pictures, one PNG an image: which there are, and what each is called.

A picture's name is all that such a folder says of it; ``photos`` finds the image that it belongs to.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import listing, names, places
from cocoseg.files.documents import read_document
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.maps.photos import Photos, photos_of
from cocoseg.model import ImageId, Refused


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A picture, undecoded. ``size`` is (height, width), if it is known; ``photo`` what its photo is called.

    ``made_by`` is the digest of all that decides the sample besides the picture; ``row`` is what the file that lists
    the photo says of it.
    """

    key: str
    file_name: str
    image_id: ImageId
    number: int
    size: tuple[int, int] | None
    photo: str | None
    made_by: str
    row: Raw | None = None

    @property
    def place(self) -> str:
        """The picture's name in its folder."""
        return show(self.file_name)

    def content(self, exact: bool) -> bytes:
        """All that the sample is made from, less its picture; ``exact``: with its place among the others."""
        about = (self.key, self.file_name, self.image_id, self.size, self.photo, self.number if exact else None)
        return msgspec.json.encode((about, self.made_by, self.row))


class Index(NamedTuple):
    """A folder: an entry per picture, by name, what is odd about it, and what the file of the photos says of itself."""

    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    about: dict[str, bytes]


class Report(msgspec.Struct):
    """What a run's report in a folder tells of its pictures: the command, and the labels of class maps."""

    command: str | None = None
    labels: Raw | UnsetType = UNSET


def read_index(folder: str, images: str | os.PathLike[str] | None = None, made_by: str = "") -> Index:
    """The index of a folder; ``images`` is a COCO JSON that names and sizes the photos.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; SampleError ``file.*`` for storage that can't be listed.
    """
    found = listing.picture_names(folder)
    if not found:
        raise no_pictures(folder)
    photos = photos_of(found, images)
    keys = Keys(folder, "pictures")
    entries = [_entry(folder, number, name, photos, keys, made_by) for number, name in enumerate(found)]
    return Index(entries, (*photos.problems, *keys.problems), photos.about)


def picture(folder: str | None, entry: Entry) -> bytes:
    """The bytes of an entry's PNG. Raises SampleError ``file.*``."""
    return read_file(places.join(folder or "", entry.file_name))


def read_report(folder: str) -> Report:
    """The report that a run left in a folder, or an empty one. Raises DocumentError, SampleError ``file.*``."""
    path = places.join(folder, names.REPORT)
    return read_document(path, Report) if places.exists(path) else Report()


def no_pictures(folder: str) -> DocumentError:
    """What to say of a folder without pictures."""
    others = [name for name in listing.names(folder) if not listing.is_hidden(name)]
    what = f"has no PNG in it (but {show(others[0])}); labels have to be PNGs" if others else "is empty, expected PNGs"
    return DocumentError("doc.empty", f"the folder {show(folder, 300)} {what}")


def _entry(folder: str, number: int, name: str, photos: Photos, keys: Keys, made_by: str) -> Entry | Refused:
    try:
        file_name = names.relative_name(name)
        photo = photos.find(number, file_name)
        key = keys.take(number, file_name)
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)
    return Entry(key, file_name, photo.image_id, number, photo.size, photo.file_name, made_by, photo.row)
