from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from formats.scenes.coco import CATEGORIES, IDS

OPTIONS = {"categories": "categories.json"}


def write(folder: Path) -> Path:
    (folder / "categories.json").write_text(json.dumps(CATEGORIES))
    (folder / "scores").mkdir()
    chance = np.random.default_rng(3)
    for image in IMAGES:
        classes = image.class_map(IDS)
        scores = chance.random((max(IDS.values()) + 1, *classes.shape), np.float32)
        np.put_along_axis(scores, classes[None], 2, axis=0)
        np.save(folder / "scores" / f"{image.name}.npy", scores)
    return folder / "scores"
