"""Sizes of images, and images, that a detection JSON does not list: from RLE, or from the photos."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from cocoseg.errors import SampleError, show
from cocoseg.files.names import png_name
from cocoseg.files.photo import find_photo, photo_size
from cocoseg.formats.coco.rows import Annotation, Rows
from cocoseg.formats.coco_json.images import ImageTable
from cocoseg.formats.coco_json.scalars import Taken, unfloat, whole
from cocoseg.model import ImageId

Size = tuple[int, int]

_SIZE = re.compile(rb'"size"\s*:\s*\[\s*(\d{1,18})(?:\.0*)?\s*,\s*(\d{1,18})(?:\.0*)?\s*\]')


class Sizes:
    """Finds the size of an image: in its row, in its RLE, or from its photo in the folder ``photos``."""

    def __init__(self, photos: str | None, table: ImageTable, taken: Taken) -> None:
        self._photos = photos
        self._table = table
        self._taken = taken

    def of(self, image: ImageId, annotations: Sequence[Annotation]) -> Size:
        """(height, width). Raises SampleError: ``size.*``, ``doc.missing_key``, ``file.*``."""
        number, row = self._table.rows[image]
        sides = (row.height, row.width)
        if not any(map(_is_missing, sides)):
            return self._table.size(image)  # type: ignore[return-value]
        found, whose = self._elsewhere(image, annotations)
        if found is None and UNSET not in sides and None not in sides:
            return self._table.size(image)  # type: ignore[return-value]
        if found is None:
            raise self._missing(sides, number)
        for side, name, other in zip(sides, ("height", "width"), found, strict=True):
            if not _is_missing(side) and whole(side) != other:
                text = f"images[{number}].{name} is {show(side)}, but {whose} is {found[0]}×{found[1]} (height×width)"
                raise SampleError("size.mismatch", text)
        what = f"images[{number}] has no size; that of {whose}, {found[0]}×{found[1]} (height×width), was taken"
        self._taken.note("doc.missing_key", what, whose)
        return found

    def _elsewhere(self, image: ImageId, annotations: Sequence[Annotation]) -> tuple[Size | None, str]:
        """The size that the RLE of an image has, or else its photo, and which of them it was."""
        if found := rle_size(annotations):
            return found, "its RLE"
        if self._photos is None:
            return None, ""
        name = self._table.file_name(image) or ""
        size = photo_size(find_photo(self._photos, png_name(name), name))
        turned = size.turned != size.stored
        return size.turned, "its photo, turned as EXIF says" if turned else "its photo"

    def _missing(self, sides: Sequence[Any], number: int) -> SampleError:
        if all(side in (UNSET, None) for side in sides):
            text = "no 'height' and 'width', expected the numbers of pixels; --photos DIR takes them from the photos"
            return SampleError("doc.missing_key", text)
        name = "height" if sides[0] in (UNSET, None) else "width"
        text = f"images[{number}].{name} is missing, expected a number of pixels"
        return SampleError("size.type", f"{text}; --photos DIR takes it from the photos")


def _is_missing(side: Any) -> bool:
    """Whether a side is not given; VIA's exports write 0."""
    return side is UNSET or side is None or (whole(side) == 0 and not isinstance(side, bool))


def rle_size(annotations: Sequence[Annotation]) -> Size | None:
    """The (height, width) of the first annotation that is RLE, if any."""
    raws = (bytes(row.segmentation) for row in annotations if row.segmentation is not UNSET)
    found = next((match for raw in raws if raw.startswith(b"{") and (match := _SIZE.search(raw))), None)
    return (int(found[1]), int(found[2])) if found else None


def images_of_rows(source: str, found: Rows, photos: str | None) -> list[Raw]:
    """Rows of ``images`` for results that name their images; empty if a size is neither in RLE nor in ``photos``.

    The photo of a list of masks that names no image is called as the list.
    """
    images: dict[Any, list[Annotation]] = {}
    for row in found.rows:
        images.setdefault(whole(row.image_id), []).append(row)
    names = {number: unfloat(rows[0].image_id) for number, rows in images.items()}
    sizes = {image: rle_size(rows) for image, rows in images.items()}
    if photos is None and not all(sizes.values()):
        return []
    only = posixpath.splitext(posixpath.basename(source))[0] if found.imageless else ""
    return [
        Raw(msgspec.json.encode({"id": name, "file_name": only or str(name), "height": height, "width": width}))
        for name, (height, width) in ((names[image], size or (None, None)) for image, size in sizes.items())
    ]
