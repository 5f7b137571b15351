from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image

NAMES = {"car": None, "road": None}


def write(folder: Path) -> Path:
    (folder / "Labels").mkdir()
    for image in IMAGES:
        classes = image.class_map({"person": 1, "car": 0, "road": 0}).astype(np.uint8)
        Image.fromarray(classes).save(folder / "Labels" / f"{image.name}.png")
    (folder / "eg1800_train.txt").write_text("a.png\n")
    return folder
