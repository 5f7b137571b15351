from __future__ import annotations

import json
from pathlib import Path

from formats.scenes import IMAGES
from PIL import Image as Pictures


def write(folder: Path) -> Path:
    document = {}
    for image in IMAGES:
        name, (height, width) = f"{image.name}.jpg", image.size
        Pictures.new("RGB", (width, height)).save(folder / name)
        regions = [
            {
                "shape_attributes": {
                    "name": "polygon",
                    "all_points_x": [x for x, _ in row.corners],
                    "all_points_y": [y for _, y in row.corners],
                },
                "region_attributes": {"type": row.name},
            }
            for row in image.objects
        ]
        document[f"{name}123"] = {"filename": name, "size": 123, "regions": regions, "file_attributes": {}}
    (folder / "via_export_json.json").write_text(json.dumps(document))
    return folder / "via_export_json.json"
