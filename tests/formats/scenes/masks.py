from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from formats.scenes.coco import CATEGORIES
from PIL import Image

OPTIONS = {"categories": "categories.json"}


def write(folder: Path) -> Path:
    (folder / "categories.json").write_text(json.dumps(CATEGORIES))
    for image in IMAGES:
        (folder / "masks" / image.name).mkdir(parents=True)
        for number, row in enumerate(image.objects, 1):
            mask = row.mask.astype(np.uint8) * 255
            Image.fromarray(mask).save(folder / "masks" / image.name / f"{number}_{row.name}.png")
    return folder / "masks"
