from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image


def write(folder: Path) -> Path:
    for sub in ("semantic", "instance"):
        (folder / "training" / sub).mkdir(parents=True)
    for image in IMAGES:
        classes = image.class_map({"car": 26, "person": 24, "road": 7})
        numbered = (classes * 256 + image.instances()).astype(np.uint16)
        for sub, picture in (("semantic", classes.astype(np.uint8)), ("instance", numbered)):
            Image.fromarray(picture).save(folder / "training" / sub / f"{image.name}_10.png")
    return folder
