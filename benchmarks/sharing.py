"""What two workers' memory grows by over an index of 100 MB, under fork and spawn.

    COCOSEG_REAL_DATA=... python benchmarks/sharing.py [--images 20000]

Each number is the unique (USS) and proportional (PSS) memory of the larger worker after two epochs, less that of the
same loader over a hundredth of the index. ``whole`` is a data set that holds its entries as Python objects.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import torch
from torch.utils.data import DataLoader

import cocoseg
from cocoseg.torch import SegmentationDataset, collate
from pictures import instances_file


class Whole(torch.utils.data.Dataset[Any]):
    """The usual map-style data set: its entries are an attribute."""

    def __init__(self, path: str) -> None:
        self.dataset = cocoseg.read(path)
        self.labels = cocoseg.label_scheme("index", self.dataset)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, place: int) -> Any:
        return None, torch.from_numpy(cocoseg.semantic(self.dataset[place], self.labels))


def measure(path: str, kind: str, method: str) -> dict[str, float]:
    dataset: Any = Whole(path) if kind == "whole" else SegmentationDataset(path, dtype=torch.uint8)
    loader = DataLoader(
        dataset,
        batch_size=4,
        shuffle=True,
        num_workers=2,
        collate_fn=collate,
        multiprocessing_context=method,
        persistent_workers=True,
    )
    for _ in range(2):
        for _batch in loader:
            pass
    workers = sorted(psutil.Process().children(), key=lambda one: one.memory_full_info().uss)[-2:]
    found = [worker.memory_full_info() for worker in workers]
    return {"uss": max(one.uss for one in found) / 2**20, "pss": max(one.pss for one in found) / 2**20}


def in_a_process(path: Path, kind: str, method: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(path), kind, method]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--measure", nargs=3)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        large = instances_file(Path(folder) / "large", options.images)
        small = instances_file(Path(folder) / "small", options.images // 100)
        size = large.stat().st_size / 2**20
        print(f"index of {size:.0f} MiB, {options.images} images; growth of the larger of two workers")
        for kind in ("shared", "whole"):
            for method in ("fork", "spawn"):
                more, less = (in_a_process(path, kind, method) for path in (large, small))
                shown = [
                    f"{name} {more[name] - less[name]:7.1f} MiB {(more[name] - less[name]) / size:7.1%}"
                    for name in more
                ]
                print(f"{kind:7} {method:6}", *shown, sep="  ")


if __name__ == "__main__":
    main()
