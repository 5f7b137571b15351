from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from formats.scenes.ade20k import NAMES
from PIL import Image

__all__ = ["NAMES", "write"]

IDS = {"car": 401, "person": 1831, "road": 2131}

CALLED = {"a": "ADE_train_00000001", "b": "ADE_train_00000002"}


def write(folder: Path) -> Path:
    pictures = folder / "images" / "ADE" / "training" / "urban" / "street"
    pictures.mkdir(parents=True)
    for number, image in enumerate(IMAGES, 1):
        classes = image.class_map(IDS)
        numbers = (image.instances() + 5) * 7 * (classes > 0)  # not consecutive
        colours = np.stack([classes // 256 * 10, classes % 256, numbers], axis=-1).astype(np.uint8)
        Image.fromarray(colours).save(pictures / f"ADE_train_{number:08}_seg.png")
    return folder
