"""The usual way to cut masks into tiles: pycocotools decodes each once, and encodes what each tile shows of it.

python benchmarks/usual_tile.py SRC OUT SIDE OVERLAP
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO


def firsts(length: int, side: int, step: int) -> list[int]:
    return sorted({min(start, length - side) for start in range(0, length - side + step, step)})


def main(source: str, out: str, side: int, overlap: int) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(source)
    images, annotations = [], []
    for image in coco.dataset["images"]:
        name, _, ending = image["file_name"].rpartition(".")
        rows, columns = (firsts(image[key], side, side - overlap) for key in ("height", "width"))
        tiles = {(y, x): len(images) + k for k, (y, x) in enumerate((y, x) for y in rows for x in columns)}
        images += [
            {"id": number, "file_name": f"{name}_y{y}_x{x}.{ending}", "height": side, "width": side}
            for (y, x), number in tiles.items()
        ]
        for row in coco.imgToAnns[image["id"]]:
            left, top, width, height = row["bbox"] = [int(v) for v in masks.toBbox(coco.annToRLE(row))]
            picture = coco.annToMask(row)
            for (y, x), number in tiles.items():
                if y < top + height and top < y + side and x < left + width and left < x + side:
                    part = picture[y : y + side, x : x + side]
                    if part.any():
                        mask = masks.encode(np.asfortranarray(part))
                        area, box = int(masks.area(mask)), masks.toBbox(mask).tolist()
                        mask["counts"] = mask["counts"].decode()
                        new = {"id": len(annotations) + 1, "image_id": number, "segmentation": mask}
                        annotations.append(row | new | {"area": area, "bbox": box})
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with open(out, "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": coco.dataset["categories"]}, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
