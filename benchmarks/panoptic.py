"""Question: how much faster than decoding, painting and saving one by one does a detection JSON become panoptic?

    COCOSEG_REAL_DATA=... python benchmarks/panoptic.py [rounds]

Whole processes in turn, one worker, on two real COCO pictures in detection form, repeated; and what the PNGs weigh.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent
IMAGES = 1200


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root, out = Path(name), Path(name) / "out"
        source, table = detection_file(root, IMAGES)
        commands = {
            "usual": [PYTHON, HERE / "usual_panoptic.py", source, table, out],
            "cocoseg": [PYTHON, "-m", "cocoseg", "to-panoptic", source, out, "--workers", "1"],
        }
        seconds = in_turn(commands, rounds, out)
        print(f"usual way / cocoseg, {IMAGES:,} pictures, one worker: {ratios(seconds['usual'], seconds['cocoseg'])}")
        weights = {}
        for way, command in commands.items():
            run(["rm", "-rf", out])
            run(command)
            weights[way] = sum(path.stat().st_size for path in (out / "panoptic").iterdir())
        print(f"size of the PNGs / Pillow's: {weights['cocoseg'] / weights['usual']:.2f}")


def detection_file(root: Path, count: int) -> tuple[Path, Path]:
    """The real detection JSON with its images repeated ``count`` times in all, and its table of categories."""
    real = Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_panoptic"
    document = json.loads((real / "val2017_sample/panoptic_coco_detection_format.json").read_text())
    images, rows = [], []
    for number in range(count):
        image = document["images"][number % len(document["images"])]
        images.append(image | {"id": number, "file_name": f"{number}.jpg"})
        rows += [row | {"image_id": number} for row in document["annotations"] if row["image_id"] == image["id"]]
    document |= {"images": images, "annotations": [row | {"id": place} for place, row in enumerate(rows, 1)]}
    source = root / "detection.json"
    source.write_text(json.dumps(document))
    return source, real / "panoptic_coco_categories.json"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
