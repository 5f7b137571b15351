"""The usual way from panoptic PNG + JSON to semantic PNG: Pillow, one full-image comparison per segment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def main(source: str, out: str) -> None:
    document = json.loads(Path(source).read_text())
    Path(out).mkdir()
    for annotation in document["annotations"]:
        path = Path(source).with_suffix("") / annotation["file_name"]
        rgb = np.array(Image.open(path), dtype=np.uint32)
        ids = rgb[:, :, 0] + 256 * rgb[:, :, 1] + 256 * 256 * rgb[:, :, 2]
        semantic = np.zeros(ids.shape, np.uint8)
        for segment in annotation["segments_info"]:
            semantic[ids == segment["id"]] = segment["category_id"]
        Image.fromarray(semantic).save(Path(out) / annotation["file_name"])


if __name__ == "__main__":
    main(*sys.argv[1:])
