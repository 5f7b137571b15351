"""Metrics on arrays against what people use: python benchmarks/metrics.py [ROUNDS]

Needs ``COCOSEG_REAL_DATA``, and torchmetrics for its column. Pictures are the two of COCO's panoptic sample, as they
are and shifted with a twentieth of their blocks replaced. Both sides run in turn, in this process, on one thread; a
ratio is that of the fastest rounds. Nothing is read or decoded in the time measured.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import cocoseg
from cocoseg.codecs.regions import find_regions
from cocoseg.metrics.boundary import BoundaryIoU
from cocoseg.metrics.panoptic_quality import PanopticQuality
from cocoseg.model import Sample

CLASSES = 150


def fastest(rounds: int, **sides: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of each side in its fastest round."""
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, call in sides.items():
            started = time.perf_counter()
            call()
            best[name] = min(best[name], 1000 * (time.perf_counter() - started))
    return best


def distorted(picture: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    height, width = picture.shape
    blocks = rng.random((height // 8 + 1, width // 8 + 1)) < 0.05
    chosen = np.kron(blocks, np.ones((8, 8), bool))[:height, :width]
    return np.where(chosen, picture[height // 2, width // 2], np.roll(picture, 3, axis=1)).astype(picture.dtype)


def histograms(truth: np.ndarray, prediction: np.ndarray) -> None:
    """The histograms of mmseg's ``intersect_and_union``."""
    known = truth != 255
    truth, prediction = truth[known], prediction[known]
    for values in (prediction[prediction == truth], prediction, truth):
        np.histogram(values, bins=CLASSES, range=(0, CLASSES - 1))


def panopticapi(truth: np.ndarray, prediction: np.ndarray, sample: Sample) -> int:
    """What panopticapi does for a picture, once it is decoded."""
    category = dict(zip(sample.ids.tolist(), sample.category_ids.tolist(), strict=True))
    areas = dict(zip(sample.ids.tolist(), sample.areas.tolist(), strict=True))
    predicted = dict(zip(*(column.tolist() for column in np.unique(prediction, return_counts=True)), strict=True))
    codes, pixels = np.unique(truth.astype(np.uint64) * (1 << 24) + prediction, return_counts=True)
    pairs = {(code >> 24, code & 0xFFFFFF): count for code, count in zip(codes.tolist(), pixels.tolist(), strict=True)}
    matched = 0
    for (one, other), common in pairs.items():
        if one in category and other in category and category[one] == category[other]:
            union = predicted[other] + areas[one] - common - pairs.get((0, other), 0)
            matched += common / union > 0.5
    return matched


def show(what: str, times: dict[str, float]) -> None:
    ours, *others = times.values()
    ratios = ", ".join(
        f"{name} {other:.2f} ms ({other / ours:.1f} ×)" for name, other in zip(list(times)[1:], others, strict=True)
    )
    print(f"{what}: {ours:.2f} ms" + (f"; {ratios}" if ratios else ""))


def matrices(samples: list[Sample], rounds: int) -> None:
    maps = [cocoseg.semantic(sample, "mask2former")[:360, :427] for sample in samples]
    real = np.stack([maps[k % 2] for k in range(8)])
    noise = np.random.default_rng(0).integers(0, CLASSES, (2, 8, 640, 480)).astype(np.uint8)
    for what, truth, prediction in (
        ("matrix of 8 real maps", real, np.stack([distorted(one) for one in real])),
        ("matrix of 8 maps of noise", *noise),
    ):
        for dtype in (np.uint8, np.int64):
            pair = truth.astype(dtype), prediction.astype(dtype)
            sides: dict[str, Callable[[], object]] = {
                "cocoseg": lambda pair=pair: cocoseg.ConfusionMatrix(CLASSES).update(*pair),
                "histograms": lambda pair=pair: histograms(*pair),
            }
            sides |= torchmetrics(*pair)
            show(f"{what}, {np.dtype(dtype).name}", fastest(rounds, **sides))


def torchmetrics(truth: np.ndarray, prediction: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import torch
        from torchmetrics.functional.classification import multiclass_confusion_matrix as count
    except ImportError:
        return {}
    torch.set_num_threads(1)
    tensors = torch.from_numpy(prediction), torch.from_numpy(truth)
    return {
        "torchmetrics": lambda: count(*tensors, CLASSES, ignore_index=255),
        "torchmetrics_unchecked": lambda: count(*tensors, CLASSES, ignore_index=255, validate_args=False),
    }


def panoptic(samples: list[Sample], categories: tuple[cocoseg.Category, ...], rounds: int) -> None:
    for sample in samples:
        truth = sample.id_map.astype(np.uint32)
        changed = distorted(truth)
        prediction = replace(sample, shapes=find_regions(changed, sample.ids.astype(np.uint32))[0])
        pair = (sample, prediction)
        ours = {"cocoseg": partial(PanopticQuality(categories).update, *pair)}
        theirs = {"panopticapi": partial(panopticapi, truth, changed, sample)}
        show(f"PQ, {len(sample.ids)} segments", fastest(rounds, **ours, **theirs))
        show("boundary PQ", fastest(rounds, cocoseg=partial(PanopticQuality(categories, 0.02).update, *pair)))
        maps = cocoseg.semantic(sample, "mask2former"), distorted(cocoseg.semantic(sample, "mask2former"))
        show("boundary IoU", fastest(rounds, cocoseg=lambda maps=maps: BoundaryIoU(CLASSES).update(*maps)))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    dataset = cocoseg.read(next(Path(os.environ["COCOSEG_REAL_DATA"]).rglob("panoptic_examples.json")))
    samples = list(dataset)
    matrices(samples, rounds)
    panoptic(samples, tuple(dataset.categories), rounds)


if __name__ == "__main__":
    main()
