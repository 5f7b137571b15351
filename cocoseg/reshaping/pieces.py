"""Converts an image to several: its tiles, or itself in another size, with photos if they are wanted.

The image is decoded and painted once, and then cut. So what is on top in the image is on top in all its tiles, and the
ids of its segments in a panoptic picture are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from cocoseg.errors import SampleError
from cocoseg.files.names import PHOTOS
from cocoseg.files.pillow import photo_ending, write_photo
from cocoseg.formats.coco.writer import Annotated, Annotations
from cocoseg.formats.coco_json.about import annotation_fields, image_row
from cocoseg.formats.coco_json.document import BETWEEN
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.formats.panoptic.writer import OF, OF_TILE, PanopticFiles
from cocoseg.model import Sample
from cocoseg.model.photos import Photographed
from cocoseg.reshaping.cutting import Tiling
from cocoseg.reshaping.scaling import Scaling
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import Counts as Painted
from cocoseg.targets.semantic import painted

_VERSION = 2  # changes when the same input makes other files or rows
_ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class InPieces:
    """Converts what ``change`` makes of an image, by the conversion ``convert``, with ``photos`` if samples have them.

    Tiles say what they are of: each segment of a JSON has the id that it has in the whole image as ``of``.
    """

    change: Tiling | Scaling
    convert: Annotations | PanopticFiles | ClassMaps
    photos: bool = False

    def __call__(self, sample: Sample) -> Converted:
        """The files and rows of all pieces. Raises SampleError: as ``convert`` does, ``limit.tiles``, ``image.*``."""
        try:
            whole, counts = self._whole(sample)
            ending = self._ending(sample)
            samples, dropped = self.change(whole, ending)
            made = [self._converted(piece) for piece in samples]
            photos, is_guess = self._photos(sample, [piece.file_name for piece in samples], ending)
        except SampleError as error:
            raise (error if error.message.startswith(sample.place) else error.at(sample.place)) from None
        files = {name: data for one in made for name, data in one.files.items()}
        result = _sum([*counts, *(one.result for one in made)])
        result.pieces, result.dropped = len(samples), dropped
        if is_guess:
            result.turned = 1
        texts = zip(*(one.texts for one in made), strict=True)
        return Converted(files | photos, result, tuple(BETWEEN.join(filter(None, column)) for column in texts))

    def settings(self) -> bytes:
        """All settings that affect the files and the rows."""
        return _ENCODE(("pieces", _VERSION, repr(self.change), self.photos)) + self.convert.settings()

    def _whole(self, sample: Sample) -> tuple[Sample, list[Any]]:
        """The image as it is to be cut, and counts about it."""
        if isinstance(self.convert, Annotations):
            return replace(sample, rows=_rows(sample, isinstance(self.change, Tiling))), []
        if isinstance(self.convert, PanopticFiles):
            whole, counts = self.convert.flattened(sample)
            return replace(whole, rows=_rows(whole, isinstance(self.change, Tiling))), [counts]
        whole, contested = painted(sample, self.convert.scheme)
        return whole, [Painted(contested=contested)]

    def _converted(self, piece: Sample) -> Converted:
        if isinstance(self.convert, PanopticFiles):
            return replace(self.convert, keep_ids=True)(piece)
        made = self.convert(piece)
        is_listed = isinstance(self.convert, ClassMaps) and isinstance(self.change, Tiling)
        return made._replace(texts=(image_row(piece),)) if is_listed else made

    def _ending(self, sample: Sample) -> str:
        if not (self.photos and isinstance(sample, Photographed)):
            return ""
        return photo_ending(sample.photo.data or b"" if sample.photo else b"")

    def _photos(self, sample: Sample, names: Sequence[str], ending: str) -> tuple[dict[str, bytes], bool]:
        """The photos of the pieces, and whether the one that they are of was turned by a guess."""
        if not self.photos:
            return {}, False
        assert isinstance(sample, Photographed)
        whole, is_guess = sample.picture()
        pieces = zip(names, self.change.pictures(whole), strict=True)
        return {f"{PHOTOS}/{name}": write_photo(picture, ending) for name, picture in pieces}, is_guess


def _sum(results: Sequence[Any]) -> Any:
    """The counts of several results of one type."""
    made = type(results[0])() if results else Annotated()
    for result in results:
        for name in made.__struct_fields__:
            value, more = getattr(made, name), getattr(result, name)
            if isinstance(value, dict):
                setattr(made, name, value | {key: value.get(key, 0) + number for key, number in more.items()})
            elif isinstance(value, int):
                setattr(made, name, value + more)
    return made


def _rows(sample: Sample, origins: bool) -> list[Raw]:
    """The fields of the annotations that hold whatever the size is, and with ``origins`` what they are of.

    Lists may be positions, such as keypoints, and are left out.
    """
    rows = [None] * len(sample.ids) if sample.rows is None else sample.rows
    fields = [{} if row is None else annotation_fields(row, True) for row in rows]
    plain = [{name: Raw(text) for name, text in row.items() if not text.startswith(b"[")} for row in fields]
    if origins:
        for row, before, origin in zip(plain, fields, _origins(sample), strict=True):
            row |= {"of": origin} | _tile_fields(before)
    return [Raw(_ENCODE(row)) for row in plain]


def _tile_fields(row: Mapping[str, bytes]) -> dict[str, Raw]:
    """What the segment of a tile is of, for the tiles that this is cut into."""
    own = {name: Raw(row[name]) for name in OF if name in row}
    return {OF_TILE: Raw(_ENCODE(own))} if own else {}


def _origins(sample: Sample) -> list[Raw]:
    """What tiles say of each segment of the image, by its id, or by its number from 1 if some have the same id.

    Where these do not rise, there is the position among the segments of the image too, which decides what is on top.
    """
    unique = len(np.unique(sample.ids)) == len(sample.ids)
    numbers = sample.ids.tolist() if unique else list(range(1, len(sample.ids) + 1))
    rising = all(one < other for one, other in pairwise(numbers))
    return [Raw(b"%d" % number if rising else b"[%d,%d]" % (number, rank)) for rank, number in enumerate(numbers)]
