"""What must come back as it was: scenes drawn by chance, and what tells that two annotations are the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from cocoseg.codecs.panoptic import rgb_from_ids
from cocoseg.codecs.segmentation import to_coco
from cocoseg.model import Dataset, Sample

CATEGORIES = [
    {"id": 1, "name": "person", "supercategory": "person", "isthing": 1, "color": [220, 20, 60]},
    {"id": 18, "name": "dog", "supercategory": "animal", "isthing": 1, "color": [0, 0, 142]},
    {"id": 184, "name": "tree-merged", "supercategory": "plant", "isthing": 0, "color": [107, 142, 35]},
    {"id": 200, "name": "rug-merged", "supercategory": "furniture", "isthing": 0, "color": [190, 153, 153]},
]


@st.composite
def scenes(draw: Any) -> list[tuple[np.ndarray, list[dict[str, int]]]]:
    """Panoptic pictures, each an (H, W) map of ids and its ``segments_info``: a stuff category once, things often."""
    return [scene(np.random.default_rng(draw(st.integers(0, 2**32)))) for _ in range(draw(st.integers(1, 3)))]


def scene(random: np.random.Generator) -> tuple[np.ndarray, list[dict[str, int]]]:
    """A panoptic picture and its ``segments_info``."""
    size = random.integers(1, 12, 2)
    categories = [184, 200, *random.choice([1, 18], random.integers(0, 6)).tolist()]
    ids = 1 + random.choice((1 << 24) - 1, len(categories), replace=False)
    picture = random.choice(np.append(ids, 0), size)
    if random.random() < 0.5:  # blocks, and not noise alone
        picture = np.repeat(picture, 3, axis=0)
    info = [
        {"id": int(segment), "category_id": category, "iscrowd": int(category < 100 and random.random() < 0.2)}
        for segment, category in zip(ids, categories, strict=True)
        if (picture == segment).any()
    ]
    return picture, info


def save_panoptic(scenes: Iterable[tuple[np.ndarray, list[dict[str, int]]]], root: Path) -> Path:
    """A panoptic JSON and its PNGs under ``root``."""
    (root / "panoptic").mkdir(parents=True)
    images, annotations = [], []
    for number, (picture, info) in enumerate(scenes):
        name = f"{number}.png"
        Image.fromarray(rgb_from_ids(picture)).save(root / "panoptic" / name)
        height, width = picture.shape
        images.append({"id": number, "file_name": f"{number}.jpg", "height": height, "width": width})
        annotations.append({"image_id": number, "file_name": name, "segments_info": info})
    path = root / "panoptic.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))
    return path


def segments(sample: Sample) -> list[tuple[int, int, bool, str]]:
    """Id, category, crowd and RLE of each segment: what of a sample must not change."""
    strings = [row["counts"] for row in to_coco(sample.runs)]
    columns = (sample.ids.tolist(), sample.category_ids.tolist(), sample.iscrowd.tolist(), strings)
    return sorted(zip(*columns, strict=True))


def pictures(dataset: Dataset) -> dict[Any, list[tuple[int, int, bool, str]]]:
    """The segments of every image, by its id."""
    return {sample.image_id: segments(sample) for sample in dataset}


def unnumbered(found: dict[Any, list[tuple[int, int, bool, str]]]) -> dict[Any, list[tuple[int, bool, str]]]:
    """The same, whatever the ids are."""
    return {image: sorted(row[1:] for row in rows) for image, rows in found.items()}


def two_channel(sample: Sample, stuff: np.ndarray) -> np.ndarray:
    """A sample as panopticapi's 2-channel picture (H, W, 3) uint8: category, number of the thing in it, 0."""
    picture = np.zeros((*sample.size, 3), np.uint8)
    numbers: Counter[int] = Counter()
    for ident, category, is_stuff in zip(sample.ids, sample.category_ids.tolist(), stuff, strict=True):
        numbers[category] += not is_stuff
        picture[sample.id_map == ident] = (category, numbers[category], 0)
    return picture
