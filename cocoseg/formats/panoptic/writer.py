"""Writes COCO panoptic: for each image a PNG of segment ids, and its rows in the JSON.

    {"images": [{"id", "file_name", "height", "width"}],
     "annotations": [{"image_id", "file_name", "segments_info": [{"id", "category_id", "area", "bbox", "iscrowd"}]}],
     "categories": [{"id", "name", "supercategory", "isthing", "color"}]}

All stuff of a category is one segment and never a crowd. A segment without a visible pixel is left out. Areas and
boxes are computed from the pixels (panopticapi ``evaluation.py``, https://cocodataset.org/#format-data). Ids are
colours near the category's colour. If the source has the ids of a panoptic PNG, they are kept and the PNG is restored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Raw

from cocoseg.codecs.colors import ids_near
from cocoseg.codecs.looks import default_color
from cocoseg.codecs.panoptic import check_ids, rgb_from_ids
from cocoseg.codecs.regions import Regions
from cocoseg.files.documents import Count, OfPieces
from cocoseg.files.png.write import write_rgb
from cocoseg.formats.coco_json.about import image_row
from cocoseg.formats.coco_json.categories import check_listed
from cocoseg.labels.presets import is_stuff
from cocoseg.labels.scheme import Overlap
from cocoseg.model import Category, Sample
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import flat

OF_TILE = "of_tile"
OF = ("of", OF_TILE)  # which segment of an image that of a tile is of; and of a tile of a tile, the same of that
DOCUMENT = "panoptic.json"
FOLDER = "panoptic"

_VERSION = 2  # changes when the same input makes other PNGs or rows

_OBJECT = msgspec.json.Decoder(dict[str, Raw])

Ints = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]


class Counts(OfPieces, forbid_unknown_fields=True):
    """Counts of an image's segments, of segments hidden by others, and of pixels that several masks claim."""

    things: Count = 0
    stuff: Count = 0
    crowds: Count = 0
    hidden: Count = 0
    contested: Count = 0


class _Picture(NamedTuple):
    """Regions in which all stuff of a category has the index of its first segment.

    ``segments`` (m,) are the indices of segments with pixels; ``hidden`` counts segments that others cover completely.
    """

    regions: Regions
    segments: Indices
    hidden: int
    contested: int


def output_categories(categories: Sequence[Category]) -> tuple[Category, ...]:
    """The categories, each with ``isthing``, a colour and a supercategory.

    If a category has no ``isthing``, COCO's tables decide; unknown ones count as things.

    >>> [(row.isthing, row.color) for row in output_categories([Category(1, "cat"), Category(92, "banner")])]
    [(True, (128, 0, 0)), (False, (0, 128, 0))]
    """
    return tuple(_complete(category, index) for index, category in enumerate(categories))


