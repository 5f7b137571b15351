"""Data sets in the forms that other libraries take, without those libraries.

>>> import cocoseg
>>> from cocoseg import adapters
>>> dicts, metadata = adapters.detectron2("fixtures/panoptic.json", images="fixtures/photos")
>>> metadata["thing_dataset_id_to_contiguous_id"], metadata["stuff_dataset_id_to_contiguous_id"]
({1: 0, 18: 1}, {184: 2, 187: 3, 193: 4})
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from cocoseg.codecs import rle
from cocoseg.codecs.looks import default_color
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import SampleError, UsageError
from cocoseg.files.photo import find_photo
from cocoseg.files.places import StrPath
from cocoseg.formats.reading import evaluated, read
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Dataset, Entry, Loader, Sample, unlisted
from cocoseg.targets.numbered import Numbered, numbered
from cocoseg.targets.semantic import Labels

__all__ = ["detectron2", "huggingface"]

_XYWH_ABS = 1  # detectron2.structures.BoxMode


def detectron2(
    dataset: Dataset | StrPath, *, images: StrPath | None = None, class_maps: StrPath | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The list of dicts and the metadata that ``DatasetCatalog`` and ``MetadataCatalog`` take.

    Things are classes 0..T-1 by ascending id, stuff T..C-1, as Mask2Former registers COCO panoptic; categories that do
    not say count as things. ``annotations`` are things, as RLE, crowds among them. ``segments_info`` and
    ``pan_seg_file_name`` are given for a panoptic JSON, ``sem_seg_file_name`` for a folder ``class_maps`` of
    ``to-semantic --labels things-first``. ``images`` is the folder of the photos, by default the one that the data set
    names. (detectron2's docs, "Use Custom Datasets".)

    Raises UsageError ``usage.images`` where nothing says where the photos are, and what reading raises; a bad image
    raises its SampleError.
    """
    source = dataset if isinstance(dataset, Dataset) else read(dataset)
    folder = os.fspath(images) if images is not None else source.photos
    if not folder:
        text = f"{source.source} does not say where its photos are; pass images=FOLDER"
        raise UsageError("usage.images", text)
    source = evaluated(source)[0]
    metadata = _metadata(source)
    return [_record(source, k, folder, class_maps, metadata) for k in range(len(source))], metadata


def huggingface(sample: Sample, labels: Labels) -> Numbered:
    """What ``Mask2FormerImageProcessor`` takes as ``segmentation_maps`` and ``instance_id_to_semantic_id``.

    The map (H, W) has a number for each segment, and 255 where nothing is to be learnt: give the processor
    ``ignore_index=255``.

    ``labels`` is ``cocoseg.label_scheme("index", dataset)`` or another scheme, or a preset with a class table. Raises
    SampleError, and LabelError for a preset that follows the categories of a data set.

    >>> import cocoseg
    >>> numbers, classes = huggingface(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> numbers.tolist(), classes
    ([[3, 3, 255, 4, 4, 1, 255, 2, 2]], {1: 0, 2: 16, 3: 119, 4: 125})
    """
    return numbered(sample, labels)


def _metadata(source: Dataset) -> dict[str, Any]:
    rows = sorted((row for row in source.categories if not row.unused_root), key=lambda row: (is_stuff(row), row.id))
    things = [row for row in rows if not is_stuff(row)]
    numbers = {row.id: number for number, row in enumerate(rows)}
    colors = [list(row.color or default_color(number)) for number, row in enumerate(rows)]
    return {
        "thing_classes": [row.name for row in things],
        "thing_colors": colors[: len(things)],
        "stuff_classes": [row.name for row in rows],
        "stuff_colors": colors,
        "thing_dataset_id_to_contiguous_id": {row.id: numbers[row.id] for row in things},
        "stuff_dataset_id_to_contiguous_id": {row.id: numbers[row.id] for row in rows[len(things) :]},
        "ignore_label": 255,
        "label_divisor": 1000,
    }


def _record(
    source: Dataset, position: int, folder: str, class_maps: StrPath | None, metadata: dict[str, Any]
) -> dict[str, Any]:
    sample, entry = source[position], source.entries[position]
    _check_listed(source, sample)
    height, width = sample.size
    record = {
        "file_name": find_photo(folder, sample.key, sample.file_name),
        "height": height,
        "width": width,
        "image_id": sample.image_id,
        "annotations": _annotations(sample, metadata["thing_dataset_id_to_contiguous_id"]),
    }
    if class_maps is not None:
        record["sem_seg_file_name"] = os.path.join(os.fspath(class_maps), sample.key)
    if isinstance(entry, Entry) and isinstance(source.load, Loader) and source.source.endswith(".json") and entry.files:
        record |= {"pan_seg_file_name": source.load.path(entry), "segments_info": _segments(sample, metadata)}
    return record


def _check_listed(source: Dataset, sample: Sample) -> None:
    """Raises SampleError ``id.unknown`` for a segment whose category is not listed, which would be left out."""
    if others := unlisted(source.categories, sample.category_ids.tolist()):
        text = f"has category_id {others[0]}, which is not among the categories; add it to them"
        raise SampleError("id.unknown", text).at(sample.place)


def _annotations(sample: Sample, things: dict[int, int]) -> list[dict[str, Any]]:
    kept = np.flatnonzero(np.isin(sample.category_ids, list(things)) & (sample.areas > 0))
    masks = rle.take(sample.runs, kept)
    about = (sample.category_ids[kept].tolist(), sample.iscrowd[kept].tolist())
    columns = (rle.bbox(masks).tolist(), to_coco(masks), *about)
    return [
        {
            "bbox": box,
            "bbox_mode": _XYWH_ABS,
            "segmentation": segmentation,
            "category_id": things[category],
            "iscrowd": int(crowd),
        }
        for box, segmentation, category, crowd in zip(*columns, strict=True)
    ]


def _segments(sample: Sample, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    things = metadata["thing_dataset_id_to_contiguous_id"]
    numbers = things | metadata["stuff_dataset_id_to_contiguous_id"]
    columns = zip(
        sample.ids.tolist(), sample.category_ids.tolist(), sample.iscrowd.tolist(), sample.areas.tolist(), strict=True
    )
    return [
        {"id": number, "category_id": numbers[row], "iscrowd": int(crowd), "isthing": row in things, "area": area}
        for number, row, crowd, area in columns
        if row in numbers
    ]
