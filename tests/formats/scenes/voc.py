from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES, THINGS
from PIL import Image

NAMES = {"road": None}


def write(folder: Path) -> Path:
    for sub in ("SegmentationClass", "SegmentationObject"):
        (folder / sub).mkdir()
    for image in IMAGES:
        objects = np.zeros(image.size, np.uint8)
        for number, row in enumerate((row for row in image.objects if row.name in THINGS), 1):
            objects[row.mask] = number
        classes = image.class_map({"car": 7, "person": 15, "road": 0}).astype(np.uint8)
        for sub, picture in (("SegmentationClass", classes), ("SegmentationObject", objects)):
            Image.fromarray(picture).save(folder / sub / f"{image.name}.png")
    return folder
