from __future__ import annotations

from pathlib import Path

from formats.scenes import IMAGES, STUFF, THINGS
from PIL import Image as Pictures

CLASSES = [*THINGS, *STUFF]


def write(folder: Path) -> Path:
    for image in IMAGES:
        height, width = image.size
        for kind in ("images", "labels"):
            (folder / kind / "train").mkdir(parents=True, exist_ok=True)
        Pictures.new("RGB", (width, height)).save(folder / "images" / "train" / f"{image.name}.jpg")
        lines = [
            " ".join([str(CLASSES.index(row.name)), *(f"{x / width:.9g} {y / height:.9g}" for x, y in row.corners)])
            for row in image.objects
        ]
        (folder / "labels" / "train" / f"{image.name}.txt").write_text("\n".join(lines))
    (folder / "data.yaml").write_text(f"train: images/train\nnames: {CLASSES}\n")
    return folder / "data.yaml"
