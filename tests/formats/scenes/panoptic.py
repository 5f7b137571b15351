from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from formats.scenes import IMAGES
from formats.scenes.coco import CATEGORIES, IDS
from PIL import Image

from cocoseg.codecs.panoptic import rgb_from_ids


def write(folder: Path) -> Path:
    (folder / "panoptic").mkdir()
    images, rows = [], []
    for number, image in enumerate(IMAGES, 1):
        ids, info = np.zeros(image.size, np.int64), []
        for segment, row in enumerate(image.objects, 300):
            ids[row.mask] = segment
            info.append({"id": segment, "category_id": IDS[row.name], "iscrowd": 0})
        Image.fromarray(rgb_from_ids(ids)).save(folder / "panoptic" / f"{image.name}.png")
        height, width = image.size
        images.append({"id": number, "file_name": f"{image.name}.jpg", "height": height, "width": width})
        rows.append({"image_id": number, "file_name": f"{image.name}.png", "segments_info": info})
    document = {"images": images, "annotations": rows, "categories": CATEGORIES}
    (folder / "panoptic.json").write_text(json.dumps(document))
    return folder / "panoptic.json"
