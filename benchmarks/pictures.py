"""Data sets for the benchmarks: real COCO pictures, repeated under new names."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

LINKS_EACH = 10_000
SAMPLES = (
    "val2017_sample/panoptic_examples",
    "annotations_only/panoptic_train2017",
    "annotations_only/panoptic_val2017",
)


def panoptic_set(root: Path, count: int) -> Path:
    """A panoptic JSON of ``count`` images under ``root``, made of the real ones in COCOSEG_REAL_DATA; its path."""
    real = Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_panoptic"
    categories = json.loads((real / "panoptic_coco_categories.json").read_text())
    sources = []
    for name in SAMPLES:
        document = json.loads((real / f"{name}.json").read_text())
        sources += [(real / name / row["file_name"], row["segments_info"]) for row in document["annotations"]]
    (root / "panoptic").mkdir(parents=True)
    annotations = []
    first: dict[Path, Path] = {}
    for number in range(count):
        picture, segments = sources[number % len(sources)]
        name = f"{number:08}.png"
        _link(picture, root / "panoptic" / name, number // len(sources) % LINKS_EACH == 0, first)
        annotations.append({"image_id": number, "file_name": name, "segments_info": segments})
    path = root / "panoptic.json"
    path.write_text(json.dumps({"annotations": annotations, "categories": categories}))
    return path


def _link(picture: Path, target: Path, copied: bool, first: dict[Path, Path]) -> None:
    """The same picture under another name: a hard link of a copy that is made now and then, as links are limited."""
    if copied:
        shutil.copyfile(picture, target)
        first[picture] = target
    else:
        target.hardlink_to(first[picture])


def instances_file(root: Path, count: int) -> Path:
    """An instances JSON of ``count`` images under ``root``, the real hundred under new ids and names; its path."""
    real = json.loads((Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_instances/instances_val2014_100.json").read_text())
    by_image: dict[int, list[dict[str, object]]] = {}
    for row in real["annotations"]:
        by_image.setdefault(row["image_id"], []).append(row)
    images, annotations = [], []
    for number in range(count):
        image = real["images"][number % len(real["images"])]
        images.append({**image, "id": number, "file_name": f"{number:08}.jpg"})
        for row in by_image.get(image["id"], []):
            annotations.append({**row, "id": len(annotations) + 1, "image_id": number})
    root.mkdir(parents=True, exist_ok=True)
    path = root / "instances.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": real["categories"]}))
    return path
