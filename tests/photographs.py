"""A data set with photos: instances that overlap, with holes, parts and a crowd, large enough for every stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cocoseg.codecs.rle import encode
from cocoseg.codecs.segmentation import to_coco
from cocoseg.files.names import png_name
from cocoseg.model import Dataset

SIZE = (24, 32)
NAMES = ["cat", "no", "traffic light"]


def masks(number: int) -> np.ndarray:
    """Three masks (3, H, W) bool: one with a hole, one in three parts, and a box; the first two do not overlap."""
    found = np.zeros((3, *SIZE), bool)
    found[0, 2:10, 2 + number : 12 + number] = True
    found[0, 4:6, 4 + number : 7 + number] = False
    found[1, 12:20, 3:28] = True
    found[1, :, [9, 15]] = False
    found[2, 1:7, 20:30] = True
    return found


def save(root: Path, count: int = 4, prefix: str = "") -> Path:
    """``instances.json`` and the folder ``photos``; the last mask of the first image is a crowd."""
    images, annotations = [], []
    for number in range(count):
        name = f"{prefix}{number}.jpg"
        path = root / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        found = masks(number)
        Image.fromarray((found.any(axis=0)[..., None] * np.array([200, 90, 40])).astype(np.uint8)).save(path)
        images.append({"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]})
        for k, shape in enumerate(to_coco(encode(found))):
            row = {"id": len(annotations) + 1, "image_id": number, "category_id": 3 * k + 4, "segmentation": shape}
            annotations.append(row | {"iscrowd": int(number == 0 and k == 2), "area": int(found[k].sum())})
    categories = [{"id": 3 * k + 4, "name": name} for k, name in enumerate(NAMES)]
    document: dict[str, Any] = {"images": images, "annotations": annotations, "categories": categories}
    (root / "instances.json").write_text(json.dumps(document))
    return root / "instances.json"


# Fixtures of every format that says what its classes are.
SOURCES = [
    "panoptic.json", "instances.json", "stuff.json", "ade20k", "bdd100k", "cityscapes", "cityscapes-polygons",
    "class-folders", "coco-stuff", "colors", "cvat", "cvat-masks", "eg1800", "idd", "idd-lite", "idd-polygons",
    "instance-folders", "kitti", "label_studio", "labelme", "mapillary", "supervisely", "synthia", "voc", "yolo",
]  # fmt: skip


def save_blank(dataset: Dataset, folder: Path) -> Path:
    """A black photo for each image of a data set."""
    for sample in dataset:
        path = folder / png_name(sample.file_name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", sample.size[::-1]).save(path)
    return folder
