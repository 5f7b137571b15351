from __future__ import annotations

import json
from pathlib import Path

from formats.scenes import IMAGES


def write(folder: Path) -> Path:
    for image in IMAGES:
        height, width = image.size
        shapes = [
            {"label": row.name, "points": row.corners, "group_id": None, "shape_type": "polygon", "flags": {}}
            for row in image.objects
        ]
        head = {"version": "5.4.1", "flags": {}, "imagePath": f"{image.name}.jpg", "imageData": None}
        document = head | {"shapes": shapes, "imageHeight": height, "imageWidth": width}
        (folder / f"{image.name}.json").write_text(json.dumps(document))
    return folder
