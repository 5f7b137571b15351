from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from formats.scenes import IMAGES, STUFF, THINGS

IDS = {name: number for number, name in enumerate((*THINGS, *STUFF), 1)}
CATEGORIES = [{"id": number, "name": name, "isthing": int(name in THINGS)} for name, number in IDS.items()]


def document() -> dict[str, Any]:
    images, rows = [], []
    for number, image in enumerate(IMAGES, 1):
        height, width = image.size
        images.append({"id": number, "file_name": f"{image.name}.jpg", "height": height, "width": width})
        for row in image.objects:
            ring = [coordinate for corner in row.corners for coordinate in corner]
            rows.append({"id": len(rows) + 1, "image_id": number, "category_id": IDS[row.name], "segmentation": [ring]})
    return {"images": images, "annotations": rows, "categories": CATEGORIES}


def write(folder: Path) -> Path:
    (folder / "instances.json").write_text(json.dumps(document()))
    return folder / "instances.json"
