"""How people evaluate: mmseg's histograms, panopticapi's loop over pairs of segments, and pycocotools.

python benchmarks/usual_evaluate.py semantic|panoptic|instances TRUTH PREDICTION
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CLASSES, IGNORED, VOID, OFFSET = 133, 255, 0, 256**3


def semantic(truth: Path, prediction: Path) -> None:
    """IoUMetric of mmseg: three histograms of each pair."""
    totals = np.zeros((3, CLASSES))
    for path in sorted(truth.glob("*.png")):
        true, predicted = (np.array(Image.open(side / path.name)) for side in (truth, prediction))
        known = true != IGNORED
        true, predicted = true[known], predicted[known]
        for row, values in enumerate((predicted[predicted == true], predicted, true)):
            totals[row] += np.histogram(values, bins=CLASSES, range=(0, CLASSES - 1))[0]
    both, found, there = totals[:, totals[1] + totals[2] > 0]
    print(f"mIoU {np.mean(both / (found + there - both)):.6f}")


def panoptic(truth: Path, prediction: Path) -> None:
    """The loop of panopticapi's evaluation.py."""
    true, predicted = (json.loads(path.read_text()) for path in (truth, prediction))
    rows = {row["image_id"]: row for row in predicted["annotations"]}
    counts: dict[int, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
    for row in true["annotations"]:
        _compare(row, rows[row["image_id"]], truth.with_suffix(""), prediction.with_suffix(""), counts)
    qualities = [iou / (tp + 0.5 * fp + 0.5 * fn) for iou, tp, fp, fn in counts.values() if tp + fp + fn]
    print(f"PQ {np.mean(qualities):.6f}")


def _ids(path: Path) -> np.ndarray[Any, Any]:
    color = np.array(Image.open(path), dtype=np.uint32)
    return color[:, :, 0] + 256 * color[:, :, 1] + 256 * 256 * color[:, :, 2]


def _compare(one: Any, other: Any, truths: Path, predictions: Path, counts: dict[int, list[float]]) -> None:
    true, predicted = _ids(truths / one["file_name"]), _ids(predictions / other["file_name"])
    true_rows = {row["id"]: row for row in one["segments_info"]}
    predicted_rows = {row["id"]: row for row in other["segments_info"]}
    for label, pixels in zip(*np.unique(predicted, return_counts=True), strict=True):
        if label != VOID:
            predicted_rows[label]["area"] = pixels
    codes = true.astype(np.uint64) * OFFSET + predicted.astype(np.uint64)
    pairs = {
        (int(code) // OFFSET, int(code) % OFFSET): pixels
        for code, pixels in zip(*np.unique(codes, return_counts=True), strict=True)
    }
    matched: tuple[set[int], set[int]] = (set(), set())
    for (label, found), common in pairs.items():
        if label not in true_rows or found not in predicted_rows or true_rows[label]["iscrowd"]:
            continue
        category = true_rows[label]["category_id"]
        if category != predicted_rows[found]["category_id"]:
            continue
        union = predicted_rows[found]["area"] + true_rows[label]["area"] - common - pairs.get((VOID, found), 0)
        if (iou := common / union) > 0.5:
            counts[category][0] += iou
            counts[category][1] += 1
            matched[0].add(label)
            matched[1].add(found)
    crowds = {}
    for label, row in true_rows.items():
        if label in matched[0]:
            continue
        if row["iscrowd"]:
            crowds[row["category_id"]] = label
        else:
            counts[row["category_id"]][3] += 1
    for found, row in predicted_rows.items():
        if found not in matched[1]:
            common = pairs.get((VOID, found), 0) + pairs.get((crowds.get(row["category_id"], -1), found), 0)
            counts[row["category_id"]][2] += common / row["area"] <= 0.5


def instances(truth: Path, prediction: Path) -> None:
    """pycocotools, as everyone calls it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        known = COCO(truth)
        evaluation = COCOeval(known, known.loadRes(str(prediction)), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    print(f"AP {evaluation.stats[0]:.6f}")


if __name__ == "__main__":
    {"semantic": semantic, "panoptic": panoptic, "instances": instances}[sys.argv[1]](*map(Path, sys.argv[2:]))
