from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from PIL import Image


def write(folder: Path) -> Path:
    for name in ("car", "person", "road"):
        (folder / name).mkdir()
        for image in IMAGES:
            masks = [row.mask for row in image.objects if row.name == name]
            if masks or image.name == "a":
                picture = np.any([np.zeros(image.size, np.bool_), *masks], axis=0)
                Image.fromarray(picture.astype(np.uint8) * 255).save(folder / name / f"{image.name}.png")
        if name != "car":  # a mask without a pixel: no image is in one folder alone
            Image.new("L", (7, 9)).save(folder / name / "b.png")
    return folder
