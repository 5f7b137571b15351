"""The usual way from instances JSON to semantic PNG: pycocotools, one decoded mask after the other, Pillow."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools.coco import COCO


def main(source: str, out: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(source)
    Path(out).mkdir()
    for image in coco.loadImgs(coco.getImgIds()):
        canvas = np.zeros((image["height"], image["width"]), np.uint8)
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            canvas[coco.annToMask(annotation) == 1] = annotation["category_id"]
        Image.fromarray(canvas).save(Path(out) / Path(image["file_name"]).with_suffix(".png"))


if __name__ == "__main__":
    main(*sys.argv[1:])
