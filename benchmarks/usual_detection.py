"""The usual way from panoptic to detection: for each segment one comparison of the whole picture and one ``encode``.

python benchmarks/usual_detection.py panoptic.json out.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco


def main(source: Path, out: Path) -> None:
    document = json.loads(source.read_text())
    annotations = []
    for row in document["annotations"]:
        rgb = np.array(Image.open(source.with_suffix("") / row["file_name"]), np.uint32)
        ids = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
        for segment in row["segments_info"]:
            rle = coco.encode(np.asfortranarray((ids == segment["id"]).astype(np.uint8)))
            annotation = {"id": len(annotations) + 1, "image_id": row["image_id"]}
            annotation |= {key: segment[key] for key in ("category_id", "iscrowd", "area", "bbox")}
            rle["counts"] = rle["counts"].decode()
            annotations.append(annotation | {"segmentation": rle})
    images = document.get("images", [])
    out.write_text(json.dumps({"images": images, "annotations": annotations, "categories": document["categories"]}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
