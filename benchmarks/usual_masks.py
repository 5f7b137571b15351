"""The usual way from instances JSON to a PNG per mask: pycocotools, one decoded mask after the other, Pillow."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from PIL import Image
from pycocotools.coco import COCO


def main(source: str, out: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(source)
    names = {row["id"]: row["name"].replace(" ", "-") for row in coco.loadCats(coco.getCatIds())}
    for image in coco.loadImgs(coco.getImgIds()):
        folder = Path(out) / Path(image["file_name"]).stem
        folder.mkdir(parents=True)
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            name = f"{annotation['id']}_{names[annotation['category_id']]}.png"
            Image.fromarray(coco.annToMask(annotation) * 255).save(folder / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
