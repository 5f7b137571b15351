"""What people evaluate with, pair by pair: python usual_evaluation.py semantic|panoptic|instances TRUTH PREDICTION"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CLASSES, VOID, OFFSET = 133, 255, 1 << 24


def semantic(truth: Path, prediction: Path) -> float:
    """The mIoU, by the three histograms of mmseg's IoUMetric."""
    totals = np.zeros((3, CLASSES))
    for file in sorted(truth.iterdir()):
        true, predicted = np.array(Image.open(file)), np.array(Image.open(prediction / file.name))
        known = true != VOID
        true, predicted = true[known], predicted[known]
        for total, values in zip(totals, (predicted[predicted == true], true, predicted), strict=True):
            total += np.histogram(values, bins=CLASSES, range=(0, CLASSES - 1))[0]
    common, true, predicted = totals
    with np.errstate(invalid="ignore"):
        return float(np.nanmean(common / (true + predicted - common)))


def panoptic(truth: Path, prediction: Path) -> float:
    """PQ by panopticapi's rule, with its calls: all ids as 64-bit numbers, and ``np.unique`` of their pairs."""
    known, found = (json.loads(path.read_text()) for path in (truth, prediction))
    by_image = {row["image_id"]: row for row in found["annotations"]}
    sums: dict[int, list[float]] = {}
    for row in known["annotations"]:
        other = by_image[row["image_id"]]
        true, predicted = _ids(truth, row), _ids(prediction, other)
        count_pair(true, predicted, row["segments_info"], other["segments_info"], sums)
    qualities = [iou / (tp + fp / 2 + fn / 2) for iou, tp, fp, fn in sums.values()]
    return float(np.mean(qualities))


def _ids(path: Path, row: dict[str, Any]) -> np.ndarray:
    colors = np.array(Image.open(path.with_suffix("") / row["file_name"]), np.uint32)
    return colors[:, :, 0] + 256 * colors[:, :, 1] + 256 * 256 * colors[:, :, 2]


def count_pair(
    true: np.ndarray, predicted: np.ndarray, known: list[Any], found: list[Any], sums: dict[int, list[float]]
) -> None:
    """Add the IoU, hits, false positives and misses of a pair to those of each category."""
    gt, own = ({row["id"]: row for row in rows} for rows in (known, found))
    areas = dict(zip(*(column.tolist() for column in np.unique(predicted, return_counts=True)), strict=True))
    codes = np.unique(true.astype(np.uint64) * OFFSET + predicted.astype(np.uint64), return_counts=True)
    shared = {divmod(code, OFFSET): pixels for code, pixels in zip(*(column.tolist() for column in codes), strict=True)}
    matched: set[tuple[str, int]] = set()
    for (one, other), pixels in shared.items():
        if one not in gt or other not in own or gt[one]["iscrowd"]:
            continue
        if gt[one]["category_id"] == own[other]["category_id"]:
            iou = pixels / (areas[other] + gt[one]["area"] - pixels - shared.get((0, other), 0))
            if iou > 0.5:
                _add(sums, gt[one]["category_id"], [iou, 1, 0, 0])
                matched |= {("gt", one), ("own", other)}
    crowds = {row["category_id"]: id for id, row in gt.items() if row["iscrowd"]}
    for id, row in gt.items():
        if ("gt", id) not in matched and not row["iscrowd"]:
            _add(sums, row["category_id"], [0, 0, 0, 1])
    for id, row in own.items():
        excused = shared.get((0, id), 0) + shared.get((crowds.get(row["category_id"], -1), id), 0)
        if ("own", id) not in matched and excused <= areas[id] / 2:
            _add(sums, row["category_id"], [0, 0, 1, 0])


def _add(sums: dict[int, list[float]], category: int, more: list[float]) -> None:
    sums[category] = [a + b for a, b in zip(sums.get(category, [0, 0, 0, 0]), more, strict=True)]


def instances(truth: Path, prediction: Path) -> float:
    """Mask AP by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    known = COCO(str(truth))
    evaluation = COCOeval(known, known.loadRes(str(prediction)), "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0])


if __name__ == "__main__":
    print({"semantic": semantic, "panoptic": panoptic, "instances": instances}[sys.argv[1]](*map(Path, sys.argv[2:])))
