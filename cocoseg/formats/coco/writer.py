"""Writes detection JSON, as COCO does for instances and stuff: a row for each image and each mask.

    {"info": {}, "licenses": [],
     "images": [{"id", "file_name", "height", "width"}],
     "annotations": [{"id", "image_id", "category_id", "iscrowd", "area", "bbox", "segmentation"}],
     "categories": [{"id", "name", "supercategory", "isthing", "color"}]}

``area`` and ``bbox`` are computed from the pixels, if there are any. Other fields of annotations and categories are
copied. An ``id`` is unique in the whole file, so annotations from panoptic files also have a ``segment_id``, the id in
the PNG. Converting back restores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated as Limited
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Raw

from cocoseg.codecs import centres, contour, rle
from cocoseg.codecs.overlap import merge
from cocoseg.codecs.ragged import Ints
from cocoseg.codecs.rle import Runs
from cocoseg.codecs.segmentation import to_coco
from cocoseg.codecs.simplify import simplify
from cocoseg.errors import SampleError
from cocoseg.files.documents import Count, OfPieces
from cocoseg.formats.coco_json.about import annotation_fields, image_row
from cocoseg.formats.coco_json.categories import check_listed
from cocoseg.formats.coco_json.document import BETWEEN, coco_document
from cocoseg.model import Category, Sample
from cocoseg.runs.document import Document, Place
from cocoseg.runs.writer import Converted

Shape = Literal["rle", "rle-list", "polygons"]
Fill = Literal["pycocotools", "opencv"]

_VERSION = 3  # changes when the same input makes other texts


class Annotated(OfPieces, forbid_unknown_fields=True):
    """Counts of an image's annotations, crowds, simplified masks, and masks that were filled as OpenCV does.

    The IoU is between simplified or filled masks and exact ones.
    """

    annotations: Count = 0
    crowds: Count = 0
    simplified: Count = 0
    iou_sum: Limited[float, msgspec.Meta(ge=0, le=1 << 62)] = 0.0
    iou_least: Limited[float, msgspec.Meta(ge=0, le=1)] = 1.0
    filled: Count = 0


class _Row(msgspec.Struct, omit_defaults=True):
    id: int
    image_id: int | str
    category_id: int
    iscrowd: int | None
    area: int
    bbox: list[int]
    segmentation: Any
    segment_id: int | None = None
    score: float | None = None


@dataclass(frozen=True)
class Annotations:
    """Converts samples to the rows of a detection JSON.

    * ``categories``: all category ids. ``left_out``: ids of the categories that are not written.
    * ``by_class``: whether to write one annotation per category.
    * ``ids``: write segment ids as ``id`` (``annotation``), as ``segment_id`` (``segment``), or not at all.
    * ``tolerance``: the maximum error of a simplified polygon in pixels. ``checked``: whether exact polygons are
      filled and compared with the mask.
    * ``fill``: the tool that fills the polygons.
    """

    categories: frozenset[int]
    shape: Shape = "rle"
    left_out: frozenset[int] = frozenset()
    by_class: bool = False
    ids: Literal["annotation", "segment"] | None = None
    tolerance: float | None = None
    checked: bool = True
    fill: Fill = "pycocotools"

    def __call__(self, sample: Sample) -> Converted:
        """The rows of an image. Raises SampleError: ``id.unknown``, ``poly.*``, ``limit.*``."""
        check_listed(sample, self.categories)
        columns = self._columns(sample)
        shapes, agreement = self._segmentations(columns)
        crowds = int(np.count_nonzero(columns.iscrowd))
        simplified, filled = (len(agreement), 0) if self.fill == "pycocotools" else (0, len(agreement))
        iou_least = min(agreement, default=1.0)
        result = Annotated(len(columns.masks), crowds, simplified, sum(agreement), iou_least, filled)
        rows = map(_ENCODER.encode, self._rows(sample, columns, shapes))
        texts = rows if columns.rows is None else _with_fields(rows, columns, sample.place)
        return Converted({}, result, (image_row(sample), BETWEEN.join(texts)))

    def settings(self) -> bytes:
        """All settings that affect the rows."""
        categories = (sorted(self.categories), sorted(self.left_out))
        about = (categories, self.shape, self.by_class, self.ids, self.tolerance)
        filled = () if self.fill == "pycocotools" else (self.fill,)  # as in versions that had no such setting
        return msgspec.json.encode(("detection", _VERSION, (*about, *filled)))

    def _columns(self, sample: Sample) -> _Columns:
        kept = sample.without(self.left_out)
        columns = _Columns(kept.runs, kept.ids, kept.category_ids, kept.iscrowd, kept.scores, kept.rows)
        return columns.by_class() if self.by_class else columns

    def _segmentations(self, columns: _Columns) -> tuple[list[Any], list[float]]:
        """The segmentation of each mask, and the IoU with the exact mask of each polygon that was measured."""
        if self.shape != "polygons":
            return to_coco(columns.masks, compressed=self.shape == "rle"), []
        found: list[Any] = to_coco(columns.masks, compressed=False)
        # COCO stores crowds as RLE, and an empty list of polygons makes pycocotools fail.
        drawn = np.flatnonzero(~columns.iscrowd & (rle.area(columns.masks) > 0))
        polygons, agreement = self._polygons(rle.take(columns.masks, drawn))
        for index, rings in zip(drawn.tolist(), polygons, strict=True):
            found[index] = rings
        return found, agreement

    def _polygons(self, masks: Runs) -> tuple[list[list[list[float]]], list[float]]:
        if self.fill == "opencv":
            rings = centres.outline(masks)
            return contour.to_polygons(rings), centres.agreement(rings, masks).tolist() if self.checked else []
        rings = contour.outline(masks)
        if self.tolerance is not None:
            rings = simplify(rings, self.tolerance)
            return contour.to_polygons(rings), contour.agreement(rings, masks).tolist()
        if self.checked:
            contour.check(rings, masks)
        return contour.to_polygons(rings), []

    def _rows(self, sample: Sample, columns: _Columns, shapes: Sequence[Any]) -> list[_Row]:
        ids = columns.ids.tolist()
        none: list[None] = [None] * len(ids)
        return [
            _Row(*values)
            for values in zip(
                ids if self.ids == "annotation" else [0] * len(ids),
                [sample.image_id] * len(ids),
                columns.category_ids.tolist(),
                columns.iscrowd.astype(np.int64).tolist(),
                rle.area(columns.masks).tolist(),
                rle.bbox(columns.masks).tolist(),
                shapes,
                ids if self.ids == "segment" else none,
                none if columns.scores is None else columns.scores.tolist(),
                strict=True,
            )
        ]


@dataclass(frozen=True)
class _Columns:
    """The annotations of an image: n masks and parallel columns (n,)."""

    masks: Runs
    ids: Ints
    category_ids: Ints
    iscrowd: Any
    scores: Any
    rows: Sequence[Raw] | None = None

    def by_class(self) -> _Columns:
        """One mask per category, the union of its masks, by ascending category id."""
        categories, groups = np.unique(self.category_ids, return_inverse=True)
        masks = merge(self.masks, groups, len(categories))
        return _Columns(masks, categories, categories, np.zeros(len(categories), np.bool_), None)


_ENCODER = msgspec.json.Encoder()
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def _with_fields(rows: Iterable[bytes], columns: _Columns, place: str) -> Iterator[bytes]:
    """The rows with the fields that the source has beside them. Raises SampleError ``json.depth``."""
    assert columns.rows is not None
    for row, source, pixels in zip(rows, columns.rows, rle.area(columns.masks).tolist(), strict=True):
        try:
            fields = annotation_fields(source, pixels > 0)
        except SampleError as error:
            raise error.at(place) from None
        more = {name: Raw(text) for name, text in fields.items()}
        yield _ENCODER.encode(_FIELDS.decode(row) | more) if more else row


def detection_document(
    location: Place, categories: Sequence[Category], convert: Annotations, about: Mapping[str, object]
) -> Document:
    """The detection JSON of all images that ``convert`` makes rows of."""
    listed = [row for row in categories if row.id not in convert.left_out]
    about = about if convert.fill == "pycocotools" else {**about, "fill": convert.fill}
    return coco_document(location, listed, about, None if convert.ids == "annotation" else "annotations")
