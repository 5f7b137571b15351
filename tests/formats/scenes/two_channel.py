from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from formats.scenes.coco import CATEGORIES, IDS
from PIL import Image

OPTIONS = {"categories": "categories.json"}


def write(folder: Path) -> Path:
    (folder / "categories.json").write_text(json.dumps(CATEGORIES))
    (folder / "pairs").mkdir()
    for image in IMAGES:
        classes, numbers = image.class_map(IDS), image.instances()
        picture = np.stack([classes, numbers, np.zeros(image.size)], axis=-1).astype(np.uint8)
        Image.fromarray(picture).save(folder / "pairs" / f"{image.name}.png")
    return folder / "pairs"
