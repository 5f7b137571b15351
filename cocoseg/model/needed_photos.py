"""Images whose photos have to be there, of the right size: what is handed to the stacks that people train with."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, replace
from typing import Any

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files.photo import ending_of, open_photo, size_in_header
from cocoseg.files.reading import read_file
from cocoseg.files.urls import is_url
from cocoseg.model.photos import Photo, WithPhotos
from cocoseg.model.records import Entry, Sample


@dataclass(frozen=True)
class NeededPhotos(WithPhotos):
    """A loader whose samples come with their photos from the folder ``photos``, or without any if that is "".

    Keys of entries begin with their part, which the photos' names do not have. Photos are measured, and read as a
    whole where they are to be ``copied``. Raises SampleError: ``file.missing``, ``image.corrupt``, ``size.mismatch``.
    """

    copied: bool = False

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the labels and of the photos."""
        return (*self.inner.folders, *([self.photos] if self.photos else ()))

    def decode(self, entry: Entry, files: tuple[Any, Photo | None]) -> Sample:
        """As in ``Loads``. Raises SampleError ``size.mismatch`` where a photo is not of the annotation's size."""
        sample, photo = replace(super().decode(entry, files), key=entry.key), files[1]
        if photo and photo.size and photo.size != sample.size:
            (height, width), (annotated, across) = photo.size, sample.size
            found = f"{show(photo.path, 300)} has {height}×{width} pixels (height × width, turned as its EXIF says)"
            text = f"{found}, its annotation {annotated}×{across}; they belong to different images"
            raise SampleError("size.mismatch", text).at(self.place(entry))
        return _saying_turned(sample, photo) if photo and photo.fits_both else sample

    def _photo(self, entry: Entry) -> Photo | None:
        if not self.photos:
            return None
        path = self._path(entry, entry.key.partition("/")[2])
        return _far(path) if is_url(path) else _near(path, self.copied)


def _near(found: str, copied: bool) -> Photo:
    """A photo on this machine."""
    folder, name = os.path.split(found)  # what a link leads to may have no ending, as in caches of downloads
    path = os.path.join(os.path.realpath(folder), name)
    return _measured(Photo(path, read_file(path) if copied else None), path)


def _far(url: str) -> Photo:
    """A photo in a storage."""
    data = read_file(url)
    return _measured(Photo(url, data), io.BytesIO(data))


def _measured(photo: Photo, file: str | io.BytesIO) -> Photo:
    name = photo.path.partition("?")[0] if is_url(photo.path) else photo.path
    with open_photo(file) as opened:
        found, ending = size_in_header(opened), ending_of(name, opened.format or "")
    return photo._replace(size=found.turned, ending=ending, fits_both=found.fits_both)


def _saying_turned(sample: Sample, photo: Photo) -> Sample:
    text = f"{show(photo.path, 300)} is turned by its EXIF orientation, and of the same size without it"
    said = Problem("photo.orientation", f"{sample.place}: {text}; are its labels as viewers show it?")
    return replace(sample, problems=(*sample.problems, said))


def placed(photo: Photo | None, name: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files and the links that put a photo at ``name``, without its ending."""
    if photo is None:
        return {}, {}
    full = f"{name}{photo.ending}"
    return ({}, {full: photo.path}) if photo.data is None else ({full: photo.data}, {})
