"""Samples that bring their photo along."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, eq=False)
class Photographed(Sample):
    """A sample with the bytes of its photo, or None, and the photo's ``path``."""

    _: KW_ONLY
    photo: bytes | None = None
    path: str = ""

    def picture(self) -> PIL.Image.Image:
        """The photo as Pillow's image in its own mode, turned as the sample's size asks for.

        Raises SampleError: ``file.missing`` where there is none, ``image.corrupt``, ``size.mismatch``.
        """
        if self.photo is None:
            text = f"no photo {show(self.file_name or self.key)}, nor one called so with another ending"
            raise SampleError("file.missing", f"{text}; is it the folder of the photos?")
        with open_photo(io.BytesIO(self.photo)) as opened:
            found = size_in_header(opened)
            turned, _ = fits_turned(show(self.path, 300), found, self.size)
            return oriented(opened, found.orientation, turned)

    def pixels(self) -> tuple[npt.NDArray[np.uint8] | None, bool]:
        """The photo, (H, W, 3) uint8 in RGB, turned as the sample's size asks for, or None where there is none.

        The second value is true if the photo was turned by its EXIF orientation although its size fits both ways.
        Raises SampleError: ``image.corrupt``, ``image.mode`` for more than 8 bits, ``size.mismatch``.
        """
        if self.photo is None:
            return None, False
        name = show(self.path, 300)
        with open_photo(io.BytesIO(self.photo)) as opened:
            found = size_in_header(opened)
            turned, is_guess = fits_turned(name, found, self.size)
            return rgb_pixels(opened, name, found, turned), is_guess


@dataclass(frozen=True)
class WithPhotos(Around):
    """A loader whose samples are ``Photographed``, with photos from a folder or storage, where they are there."""

    folder: str

    def fetch(self, entry: Entry | Refused) -> Any:
        """The files of the entry, and the path and bytes of its photo."""
        files = self.inner.fetch(entry)
        assert isinstance(entry, Entry)
        try:
            return files, *self._photo(entry)
        except SampleError as error:
            raise error.at(self.place(entry)) from None

    def decode(self, entry: Entry, files: Any) -> Sample:
        """As in ``Loads``."""
        sample = self.inner.decode(entry, files[0])
        columns = {row.name: getattr(sample, row.name) for row in fields(Sample)}
        return Photographed(**columns, path=files[1], photo=files[2])

    def content(self, entry: Entry | Refused, files: Any, exact: bool) -> Iterable[bytes]:
        """What determines the sample, and the photo."""
        return chain(self.inner.content(entry, files[0], exact), (files[2] or b"",))

    def changed(self, change: Change) -> WithPhotos:
        """As in ``Loads``."""
        return replace(self, inner=self.inner.changed(change))

    def _photo(self, entry: Entry) -> tuple[str, bytes | None]:
        """The path and the bytes of a photo. Raises SampleError where it is there and cannot be read."""
        try:
            path = self._path(entry)
            return path, read_file(path)
        except SampleError as error:
            if error.category == "file.missing":
                return "", None
            raise

    def _path(self, entry: Entry) -> str:
        """Where the photo is. Raises SampleError ``file.missing``; a storage is asked for the listed name alone."""
        if is_url(self.folder):
            return places.join(self.folder, relative_name(entry.file_name or entry.key))
        return find_photo(self.folder, entry.key, entry.file_name)


def with_photos(dataset: Dataset) -> Dataset:
    """The data set whose samples have their photos, from ``dataset.photos``; unchanged where that is unknown."""
    return replace(dataset, load=WithPhotos(dataset.load, dataset.photos)) if dataset.photos else dataset
