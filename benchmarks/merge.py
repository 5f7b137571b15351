"""Question: how much faster are subset, split and merge of a COCO JSON than pycocotools and json.dump, whole processes?

    COCOSEG_REAL_DATA=... python benchmarks/merge.py [rounds] [MB]

The JSON repeats the real instances sample under other ids and names. The usual ways are in ``usual_merge.py``. One
worker; both sides have to write as many images and annotations.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import sys
import tempfile
from multiprocessing import Process
from pathlib import Path

import cocoseg
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent
SAMPLE = "coco_instances/instances_val2014_100.json"


def main(rounds: int, megabytes: int) -> None:
    compileall.compile_dir(Path(cocoseg.__file__).parent, quiet=1)  # as pip does, whatever the environment says
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, one, other = (folder / f"{part}.json" for part in ("whole", "one", "other"))
        for path, size, start in ((whole, 20, "w"), (one, 19, "a"), (other, 19, "b")):
            drawing = Process(target=draw, args=(path, megabytes << size, start))
            drawing.start()
            drawing.join()
        out = folder / "out"
        cases: dict[str, list[object]] = {
            "subset": ["subset", whole, out / "x.json", "--classes", "person,car"],
            "split": ["split", whole, out, "--parts", "train=.8,val=.2"],
            "merge": ["merge", one, other, out / "x.json"],
        }
        for case, words in cases.items():
            ours = [PYTHON, "-m", "cocoseg", *words, "--workers", "1"]
            usual = [PYTHON, HERE / "usual_merge.py", *words]
            check(usual, ours, out)
            seconds = in_turn({"usual": usual, "cocoseg": ours}, rounds, out)
            peaks = [fresh(way, out)[1] for way in (usual, ours)]
            each = ", ".join(f"{way} {statistics.median(times):.2f} s" for way, times in seconds.items())
            memory = f"{peaks[0]:.0f} and {peaks[1]:.0f} MiB"
            print(f"{case}: {each}; usual / cocoseg: {ratios(*seconds.values())}; {memory}", flush=True)


def draw(path: Path, size: int, name: str) -> None:
    """A JSON of about ``size`` bytes, whose images are called ``<name>_...``."""
    document = json.loads((Path(os.environ["COCOSEG_REAL_DATA"]) / SAMPLE).read_text())
    times = size // len(json.dumps(document)) + 1
    images, annotations = [], []
    for k in range(times):
        ids = {row["id"]: len(images) + number for number, row in enumerate(document["images"], 1)}
        annotations += [
            row | {"id": len(annotations) + number, "image_id": ids[row["image_id"]]}
            for number, row in enumerate(document["annotations"], 1)
        ]
        images += [
            row | {"id": ids[row["id"]], "file_name": f"{name}_{k}_{row['file_name']}"} for row in document["images"]
        ]
    path.write_text(json.dumps(document | {"images": images, "annotations": annotations}))


def check(usual: list[object], ours: list[object], out: Path) -> None:
    """End if the two ways write other numbers of images or annotations."""
    counts = []
    for way in (usual, ours):
        fresh(way, out)
        texts = [path.read_bytes() for path in out.glob("*.json")]  # parsed, they would count as memory later
        counts.append([sum(text.count(key) for text in texts) for key in (b'"file_name"', b'"segmentation"')])
    if counts[0] != counts[1]:
        raise SystemExit(f"the usual way writes {counts[0]} images and annotations, cocoseg {counts[1]}")


def fresh(way: list[object], out: Path) -> tuple[float, float]:
    shutil.rmtree(out, ignore_errors=True)
    return run(way)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
