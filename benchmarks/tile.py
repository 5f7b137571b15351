"""Question: how much faster are tiles of a large image with many objects than cropping decoded masks, whole processes?

    COCOSEG_REAL_DATA=... python benchmarks/tile.py [rounds] [side] [objects]

The image is drawn from polygons of the real instances sample, each moved to a place by chance. The usual way is
``usual_tile.py``. Both write a JSON with compressed RLE; the masks of all tiles have to be the same.
"""

from __future__ import annotations

import compileall
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import cocoseg
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent
SAMPLE = "coco_instances/instances_val2014_100.json"


def main(rounds: int, side: int, objects: int) -> None:
    compileall.compile_dir(Path(cocoseg.__file__).parent, quiet=1)  # as pip does, whatever the environment says
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "image.json", Path(name) / "out"
        source.write_text(json.dumps(drawn(side, objects)))
        target = out / "tiles.json"
        usual = [PYTHON, HERE / "usual_tile.py", source, target, 1024, 128]
        ours = [PYTHON, "-m", "cocoseg", "tile", source, target, "--size", 1024, "--overlap", 128, "--workers", 1]
        peaks, found = [], []
        for way in (ours, usual) if rounds > 1 else (ours,):
            peaks.append(fresh(way, out)[1])
            found.append(masks(target))
        if len({str(sorted(rows)) for rows in found}) > 1:
            raise SystemExit("the two ways write other masks")
        seconds = in_turn({"usual": usual, "cocoseg": ours}, rounds, out)
        each = ", ".join(f"{way} {statistics.median(times):.2f} s" for way, times in seconds.items())
        print(f"{each}; usual / cocoseg: {ratios(*seconds.values())}; peaks {[f'{peak:.0f} MiB' for peak in peaks]}")


def drawn(side: int, objects: int) -> dict[str, Any]:
    """A JSON of one image, of ``side`` pixels along each side."""
    document, chance = json.loads((Path(os.environ["COCOSEG_REAL_DATA"]) / SAMPLE).read_text()), random.Random(0)
    rows = [row for row in document["annotations"] if isinstance(row["segmentation"], list)]
    made = []
    for number in range(1, objects + 1):
        row = chance.choice(rows)
        x, y = chance.randrange(side - 640), chance.randrange(side - 640)
        rings = [[value + (x, y)[k % 2] for k, value in enumerate(ring)] for ring in row["segmentation"]]
        box = [row["bbox"][0] + x, row["bbox"][1] + y, *row["bbox"][2:]]
        made.append(row | {"id": number, "image_id": 1, "segmentation": rings, "bbox": box})
    image = {"id": 1, "file_name": "large.png", "height": side, "width": side}
    return {"images": [image], "annotations": made, "categories": document["categories"]}


def masks(path: Path) -> list[tuple[str, str]]:
    """The name of the tile and the mask of each annotation."""
    document = json.loads(path.read_text())
    names = {row["id"]: row["file_name"] for row in document["images"]}
    return [(names[row["image_id"]], row["segmentation"]["counts"]) for row in document["annotations"]]


def fresh(way: list[object], out: Path) -> tuple[float, float]:
    shutil.rmtree(out, ignore_errors=True)
    return run(way)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(1, 10_000, 5_000)[len(given) :])
