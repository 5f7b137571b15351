"""Question: how much faster than what people use does a prediction get its numbers, reading and decoding included?

    COCOSEG_REAL_DATA=... python benchmarks/evaluation.py [rounds]

Whole processes in turn, one worker, in seconds of the processor, as other work on the machine does not count there.
Class maps of 640×480 against mmseg's histograms, COCO panoptic against panopticapi's rule, masks with scores against
pycocotools. Pictures are real ones, repeated; each prediction is another distortion of its truth, saved by Pillow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import cocoseg
from cocoseg.codecs.panoptic import rgb_from_ids
from pictures import instances_file, panoptic_set
from timing import PYTHON, Command, ratios

HERE = Path(__file__).parent
PAIRS, MASKS = 500, 1000


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        truth = panoptic_set(root / "truth", PAIRS)
        prediction = distorted_set(truth, root)
        results = results_file(root / "masks", MASKS)
        tasks = {
            "semantic": (root / "maps", root / "predicted_maps", ["--labels", "index"]),
            "panoptic": (truth, prediction, []),
            "instances": (root / "masks/instances.json", results, []),
        }
        for task, (one, other, options) in tasks.items():
            commands = {
                "usual": [PYTHON, HERE / "usual_evaluation.py", task, one, other],
                "cocoseg": [PYTHON, "-m", "cocoseg", "evaluate", one, other, "--workers", "1", *options],
            }
            seconds: dict[str, list[float]] = {side: [] for side in commands}
            for _ in range(rounds):
                for side, command in commands.items():
                    seconds[side].append(processor_seconds(command))
            best = ", ".join(f"{side} {min(times):.2f} s" for side, times in seconds.items())
            print(f"{task}: usual way / cocoseg {ratios(seconds['usual'], seconds['cocoseg'])}; fastest: {best}")


def processor_seconds(command: Command) -> float:
    """Those of a command that has to end well."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with status {status}")
    return usage.ru_utime + usage.ru_stime


def distorted_set(truth: Path, root: Path) -> Path:
    """A prediction for each image of a panoptic JSON, and class maps of both sides; the path of its JSON."""
    document = json.loads(truth.read_text())
    folder = root / "prediction/panoptic"
    for path in (folder, root / "maps", root / "predicted_maps"):
        path.mkdir(parents=True)
    rng = np.random.default_rng(0)
    annotations = []
    for sample, row in zip(cocoseg.read(truth), document["annotations"], strict=True):
        height, width = sample.id_map.shape
        blocks = np.kron(rng.random((height // 16 + 1, width // 16 + 1)) < 0.04, np.ones((16, 16), bool))
        chosen = blocks[:height, :width]
        moved = np.roll(sample.id_map, int(rng.integers(1, 5)), axis=1)
        ids = np.where(chosen, rng.choice(sample.ids), moved)
        Image.fromarray(rgb_from_ids(ids)).save(folder / row["file_name"])
        areas = dict(zip(*(column.tolist() for column in np.unique(ids, return_counts=True)), strict=True))
        segments = [
            segment | {"area": areas[segment["id"]]} for segment in row["segments_info"] if segment["id"] in areas
        ]
        annotations.append(row | {"segments_info": segments})
        save_maps(cocoseg.semantic(sample, "mask2former"), chosen, root, row["file_name"], rng)
    path = root / "prediction/panoptic.json"
    path.write_text(json.dumps(document | {"annotations": annotations}))
    return path


def save_maps(classes: np.ndarray, chosen: np.ndarray, root: Path, name: str, rng: np.random.Generator) -> None:
    """Both sides' class maps, tiled to 640×480."""
    truth, strange = (np.tile(side, (2, 2))[:480, :640] for side in (classes, chosen))
    prediction = np.where(strange, rng.integers(133), np.roll(truth, 2, axis=1)).astype(np.uint8)
    Image.fromarray(truth).save(root / "maps" / name)
    Image.fromarray(prediction).save(root / "predicted_maps" / name)


def results_file(root: Path, count: int) -> Path:
    """The fake results of val2014 for ``count`` images, and beside them the truth; the path of the results."""
    truth = json.loads(instances_file(root, count).read_text())
    real = Path(os.environ["COCOSEG_REAL_DATA"]) / "coco_instances"
    originals = json.loads((real / "instances_val2014_100.json").read_text())["images"]
    by_image: dict[int, list[dict[str, object]]] = {}
    for row in json.loads((real / "instances_val2014_fakesegm100_results.json").read_text()):
        by_image.setdefault(row["image_id"], []).append({key: row[key] for key in row if key != "bbox"})
    rows = []
    for number, image in enumerate(truth["images"]):
        rows += [row | {"image_id": image["id"]} for row in by_image.get(originals[number % len(originals)]["id"], [])]
    path = root / "results.json"
    path.write_text(json.dumps(rows))
    return path


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
