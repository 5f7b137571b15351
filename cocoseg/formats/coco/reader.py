"""COCO detection JSON: instances, stuff, person keypoints, LVIS, results, and conversions of panoptic files.

    {"images": [{"id", "file_name", "height", "width"}], "categories": [{"id", "name"}],
     "annotations": [{"id", "image_id", "category_id", "segmentation", "iscrowd"}]}

A segmentation is a list of rings ``[[x, y, x, y, ...]]``, uncompressed RLE ``{"size", "counts": [...]}`` (crowds), or
compressed RLE (stuff, results); https://cocodataset.org/#format-data, pycocotools ``coco.py``. A results file is a bare
list of ``{"image_id", "category_id", "segmentation", "score"}``; its images come from another file. Files are accepted
as they are found in practice: missing ``id``, ``area``, ``bbox`` and ``iscrowd``, ids from 0, repeated ids,
``segmentation: []``.

When ``to-coco`` converts panoptic files, each annotation has a ``segment_id``, the segment id in the panoptic PNG. If
all annotations of a file have one, it is used as the id.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw

from cocoseg.codecs.rle import Runs, area
from cocoseg.codecs.segmentation import read_segmentations
from cocoseg.errors import Problem, SampleError, UsageError
from cocoseg.files.documents import NOT_A_NUMBER
from cocoseg.formats.coco import index as coco_index
from cocoseg.formats.coco.boxes import check_boxes
from cocoseg.formats.coco.index import Choices
from cocoseg.formats.coco.rows import Annotation, annotation_name, with_shapes
from cocoseg.formats.coco_json.images import Naming
from cocoseg.formats.survey import Peek
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Sample

_NULL = Raw(b"null")


def read(path: str | os.PathLike[str], **options: Any) -> Dataset:
    """A detection JSON as a Dataset of all its images. The options are those of ``cocoseg.read``.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.*``.
    """
    source = os.fspath(path)
    index = coco_index.read_index(source, choices_of(**options))
    background = not covers_all(index.categories)
    return Dataset(
        index.categories,
        index.entries,
        Loader(source, (), sample),
        conventions=Conventions("background" if background else "unknown", index.ids, index.grouped, index.scored),
        problems=index.problems,
        about=index.about,
    )


def choices_of(*, flatten: bool = False, basename: bool = False, keep_fields: bool = False, **options: Any) -> Choices:
    """The options, with one word for how output names are made. Raises UsageError ``usage.flatten``."""
    if flatten and basename:
        raise UsageError("usage.flatten", "flatten and basename are two ways to make a name; choose one")
    if (least := options.get("min_score")) is not None and not math.isfinite(least):
        raise UsageError("usage.min_score", f"min_score is {least}, expected a number")
    naming: Naming = "any" if keep_fields else "flat" if flatten else "base" if basename else "path"
    return Choices(naming=naming, keep_fields=keep_fields, **options)


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image from the index, which has all rows."""
    return lambda entry: Peek(
        entry.size,
        [row.category_id for row in entry.body],
        sum(bool(row.iscrowd) for row in entry.body),
        () if entry.body else ("annotations of {n} images",),
    )


def sample(entry: Entry, files: Sequence[bytes], place: str) -> Sample:
    """The annotations of an image, decoded all at once. Raises SampleError."""
    rows: Any = list(map(with_shapes, entry.body))
    numbers = entry.positions
    assert entry.size is not None

    def name(k: int) -> str:
        return annotation_name(rows[k], numbers[k])

    masks = read_segmentations([_value(row, k, name) for k, row in enumerate(rows)], entry.size, name)
    strange = check_boxes([row.bbox for row in rows], masks, name, place)
    return Sample(
        entry.key,
        entry.image_id,
        np.array([r.id if isinstance(r.id, int) else n + 1 for r, n in zip(rows, numbers, strict=True)], np.int64),
        category_ids=np.array([row.category_id for row in rows], np.int64),
        iscrowd=np.array([bool(row.iscrowd) for row in rows], np.bool_),
        shapes=masks,
        place=place,
        problems=(*_empty_masks(rows, masks, name, place), *strange),
        scores=_scores(rows),
        file_name=entry.file_name,
        row=entry.row,
        rows=[row.row for row in rows] if rows and rows[0].row is not UNSET else None,
        stated=[_NULL if row.area is UNSET else row.area for row in rows],
    )


def _value(row: Annotation, k: int, name: Callable[[int], str]) -> Any:
    """The parsed segmentation of an annotation, or an empty list if it is missing."""
    if row.segmentation is UNSET:
        return []
    raw = bytes(row.segmentation)
    if NOT_A_NUMBER.encode() in raw:
        text = "segmentation holds NaN or infinity; expected finite coordinates"
        raise SampleError("json.nonfinite", f"{name(k)}: {text}")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SampleError("json.syntax", f"{name(k)}: segmentation is not valid JSON ({error})") from None


def _scores(rows: Sequence[Annotation]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    scores = [row.score for row in rows if row.score is not None]
    return np.array(scores, np.float64) if len(scores) == len(rows) else None


def _empty_masks(
    rows: Sequence[Annotation], masks: Runs, name: Callable[[int], str], place: str
) -> tuple[Problem, ...]:
    """A problem for masks without a pixel; those that are not given at all are counted with the document."""
    empty = [k for k in np.flatnonzero(area(masks) == 0).tolist() if rows[k].segmentation is not UNSET]
    if not empty:
        return ()
    more = f" ({len(empty)} annotations have none)" if len(empty) > 1 else ""
    return (Problem("seg.empty", f"{place}: {name(empty[0])} has no pixel in the image{more}"),)


def covers_all(categories: Sequence[Category]) -> bool:
    """Whether the categories include stuff. They then describe whole images, so an unlabelled pixel is unknown."""
    return any(map(is_stuff, categories))
