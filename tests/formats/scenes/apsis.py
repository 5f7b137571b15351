from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from formats.scenes import IMAGES
from formats.scenes.eg1800 import NAMES

__all__ = ["NAMES", "write"]


def write(folder: Path) -> Path:
    io = pytest.importorskip("scipy.io")
    (folder / "images_mask").mkdir()
    for image in IMAGES:
        mask = image.class_map({"person": 1, "car": 0, "road": 0}).astype(np.uint8)
        io.savemat(folder / "images_mask" / f"{image.name}_mask.mat", {"mask": mask}, do_compression=True)
    return folder
