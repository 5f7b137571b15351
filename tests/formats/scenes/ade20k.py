from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image

NAMES = {
    "car": "car, auto, automobile, machine, motorcar",
    "person": "person, individual, someone, somebody, mortal, soul",
    "road": "road, route",
}

CALLED = {"a": "ADE_val_00000001", "b": "ADE_val_00000002"}


def write(folder: Path) -> Path:
    maps = folder / "annotations" / "validation"
    maps.mkdir(parents=True)
    for number, image in enumerate(IMAGES, 1):
        classes = image.class_map({"car": 21, "person": 13, "road": 7}).astype(np.uint8)
        Image.fromarray(classes).save(maps / f"ADE_val_{number:08}.png")
    return folder
