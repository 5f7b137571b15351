from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image

NAMES = {"car": "vehicles", "person": "living things", "road": "drivable"}


def write(folder: Path) -> Path:
    for image in IMAGES:
        picture = image.class_map({"car": 3, "person": 2, "road": 0}, 255).astype(np.uint8)
        for end in ("label", "inst_label"):
            path = folder / "gtFine" / "val" / "7" / f"{image.name}_{end}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)
    return folder
