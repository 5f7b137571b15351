"""Question: how fast, and in how little memory, does a panoptic file become a detection JSON?

    COCOSEG_REAL_DATA=... python benchmarks/detection.py [rounds [images ...]]

First the codec alone on real pictures, in one process: all masks of a label map at once against a comparison and an
``encode`` for each segment. Then whole processes in turn, one worker, against the usual script. Last, for each number
of images named: seconds and peak memory of the command, whose document is never whole in memory.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import timeit
from pathlib import Path

import numpy as np
import psutil
from pycocotools import mask as coco

import cocoseg
from cocoseg.codecs.segmentation import to_coco
from pictures import panoptic_set
from timing import PYTHON, in_turn, ratios

MIB = 1 << 20
IMAGES = 1200


def codec() -> None:
    real = Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_panoptic"
    samples = [
        *cocoseg.read(real / "val2017_sample/panoptic_examples.json"),
        *cocoseg.read(real / "annotations_only/panoptic_val2017.json"),
        *cocoseg.read(real / "annotations_only/panoptic_train2017.json"),
    ]
    for sample in samples:
        ids, id_map = sample.ids.tolist(), sample.id_map.astype(np.uint32)

        def usual(ids: list[int] = ids, id_map: np.ndarray = id_map) -> list[object]:
            return [coco.encode(np.asfortranarray((id_map == one).astype(np.uint8))) for one in ids]

        def ours(sample: cocoseg.Sample = sample) -> list[object]:
            return to_coco(sample.runs)

        assert [row["counts"].decode() for row in usual()] == [row["counts"] for row in ours()]
        slow, fast = (min(timeit.repeat(way, number=3, repeat=5)) / 3 for way in (usual, ours))
        print(f"{sample.key}, {len(ids)} segments: {1000 * slow:.2f} ms / {1000 * fast:.2f} ms = {slow / fast:.1f}")


def processes(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        source, out = panoptic_set(root, IMAGES), root / "out"
        here = Path(__file__).parent
        make = f"import sys; from pathlib import Path; Path({str(out)!r}).mkdir(); "
        ours = make + f"import cocoseg; cocoseg.to_coco({str(source)!r}, {str(out / 'a.json')!r})"
        usual = make + f"sys.path.insert(0, {str(here)!r}); import usual_detection as u; "
        usual += f"u.main(Path({str(source)!r}), Path({str(out / 'a.json')!r}))"
        seconds = in_turn({"usual": [PYTHON, "-c", usual], "ours": [PYTHON, "-c", ours]}, rounds, out)
        print(f"{IMAGES} images, JSON to JSON, usual / cocoseg: {ratios(seconds['usual'], seconds['ours'])}")


def memory(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        source, out = panoptic_set(Path(name), count), Path(name) / "a.json"
        command = [PYTHON, "-m", "cocoseg", "to-coco", str(source), str(out), "--workers", "2"]
        process, peak = psutil.Popen(command), 0
        while process.poll() is None:
            try:
                peak = max(peak, process.memory_full_info().uss)
                process.wait(0.1)
            except psutil.Error:
                continue
        sizes = [path.stat().st_size / MIB for path in (source, out)]
        print(
            f"{count:,} images: JSON {sizes[0]:.0f} MiB to {sizes[1]:.0f} MiB, peak of the parent {peak / MIB:.0f} MiB"
        )
        shutil.rmtree(f"{out}.cocoseg")


if __name__ == "__main__":
    codec()
    processes(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    for count in map(int, sys.argv[2:]):
        memory(count)
