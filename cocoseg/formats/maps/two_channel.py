"""panopticapi's 2-channel PNGs: 8-bit RGB, R the category id, G the number of the instance, B 0; (0, 0) is void.

Read in panopticapi ``CONVERTERS.md`` and ``converters/2channels2panoptic_coco_format.py``: every pair is a segment, and
stuff has one segment for each category. The categories come from a file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.codecs.regions import runs
from cocoseg.errors import DocumentError, SampleError
from cocoseg.files import png
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import name_problems, read_categories
from cocoseg.formats.maps import pictures
from cocoseg.formats.maps.classes import Numbered, Values, thing_sample
from cocoseg.formats.maps.pictures import Entry, picture
from cocoseg.model import Dataset, Loader, Sample

_VERSION = 1  # of the samples that the same input makes
_RGB = (2, 6)
_PHOTO = 0.2  # of the pixels differ from the one before: label pictures have a few in a hundred


def read(path: StrPath, *, categories: StrPath | None = None, images: StrPath | None = None) -> Dataset:
    """A folder of 2-channel PNGs as a Dataset; options as ``cocoseg.read`` has them.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``.
    """
    folder = os.fspath(path)
    if categories is None:
        raise DocumentError(
            "doc.missing_key",
            f"{folder}: holds RGB pictures; if they are 2-channel PNGs (R the category id, G the instance), name the "
            "file of their categories (--categories); if their colours are segment ids, give their panoptic JSON",
        )
    found = read_categories(categories)
    values = Values.of("category id", ((category.id, category) for category in found), (0,))
    index = pictures.read_index(folder, images, f"{_VERSION} {values.digest}")
    problems = (*index.problems, *name_problems(folder, found))
    load = Loader(folder, folder, picture, TwoChannel(values))
    return Dataset(found, index.entries, load, folder, folder, problems, about=index.about)


@dataclass(frozen=True)
class TwoChannel:
    """``TwoChannel(values)(entry, picture, place)``: the sample that a 2-channel PNG makes."""

    values: Values

    def __call__(self, entry: Entry, picture: bytes, place: str) -> Sample:
        """Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``, ``id.unknown``."""
        _check_mode(picture)
        pixels = ids_from_rgb(png.read_picture(picture, entry.size))
        codes, lengths = runs(pixels.reshape(-1))
        try:
            _check_blue(codes, pixels.size)
            rows = self._rows(codes, lengths)
        except SampleError:
            png.verify_stream(picture)  # a damaged file is the better explanation, where it is one
            raise
        size = pixels.shape[0], pixels.shape[1]
        return thing_sample(entry, place, size, self.values, Numbered(rows, codes >> 8, lengths), zero_is_crowd=False)

    def _rows(self, codes: npt.NDArray[np.uint32], lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """The category of each run, void where it is (0, 0)."""
        rows = self.values.find(codes & 255, lengths)
        strange = (rows == self.values.nothing) & (codes > 0)
        if strange.any():
            pixels = int(lengths[strange].sum())
            text = f"category 0, which is void, has an instance (G) in {pixels} pixels; list it, or paint them 0"
            raise SampleError("id.unknown", text)
        rows[codes == 0] = self.values.nothing
        return rows


def _check_mode(data: bytes) -> None:
    header = png.read_header(data)
    if header.color_type not in _RGB or header.bit_depth != 8:
        text = "a 2-channel PNG is 8-bit RGB (R the category id, G the instance, B 0); class maps are read with"
        raise SampleError("png.mode", f"the PNG is {header.mode}; {text} --from semantic")


def _check_blue(codes: npt.NDArray[Any], pixels: int) -> None:
    wrong = codes > 0xFFFF
    if not wrong.any():
        return
    red, green, blue = (int(codes[wrong][0]) >> shift & 255 for shift in (0, 8, 16))
    found = f"the PNG has colour ({red}, {green}, {blue}), where a 2-channel PNG has 0 for blue"
    advice = "it looks like a panoptic picture of ids: give its panoptic JSON in place of the folder"
    if len(codes) > _PHOTO * pixels and pixels > 256:
        advice = "it looks like a photo: give the folder of the labels"
    raise SampleError("png.mode", f"{found}; {advice}")
