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
    (folder / "maps").mkdir()
    for image in IMAGES:
        Image.fromarray(image.class_map(IDS).astype(np.uint8)).save(folder / "maps" / f"{image.name}.png")
    return folder / "maps"
