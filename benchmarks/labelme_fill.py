"""Question: by how many pixels does a fill by pycocotools' rule differ from LabelMe's own drawing?

    COCOSEG_REAL_DATA=... python benchmarks/labelme_fill.py

LabelMe fills with Pillow and draws the outline too (labelme ``utils/shape.py``), so that its masks are half a pixel
wider all around. Outlines are those of COCO val2014's instances, as people drew them, and circles and boxes of their
sizes.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from cocoseg.codecs.segmentation import decode
from cocoseg.formats.shapes.outlines import box, ellipse

Draw = Callable[[ImageDraw.ImageDraw], Any]
SMALL, MEDIUM = 32**2, 96**2


def theirs(size: tuple[int, int], draw: Draw) -> np.ndarray:
    picture = Image.new("L", size[::-1])
    draw(ImageDraw.Draw(picture))
    return np.array(picture) > 0


def row(ring: list[float], size: tuple[int, int], draw: Draw) -> tuple[int, int, int]:
    """The pixels of our fill, those that only LabelMe has, and those that only we have."""
    mine, other = decode([ring], size), theirs(size, draw)
    return int(mine.sum()), int((other & ~mine).sum()), int((mine & ~other).sum())


def polygon(ring: list[float]) -> Draw:
    points = list(zip(ring[::2], ring[1::2], strict=True))
    return lambda draw: draw.polygon(points, outline=1, fill=1)


def main() -> None:
    path = Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_instances" / "instances_val2014_100.json"
    document = json.loads(path.read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in document["images"]}
    found: dict[str, list[tuple[int, int, int]]] = {"polygon": [], "rectangle": [], "circle": []}
    for annotation in document["annotations"]:
        size = sizes[annotation["image_id"]]
        for ring in annotation["segmentation"] if isinstance(annotation["segmentation"], list) else []:
            found["polygon"].append(row(ring, size, polygon(ring)))
        x, y, width, height = annotation["bbox"]
        corners = [(x, y), (x + width, y + height)]
        found["rectangle"].append(row(box(*corners[0], *corners[1]), size, rectangle(corners)))
        cx, cy, radius = x + width / 2, y + height / 2, math.hypot(width, height) / 4
        found["circle"].append(row(ellipse(cx, cy, radius, radius), size, circle(cx, cy, radius)))
    for kind, rows in found.items():
        for name, low, high in (("small", 0, SMALL), ("medium", SMALL, MEDIUM), ("large", MEDIUM, 1 << 60)):
            chosen = np.array([one for one in rows if low < one[0] <= high] or [(1, 0, 0)])
            ours, wider, narrower = chosen.sum(0)
            print(f"{kind:10} {name:7} {len(chosen):5}  wider {wider / ours:6.1%}  narrower {narrower / ours:6.2%}")


def rectangle(corners: list[tuple[float, float]]) -> Draw:
    return lambda draw: draw.rectangle(corners, outline=1, fill=1)


def circle(x: float, y: float, radius: float) -> Draw:
    return lambda draw: draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=1, fill=1)


if __name__ == "__main__":
    main()
