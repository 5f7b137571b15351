from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES, STUFF, THINGS
from formats.scenes.colors import COLORS
from PIL import Image


def write(folder: Path) -> Path:
    rows = [f"{name}:{','.join(map(str, color))}::" for name, color in COLORS.items()]
    (folder / "labelmap.txt").write_text("\n".join(["# label:color_rgb:parts:actions", *sorted(rows)]))
    for sub in ("SegmentationClass", "SegmentationObject"):
        (folder / sub).mkdir()
    for image in IMAGES:
        classes, objects = (np.zeros((*image.size, 3), np.uint8) for _ in range(2))
        for number, row in enumerate(image.objects, 1):
            assert row.name in THINGS + STUFF
            classes[row.mask] = COLORS[row.name]
            objects[row.mask] = (128 * (number & 1), 128 * (number >> 1 & 1), 64 + 32 * (number >> 2))
        for sub, picture in (("SegmentationClass", classes), ("SegmentationObject", objects)):
            Image.fromarray(picture).save(folder / sub / f"{image.name}.png")
    return folder
