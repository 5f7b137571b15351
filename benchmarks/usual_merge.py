"""The usual ways to cut down, divide and join COCO JSONs: pycocotools loads, ``json.dump`` writes.

python benchmarks/usual_merge.py subset|split|merge SRC... OUT [options of cocoseg]
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
from pathlib import Path
from typing import Any

from pycocotools.coco import COCO


def load(path: str) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def dump(path: Path, images: list[Any], annotations: list[Any], categories: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": categories}, file)


def subset(source: str, out: str, classes: str) -> None:
    coco = load(source)
    categories = coco.getCatIds(catNms=classes.split(","))
    annotations = coco.loadAnns(coco.getAnnIds(catIds=categories))
    dump(Path(out), coco.dataset["images"], annotations, coco.loadCats(categories))


def split(source: str, out: str) -> None:
    coco = load(source)
    ids = sorted(coco.getImgIds())
    random.Random(0).shuffle(ids)
    end = len(ids) * 8 // 10
    for name, own in (("train", ids[:end]), ("val", ids[end:])):
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=own))
        dump(Path(out) / f"{name}.json", coco.loadImgs(own), annotations, coco.dataset["categories"])


def merge(one: str, other: str, out: str) -> None:
    first, second = load(one), load(other)
    image, annotation = max(first.imgs), max(first.anns)
    images = [row | {"id": row["id"] + image} for row in second.dataset["images"]]
    annotations = [
        row | {"id": row["id"] + annotation, "image_id": row["image_id"] + image}
        for row in second.dataset["annotations"]
    ]
    rows = first.dataset
    dump(Path(out), rows["images"] + images, rows["annotations"] + annotations, rows["categories"])


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    if command == "subset":
        subset(words[0], words[1], words[3])
    elif command == "split":
        split(words[0], words[1])
    else:
        merge(*words[:3])
