"""Samples that bring their photo along."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, show
from cocoseg.files import places
from cocoseg.files.names import relative_name
from cocoseg.files.photo import find_photo, fits_turned, open_photo, oriented, rgb_pixels, size_in_header
from cocoseg.files.reading import read_file
from cocoseg.files.urls import is_url
from cocoseg.model.dataset import Dataset
from cocoseg.model.loading import Around, Change
from cocoseg.model.records import Entry, Refused, Sample

if TYPE_CHECKING:
    import PIL.Image


class Photo(NamedTuple):
    """A photo: its path, and its bytes unless a link to it is enough.

    What measures it knows its size (height, width) as viewers show it, the ending for copies of it, as ``.jpg``, and
    whether EXIF turns it and its size stays, so that it ``fits_both`` ways.
    """

    path: str
    data: bytes | None = None
    size: tuple[int, int] | None = None
    ending: str = ""
    fits_both: bool = False

    def content(self) -> tuple[bytes, bytes]:
        """What determines files made with it: where it is only matters to a link."""
        where = self.path if self.data is None else ""
        return msgspec.json.encode((where, self.size, self.ending)), self.data or b""


@dataclass(frozen=True, eq=False)
class Photographed(Sample):
    """A sample and its photo, or None."""

    _: KW_ONLY
    photo: Photo | None = None

    def picture(self) -> tuple[PIL.Image.Image, bool]:
        """The photo as Pillow's image in its own mode, turned as the sample's size asks for.

        The second value is that of ``pixels``. Raises SampleError: ``file.missing`` where there is none,
        ``image.corrupt``, ``size.mismatch``.
        """
        if self.photo is None:
            text = f"no photo {show(self.file_name or self.key)}, nor one called so with another ending"
            raise SampleError("file.missing", f"{text}; is it the folder of the photos?")
        with open_photo(io.BytesIO(self.photo.data or b"")) as opened:
            found = size_in_header(opened)
            turned, is_guess = fits_turned(show(self.photo.path, 300), found, self.size)
            return oriented(opened, found.orientation, turned), is_guess

    def pixels(self) -> tuple[npt.NDArray[np.uint8] | None, bool]:
        """The photo, (H, W, 3) uint8 in RGB, turned as the sample's size asks for, or None where there is none.

        The second value is true if the photo was turned by its EXIF orientation although its size fits both ways.
        Raises SampleError: ``image.corrupt``, ``image.mode`` for more than 8 bits, ``size.mismatch``.
        """
        if self.photo is None:
            return None, False
        name = show(self.photo.path, 300)
        with open_photo(io.BytesIO(self.photo.data or b"")) as opened:
            found = size_in_header(opened)
            turned, is_guess = fits_turned(name, found, self.size)
            return rgb_pixels(opened, name, found, turned), is_guess


@dataclass(frozen=True)
class WithPhotos(Around):
    """A loader whose samples are ``Photographed``, with the bytes of photos from a folder or storage that has them."""

    photos: str = ""

    def fetch(self, entry: Entry | Refused) -> tuple[Any, Photo | None]:
        """The files of the entry, and its photo. Raises SampleError where it is there and cannot be read."""
        files = self.inner.fetch(entry)
        assert isinstance(entry, Entry)  # else the loader has raised
        try:
            return files, self._photo(entry)
        except SampleError as error:
            raise error.at(self.place(entry)) from None

    def decode(self, entry: Entry, files: tuple[Any, Photo | None]) -> Sample:
        """As in ``Loads``."""
        sample = self.inner.decode(entry, files[0])
        columns = {row.name: getattr(sample, row.name) for row in fields(Sample)}
        return Photographed(**columns, photo=files[1])

    def content(self, entry: Entry | Refused, files: tuple[Any, Photo | None], exact: bool) -> Iterable[bytes]:
        """What determines the sample, and the photo."""
        photo = files[1]
        return chain(self.inner.content(entry, files[0], exact), photo.content() if photo else ())

    def changed(self, change: Change) -> WithPhotos:
        """As in ``Loads``."""
        return replace(self, inner=self.inner.changed(change))

    def _photo(self, entry: Entry) -> Photo | None:
        try:
            path = self._path(entry, entry.key)
            return Photo(path, read_file(path))
        except SampleError as error:
            if error.category == "file.missing":
                return None
            raise

    def _path(self, entry: Entry, key: str) -> str:
        """Where the photo is. Raises SampleError ``file.missing``; a storage is asked for the listed name alone."""
        if is_url(self.photos):
            return url_of(self.photos, entry.file_name or key)
        return find_photo(self.photos, key, entry.file_name)


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


def with_photos(dataset: Dataset) -> Dataset:
    """The data set whose samples have their photos, from ``dataset.photos``; unchanged where that is unknown."""
    return replace(dataset, load=WithPhotos(dataset.load, dataset.photos)) if dataset.photos else dataset
