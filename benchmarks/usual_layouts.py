"""The usual scripts for three data sets as downloaded: VOC and YOLO to class maps, Cityscapes to panoptic.

``voc``: Pillow, one comparison of the whole picture for each class. ``cityscapes``: the loop of the data set's official
converter, one comparison for each segment and sums along both axes for its box. ``yolo``: OpenCV's imread for the size,
fillPoly for each object and imwrite; ``yolo-size``: the same with Pillow, which takes the size from the photo's header.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

IGNORED = (0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30)
THINGS = (24, 25, 26, 27, 28, 31, 32, 33)


def voc(source: Path, out: Path) -> None:
    for path in sorted((source / "SegmentationClass").glob("*.png")):
        label = np.array(Image.open(path))
        semantic = np.full(label.shape, 255, np.uint8)
        for value in range(21):
            semantic[label == value] = value
        Image.fromarray(semantic).save(out / path.name)


def cityscapes(source: Path, out: Path) -> None:
    images, annotations = [], []
    (out / "panoptic").mkdir()
    for path in sorted(source.glob("gtFine/*/*/*_instanceIds.png")):
        original = np.array(Image.open(path))
        pan = np.zeros((*original.shape, 3), np.uint8)
        segments: list[dict[str, Any]] = []
        for number in np.unique(original):
            category, crowd = (number, 1) if number < 1000 else (number // 1000, 0)
            if category in IGNORED:
                continue
            mask = original == number
            pan[mask] = [number % 256, number // 256, number // 256 // 256]
            columns, rows = np.sum(mask, axis=0).nonzero()[0], np.sum(mask, axis=1).nonzero()[0]
            x, y = columns[0], rows[0]
            box = [int(value) for value in (x, y, columns[-1] - x + 1, rows[-1] - y + 1)]
            segments.append(
                {
                    "id": int(number),
                    "category_id": int(category),
                    "area": int(np.sum(mask)),
                    "bbox": box,
                    "iscrowd": crowd if category in THINGS else 0,
                }
            )
        name = path.name.replace("_instanceIds", "_panoptic")
        Image.fromarray(pan).save(out / "panoptic" / name)
        key = path.name.replace("_gtFine_instanceIds.png", "")
        height, width = original.shape
        images.append({"id": key, "width": width, "height": height, "file_name": name})
        annotations.append({"image_id": key, "file_name": name, "segments_info": segments})
    (out / "panoptic.json").write_text(json.dumps({"images": images, "annotations": annotations}))


def yolo(source: Path, out: Path) -> None:
    import cv2

    for text, photo, target in _pairs(source, out):
        height, width = cv2.imread(str(photo)).shape[:2]
        cv2.imwrite(str(target), _filled(text, height, width))


def yolo_size(source: Path, out: Path) -> None:
    for text, photo, target in _pairs(source, out):
        width, height = Image.open(photo).size
        Image.fromarray(_filled(text, height, width)).save(target)


def _pairs(source: Path, out: Path) -> Iterator[tuple[str, Path, Path]]:
    """The lines of each picture, its photo, and where its class map goes."""
    for path in sorted((source.parent / "labels").rglob("*.txt")):
        photo = Path(str(path.with_suffix(".jpg")).replace("/labels/", "/images/"))
        yield path.read_text(), photo, out / f"{path.stem}.png"


def _filled(text: str, height: int, width: int) -> np.ndarray:
    import cv2

    semantic = np.zeros((height, width), np.uint8)
    for line in text.splitlines():
        index, *values = line.split()
        points = np.array(values, float).reshape(-1, 2) * (width, height)
        cv2.fillPoly(semantic, [points.round().astype(np.int32)], int(index) + 1)
    return semantic


if __name__ == "__main__":
    Path(sys.argv[3]).mkdir()
    globals()[sys.argv[1].replace("-", "_")](Path(sys.argv[2]), Path(sys.argv[3]))
