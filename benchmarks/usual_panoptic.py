"""The usual way from detection to panoptic: each mask decoded and painted into the whole picture, Pillow's save.

python benchmarks/usual_panoptic.py detection.json categories.json out
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

Color = tuple[int, int, int]


def main(source: Path, table: Path, out: Path) -> None:
    document = json.loads(source.read_text())
    categories = {row["id"]: row for row in json.loads(table.read_text())}
    by_image: dict[int, list[dict[str, Any]]] = {}
    for row in document["annotations"]:
        by_image.setdefault(row["image_id"], []).append(row)
    (out / "panoptic").mkdir(parents=True)
    annotations = []
    for image in document["images"]:
        picture = np.zeros((image["height"], image["width"], 3), np.uint8)
        taken: set[Color] = {(0, 0, 0)}
        segments = []
        for row in by_image.get(image["id"], []):
            mask = coco.decode(row["segmentation"]).astype(bool)
            color = _color(categories[row["category_id"]], taken)
            picture[mask] = color
            number = color[0] + 256 * color[1] + 65536 * color[2]
            segments.append({"id": number} | {key: row[key] for key in ("category_id", "iscrowd", "area", "bbox")})
        name = Path(image["file_name"]).with_suffix(".png").name
        Image.fromarray(picture).save(out / "panoptic" / name)
        annotations.append({"image_id": image["id"], "file_name": name, "segments_info": segments})
    whole = {"images": document["images"], "annotations": annotations, "categories": list(categories.values())}
    (out / "panoptic.json").write_text(json.dumps(whole))


def _color(category: dict[str, Any], taken: set[Color]) -> Color:
    found: Color = tuple(category["color"])
    while found in taken and category["isthing"]:
        found = tuple(min(255, max(0, value + random.randint(-30, 30))) for value in category["color"])  # type: ignore[assignment]
    taken.add(found)
    return found


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
