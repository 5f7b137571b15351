"""Images together with their photos: what is handed to the stacks that people train with."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.names import relative_name
from cocoseg.files.photo import find_photo, open_photo, photo_size, size_in_header
from cocoseg.files.reading import read_file
from cocoseg.files.urls import is_url
from cocoseg.model.loading import Around, Change
from cocoseg.model.records import Entry, Refused, Sample


class Photo(NamedTuple):
    """A photo: its path, its size (height, width) as viewers show it, and its bytes if they are to be copied."""

    path: str
    size: tuple[int, int]
    data: bytes | None = None

    @property
    def ending(self) -> str:
        """The ending of its name, as ``.jpg``."""
        return os.path.splitext(self.path.partition("?")[0] if is_url(self.path) else self.path)[1]


@dataclass(frozen=True)
class Photographed:
    """A sample and its photo, None where only labels are wanted."""

    sample: Sample
    photo: Photo | None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The harmless problems of the sample."""
        return self.sample.problems


@dataclass(frozen=True)
class WithPhotos(Around):
    """A loader whose samples come with their photos from the folder ``photos``.

    Keys of entries begin with their part, which the photos' names do not have. Without a folder there are no photos.
    With ``copied``, photos are read as a whole, and their bytes are among what an image is made from.
    """

    photos: str = ""
    copied: bool = False

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the labels and of the photos."""
        return (*self.inner.folders, *([self.photos] if self.photos else ()))

    def fetch(self, entry: Entry | Refused) -> tuple[Any, Photo | None]:
        """The files of an entry, and its photo. Raises SampleError ``file.*``, ``image.corrupt``."""
        files = self.inner.fetch(entry)
        assert isinstance(entry, Entry)  # else the loader has raised
        return files, self._photo(entry) if self.photos else None

    def decode(self, entry: Entry, files: tuple[Any, Photo | None]) -> Any:
        """Raises SampleError ``size.mismatch`` where a photo is not of the annotation's size."""
        sample = replace(self.inner.decode(entry, files[0]), key=entry.key)
        photo = files[1]
        if photo and photo.size != sample.size:
            (height, width), (annotated, across) = photo.size, sample.size
            found = f"{show(photo.path, 300)} has {height}×{width} pixels (height × width, turned as its EXIF says)"
            text = f"{found}, its annotation {annotated}×{across}; they belong to different images"
            raise SampleError("size.mismatch", text).at(self.place(entry))
        return Photographed(sample, photo)

    def content(self, entry: Entry | Refused, files: tuple[Any, Photo | None], exact: bool) -> Iterable[bytes]:
        """Everything that determines the sample, and the photo."""
        photo = files[1]
        about = (photo.path, photo.size) if photo else None
        rest = (msgspec.json.encode(about), photo.data or b"" if photo else b"")
        return chain(self.inner.content(entry, files[0], exact), rest)

    def changed(self, change: Change) -> WithPhotos:
        """The same, with ``change`` applied to every sample."""
        return replace(self, inner=self.inner.changed(change))

    def _photo(self, entry: Entry) -> Photo:
        try:
            return self._far(entry) if is_url(self.photos) else self._near(entry)
        except SampleError as error:
            raise error.at(self.place(entry)) from None

    def _near(self, entry: Entry) -> Photo:
        """The photo of an entry in a folder on this machine."""
        found = find_photo(self.photos, entry.key.partition("/")[2], entry.file_name)
        folder, name = os.path.split(found)  # what a link leads to may have no ending, as in caches of downloads
        path = os.path.join(os.path.realpath(folder), name)
        return Photo(path, photo_size(path).turned, read_file(path) if self.copied else None)

    def _far(self, entry: Entry) -> Photo:
        """The photo of an entry in a storage, which is asked for the listed name alone."""
        url = url_of(self.photos, entry.file_name or entry.key.partition("/")[2])
        data = read_file(url)
        with open_photo(io.BytesIO(data)) as opened:
            return Photo(url, size_in_header(opened).turned, data)


def url_of(folder: str, name: str) -> str:
    """The URL of a photo in a storage; a name that is a URL itself has to lie in the folder.

    Raises SampleError ``path.escape``, ``path.invalid``.

    >>> url_of("s3://bucket/val", "a.jpg"), url_of("http://host/val", "http://host/val/a.jpg")
    ('s3://bucket/val/a.jpg', 'http://host/val/a.jpg')
    """
    if not is_url(name):
        return places.join(folder, relative_name(name))
    if ".." in name.split("/") or not places.lies_in(name, folder):
        text = f"file_name {show(name, 300)} is not in {show(folder, 300)}, which --photos names"
        raise SampleError("path.escape", f"{text}; nothing is read from elsewhere")
    return name


def placed(photo: Photo | None, name: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files and the links that put a photo at ``name``, without its ending."""
    if photo is None:
        return {}, {}
    full = f"{name}{photo.ending}"
    return ({}, {full: photo.path}) if photo.data is None else ({full: photo.data}, {})
