"""Write COCO panoptic: for each image a picture of segment ids, and its rows in the JSON.

    {"images": [{"id", "file_name", "height", "width"}],
     "annotations": [{"image_id", "file_name", "segments_info": [{"id", "category_id", "area", "bbox", "iscrowd"}]}],
     "categories": [{"id", "name", "supercategory", "isthing", "color"}]}

All stuff of a category is one segment, and never a crowd; a segment without a visible pixel is left out; areas and
boxes are those of the pixels (panopticapi ``evaluation.py``, https://cocodataset.org/#format-data). Ids are colours
near the category's. If the source is a panoptic picture, its ids are kept, and the same picture is made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.colors import ids_near
from cocoseg.codecs.panoptic import check_ids, rgb_from_ids
from cocoseg.codecs.regions import Regions
from cocoseg.files.png.write import write_rgb
from cocoseg.formats.coco_json.about import image_row
from cocoseg.formats.coco_json.categories import check_listed
from cocoseg.labels.presets import is_stuff
from cocoseg.labels.scheme import Overlap, default_color
from cocoseg.model import Category, Sample
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import flat

DOCUMENT = "panoptic.json"
FOLDER = "panoptic"

_VERSION = 2  # of the pictures and rows that the same input makes

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


class Counts(msgspec.Struct):
    """An image's segments, those that no pixel was left of, and the pixels that several masks claimed."""

    things: int = 0
    stuff: int = 0
    crowds: int = 0
    hidden: int = 0
    contested: int = 0


class _Picture(NamedTuple):
    """Regions in which all stuff of a category has the number of its first segment.

    ``segments`` (m,) are the numbers that have pixels, ``hidden`` is how many have none left.
    """

    regions: Regions
    segments: Places
    hidden: int
    contested: int


def output_categories(categories: Sequence[Category]) -> tuple[Category, ...]:
    """Categories that all say whether they are things, and have a colour and a supercategory.

    One that does not say is what COCO's tables make of it, or else a thing.

    >>> [(row.isthing, row.color) for row in output_categories([Category(1, "cat"), Category(92, "banner")])]
    [(True, (128, 0, 0)), (False, (0, 128, 0))]
    """
    return tuple(_complete(category, place) for place, category in enumerate(categories))


@dataclass(frozen=True)
class PanopticFiles:
    """Samples to panoptic pictures under a policy for overlap, their segments in ``categories``.

    ``categories`` come from ``output_categories``; with ``keep_ids`` every segment keeps its id. With
    ``groups_things`` every thing is a crowd, because it is all things of its category.
    """

    categories: tuple[Category, ...]
    overlap: Overlap = "file"
    keep_ids: bool = False
    groups_things: bool = False

    def __call__(self, sample: Sample) -> Converted:
        """The picture, as ``panoptic/<key>``, and the rows of the image and its annotation.

        Raises SampleError: ``id.unknown``, ``overlap.*``, ``limit.segments``.
        """
        places = self._category_places(sample)
        picture = self._picture(sample, places)
        ids = np.zeros(len(places), np.int64)
        ids[picture.segments] = self._ids(sample, places, picture.segments)
        things = self._isthing[places[picture.segments]]
        crowd = (sample.iscrowd[picture.segments] | self.groups_things) & things
        png = write_rgb(rgb_from_ids(picture.regions.paint(ids.astype(np.uint32), outside=0)))
        counted = (int(things.sum()), int((~things).sum()), int(crowd.sum()), picture.hidden, picture.contested)
        rows = _segment_rows(sample, picture, ids, crowd)
        return Converted({f"{FOLDER}/{sample.key}": png}, Counts(*counted), _texts(sample, rows))

    def settings(self) -> bytes:
        """What decides the picture and the rows."""
        categories = [(row.id, row.isthing, row.color) for row in self.categories]
        return msgspec.json.encode(("panoptic", _VERSION, categories, self.overlap, self.keep_ids, self.groups_things))

    @cached_property
    def _isthing(self) -> npt.NDArray[np.bool_]:
        return np.array([row.isthing for row in self.categories], np.bool_)

    @cached_property
    def _colors(self) -> Ints:
        """The categories' colours as ids."""
        return np.array([row.color for row in self.categories], np.int64).reshape(-1, 3) @ (1, 1 << 8, 1 << 16)

    @cached_property
    def _ranked(self) -> tuple[Ints, Places]:
        ids = np.array([row.id for row in self.categories], np.int64)
        order = np.argsort(ids)
        return ids[order], order

    def _category_places(self, sample: Sample) -> Places:
        """The place of each segment's category: (n,)."""
        ids, order = self._ranked
        check_listed(sample, ids)
        return order[np.searchsorted(ids, sample.category_ids)]

    def _picture(self, sample: Sample, places: Places) -> _Picture:
        regions, contested = flat(sample, self.overlap)
        own = np.arange(len(places))
        if not self.keep_ids:
            _, firsts, category = np.unique(places, return_index=True, return_inverse=True)
            own = np.where(self._isthing[places], own, firsts[category])
        regions = replace(regions, segments=np.append(own, regions.count)[regions.segments])
        seen = regions.areas[:-1] > 0
        drawn = np.bincount(own, sample.areas, len(own)) > 0
        return _Picture(regions, np.flatnonzero(seen), int((drawn & ~seen).sum()), contested)

    def _ids(self, sample: Sample, places: Places, segments: Places) -> Ints:
        if not self.keep_ids:
            seed = hashlib.blake2b(sample.key.encode(), digest_size=8).digest()
            places = places[segments]
            return ids_near(self._colors[places], int.from_bytes(seed, "little"), ~self._isthing[places])
        ids = sample.ids[segments]
        check_ids(ids)
        return ids


def _complete(category: Category, place: int) -> Category:
    return replace(
        category,
        isthing=not is_stuff(category),
        color=category.color or default_color(place),
        supercategory=category.supercategory or category.name,
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


def _texts(sample: Sample, rows: list[dict[str, int | list[int]]]) -> tuple[bytes, bytes]:
    """The image's row and the annotation's."""
    annotation = {"image_id": sample.image_id, "file_name": sample.key, "segments_info": rows}
    return image_row(sample), msgspec.json.encode(annotation)
