"""Samples a second of a data loader, beside the usual data sets, in turn in one process.

    COCOSEG_REAL_DATA=... python benchmarks/loader.py [--images 200] [--workers 0] [--rounds 5]

Only targets are made, as all would read the same photos. Processor time is of the main process and its workers.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import torch
from torch.utils.data import DataLoader, Dataset

from cocoseg.torch import SegmentationDataset, collate
from pictures import instances_file, panoptic_set
from usual_loaders import CocoDetection, CocoSemantic, Panoptic, PanopticSegments, usual_collate


def loading(dataset: Dataset[Any], join: Callable[..., Any], workers: int) -> DataLoader[Any]:
    """A loader whose workers, if it has any, stay from one epoch to the next."""
    loader = DataLoader(dataset, batch_size=8, num_workers=workers, collate_fn=join, persistent_workers=workers > 0)
    rate(loader)
    return loader


def rate(loader: DataLoader[Any]) -> tuple[float, float]:
    """Samples a second of one epoch, and milliseconds of processor time that a sample takes in all processes."""
    before, started = processor_seconds(), time.perf_counter()
    seen = sum(len(targets) for _, targets in loader)
    return seen / (time.perf_counter() - started), (processor_seconds() - before) / seen * 1000


def processor_seconds() -> float:
    """Of this process and its workers."""
    processes = [psutil.Process(), *psutil.Process().children()]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def pairs(instances: str, panoptic: str) -> dict[str, tuple[Dataset[Any], Dataset[Any]]]:
    """What is compared: (usual, cocoseg)."""

    def ours(source: str, **options: Any) -> Dataset[Any]:
        return SegmentationDataset(source, tv_tensors=False, **options)

    return {
        "instances JSON, instances": (CocoDetection(instances), ours(instances, target="instances")),
        "instances JSON, semantic": (CocoSemantic(instances), ours(instances)),
        "instances JSON, semantic uint8": (CocoSemantic(instances), ours(instances, dtype=torch.uint8)),
        "instances JSON, semantic as runs": (CocoSemantic(instances), ours(instances, target="packed")),
        "panoptic PNG, semantic": (Panoptic(panoptic), ours(panoptic)),
        "panoptic PNG, semantic uint8": (Panoptic(panoptic), ours(panoptic, dtype=torch.uint8)),
        "panoptic PNG, semantic as runs": (Panoptic(panoptic), ours(panoptic, target="packed")),
        "panoptic PNG, segments": (PanopticSegments(panoptic), ours(panoptic, target="segments", mode="panoptic")),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        instances = instances_file(Path(folder) / "instances", options.images)
        panoptic = panoptic_set(Path(folder) / "panoptic", options.images)
        for name, datasets in pairs(str(instances), str(panoptic)).items():
            usual, ours = (
                loading(dataset, join, options.workers)
                for dataset, join in zip(datasets, (usual_collate, collate), strict=True)
            )
            found = [(*rate(usual), *rate(ours)) for _ in range(options.rounds)]
            ratios = sorted(row[2] / row[0] for row in found)
            slow, slow_cpu, fast, fast_cpu = (statistics.median(column) for column in zip(*found, strict=True))
            span = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
            print(
                f"{name:34} usual {slow:6.0f}/s {slow_cpu:5.1f} ms  cocoseg {fast:6.0f}/s {fast_cpu:5.1f} ms  "
                f"{span} × as fast, {slow_cpu / fast_cpu:.1f} by processor time"
            )


if __name__ == "__main__":
    main()
