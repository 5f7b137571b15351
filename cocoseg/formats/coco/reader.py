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

import os
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.rle import area
from cocoseg.codecs.segmentation import read_segmentations
from cocoseg.errors import Problem, SampleError
from cocoseg.files.documents import NOT_A_NUMBER
from cocoseg.formats.coco import index as coco_index
from cocoseg.formats.coco.index import Annotation, annotation_name
from cocoseg.formats.survey import Peek
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Sample


def read(
    path: str | os.PathLike[str],
    *,
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Dataset:
    """A detection JSON as a Dataset of all its images. The options are those of ``cocoseg.read``.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.duplicate``.
    """
    source = os.fspath(path)
    index = coco_index.read_index(source, categories, images)
    background = not covers_all(index.categories)
    return Dataset(
        index.categories,
        index.entries,
        Loader(source, (), sample),
        conventions=Conventions("background" if background else "unknown", index.ids),
        problems=index.problems,
        about=index.about,
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image from the index, which has all rows."""
    return lambda entry: Peek(
        entry.size,
        [row.category_id for row in entry.body],
        sum(bool(row.iscrowd) for row in entry.body),
        () if entry.body else ("annotations of {n} images",),
    )


def sample(entry: Entry, files: Sequence[bytes], place: str) -> Sample:
    """The segmentations of an image, decoded all at once. Raises SampleError."""
    rows, numbers = entry.body, entry.positions
    assert entry.size is not None

    def name(k: int) -> str:
        return annotation_name(rows[k], numbers[k])

    masks = read_segmentations([_value(row, k, name) for k, row in enumerate(rows)], entry.size, name)
    return Sample(
        entry.key,
        entry.image_id,
        np.array([r.id if isinstance(r.id, int) else n + 1 for r, n in zip(rows, numbers, strict=True)], np.int64),
        category_ids=np.array([row.category_id for row in rows], np.int64),
        iscrowd=np.array([bool(row.iscrowd) for row in rows], np.bool_),
        shapes=masks,
        place=place,
        problems=_empty_masks(area(masks), name, place),
        scores=_scores(rows),
        file_name=entry.file_name,
        row=entry.row,
    )


def _value(row: Annotation, k: int, name: Callable[[int], str]) -> Any:
    """The parsed segmentation of an annotation, or an empty list if it is missing."""
    if row.segmentation is msgspec.UNSET:
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


def _empty_masks(areas: npt.NDArray[np.int64], name: Callable[[int], str], place: str) -> tuple[Problem, ...]:
    empty = np.flatnonzero(areas == 0).tolist()
    if not empty:
        return ()
    more = f" ({len(empty)} annotations have none)" if len(empty) > 1 else ""
    return (Problem("seg.empty", f"{place}: {name(empty[0])} has no pixel in the image{more}"),)


def covers_all(categories: Sequence[Category]) -> bool:
    """Whether the categories include stuff. They then describe whole images, so an unlabelled pixel is unknown."""
    return any(map(is_stuff, categories))