@dataclass(frozen=True)
class PanopticFiles:
    """Converts samples to panoptic PNGs, with a policy for overlapping masks.

    ``categories`` come from ``output_categories``. With ``keep_ids``, every segment keeps its id.
    """

    categories: tuple[Category, ...]
    overlap: Overlap | None = None
    keep_ids: bool = False

    def __call__(self, sample: Sample) -> Converted:
        """The PNG, as ``panoptic/<key>``, and the rows of the image and its annotation.

        Raises SampleError: ``id.unknown``, ``overlap.*``, ``limit.segments``.
        """
        indices = self._category_indices(sample)
        picture = self._picture(sample, indices)
        ids = np.zeros(len(indices), np.int64)
        ids[picture.segments] = self._ids(sample, indices, picture.segments)
        things = self._isthing[indices[picture.segments]]
        crowd = sample.iscrowd[picture.segments] & things
        png = write_rgb(rgb_from_ids(picture.regions.paint(ids.astype(np.uint32), outside=0)))
        counted = (int(things.sum()), int((~things).sum()), int(crowd.sum()), picture.hidden, picture.contested)
        rows: list[dict[str, Any]] = _segment_rows(sample, picture, ids, crowd)
        if self.keep_ids and sample.rows is not None:
            rows = [row | _origin(sample.rows[k]) for row, k in zip(rows, picture.segments.tolist(), strict=True)]
        return Converted({f"{FOLDER}/{sample.key}": png}, Counts(*counted), _texts(sample, rows))

    def flattened(self, sample: Sample) -> tuple[Sample, Counts]:
        """The sample as the picture shows it, under the ids that it has there; and what others hide or contest.

        Raises SampleError as a call does.
        """
        indices = self._category_indices(sample)
        picture = self._picture(sample, indices)
        numbers, categories = picture.segments, indices[picture.segments]
        made = replace(
            sample,
            ids=self._ids(sample, indices, numbers),
            category_ids=sample.category_ids[numbers],
            iscrowd=sample.iscrowd[numbers] & self._isthing[categories],
            shapes=picture.regions.take(numbers),
            scores=None,
            rows=None if sample.rows is None else [sample.rows[k] for k in numbers.tolist()],
            stated=None,
        )
        return made, Counts(hidden=picture.hidden, contested=picture.contested)

    def settings(self) -> bytes:
        """All settings that affect the PNG and the rows."""
        categories = [(row.id, row.isthing, row.color) for row in self.categories]
        return msgspec.json.encode(("panoptic", _VERSION, categories, self.overlap, self.keep_ids))

    @cached_property
    def _isthing(self) -> npt.NDArray[np.bool_]:
        return np.array([row.isthing for row in self.categories], np.bool_)

    @cached_property
    def _colors(self) -> Ints:
        """The colours of the categories as ids."""
        return np.array([row.color for row in self.categories], np.int64).reshape(-1, 3) @ (1, 1 << 8, 1 << 16)

    @cached_property
    def _ranked(self) -> tuple[Ints, Indices]:
        ids = np.array([row.id for row in self.categories], np.int64)
        order = np.argsort(ids)
        return ids[order], order

    def _category_indices(self, sample: Sample) -> Indices:
        """The index of each segment's category: (n,)."""
        ids, order = self._ranked
        check_listed(sample, ids)
        return order[np.searchsorted(ids, sample.category_ids)]

    def _picture(self, sample: Sample, indices: Indices) -> _Picture:
        regions, contested = flat(sample, self.overlap)
        merged = np.arange(len(indices))
        if not self.keep_ids:
            _, firsts, category = np.unique(indices, return_index=True, return_inverse=True)
            merged = np.where(self._isthing[indices], merged, firsts[category])
        regions = replace(regions, segments=np.append(merged, regions.count)[regions.segments])
        seen = regions.areas[:-1] > 0
        drawn = np.bincount(merged, sample.areas, len(merged)) > 0
        return _Picture(regions, np.flatnonzero(seen), int((drawn & ~seen).sum()), contested)

    def _ids(self, sample: Sample, indices: Indices, segments: Indices) -> Ints:
        if not self.keep_ids:
            seed = hashlib.blake2b(sample.key.encode(), digest_size=8).digest()
            indices = indices[segments]
            return ids_near(self._colors[indices], int.from_bytes(seed, "little"), ~self._isthing[indices])
        ids = sample.ids[segments]
        check_ids(ids)
        return ids


def _complete(category: Category, index: int) -> Category:
    return replace(
        category,
        isthing=not is_stuff(category),
        color=category.color or default_color(index),
        supercategory=category.supercategory or ("none" if category.unused_root else category.name),
    )


def _segment_rows(
    sample: Sample, picture: _Picture, ids: Ints, crowd: npt.NDArray[np.bool_]
) -> list[dict[str, int | list[int]]]:
    numbers = picture.segments
    columns = (
        ids[numbers],
        sample.category_ids[numbers],
        picture.regions.areas[numbers],
        picture.regions.boxes[numbers],
    )
    names = ("id", "category_id", "area", "bbox", "iscrowd")
    values = zip(*(column.tolist() for column in (*columns, crowd.astype(np.int64))), strict=True)
    return [dict(zip(names, row, strict=True)) for row in values]


def _origin(row: Raw) -> dict[str, Raw]:
    """What a segment of a tile is of, which stays with it."""
    found = _OBJECT.decode(row) if b'"of"' in bytes(row) else {}
    return {name: found[name] for name in OF if name in found}


def _texts(sample: Sample, rows: list[dict[str, Any]]) -> tuple[bytes, bytes]:
    """The row of the image and the row of its annotation."""
    annotation = {"image_id": sample.image_id, "file_name": sample.key, "segments_info": rows}
    return image_row(sample), msgspec.json.encode(annotation)
