from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from formats.scenes import IMAGES, Image, Object


def region(row: Object, image: Image) -> dict[str, Any]:
    height, width = image.size
    points = [[100 * x / width, 100 * y / height] for x, y in row.corners]
    value = {"points": points, "closed": True, "polygonlabels": [row.name]}
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    return size | {"value": value, "id": "x", "from_name": "label", "to_name": "image", "type": "polygonlabels"}


def write(folder: Path) -> Path:
    tasks = []
    for number, image in enumerate(IMAGES, 1):
        annotation = {"id": number, "result": [region(row, image) for row in image.objects], "was_cancelled": False}
        name = f"/data/upload/1/{image.name}.jpg"
        tasks.append({"id": number, "annotations": [annotation], "predictions": [], "data": {"image": name}})
    (folder / "project.json").write_text(json.dumps(tasks))
    return folder
