from __future__ import annotations

import json
from pathlib import Path

from formats.scenes.coco import CATEGORIES, document


def write(folder: Path) -> Path:
    whole = document()
    for image in whole["images"]:
        rows = [row for row in whole["annotations"] if row["image_id"] == image["id"]]
        one = {"image": image | {"image_id": image["id"]}, "annotations": rows, "categories": CATEGORIES}
        (folder / image["file_name"].replace(".jpg", ".json")).write_text(json.dumps(one))
    return folder
