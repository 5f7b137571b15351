from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image

NAMES = {"road": None, "person": None}
OPTIONS = {"class_name": "car"}


def write(folder: Path) -> Path:
    for image in IMAGES:
        for sub in ("images", "masks"):
            (folder / image.name / sub).mkdir(parents=True)
        Image.new("RGB", image.size[::-1]).save(folder / image.name / "images" / f"{image.name}.jpg")
        cars = [row.mask for row in image.objects if row.name == "car"]
        for number, mask in enumerate(cars):
            picture = mask.astype(np.uint8) * 255
            Image.fromarray(picture).save(folder / image.name / "masks" / f"{number:02}abcd.png")
    return folder
