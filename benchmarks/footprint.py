"""Question: what does starting cost, and does memory grow with the number of images?

    COCOSEG_REAL_DATA=... python benchmarks/footprint.py [images]

Import and --help: medians of fresh processes in turn. Memory: peak resident size of the parent and of its two workers
on 200 images and on many (20,000 unless said otherwise), beside the size of the JSON, whose index the parent holds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from pictures import panoptic_set
from timing import PYTHON, in_turn

MIB = 1 << 20


def peaks(command: list[object]) -> tuple[float, float]:
    """Peak MiB of a process, and of the largest of its children."""
    process = psutil.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    parent = child = 0.0
    while process.poll() is None:
        try:
            parent = max(parent, private(process))
            child = max([child, *(private(worker) for worker in process.children())])
        except psutil.Error:
            pass
        time.sleep(0.02)
    return parent / MIB, child / MIB


def private(process: psutil.Process) -> int:
    """Memory of a process that it shares with nobody: a forked worker's own part."""
    memory = process.memory_full_info()
    return int(memory.uss)


def main(many: int) -> None:
    unused = Path("unused")
    starts = {
        "numpy": [PYTHON, "-c", "import numpy"],
        "numpy + cocoseg": [PYTHON, "-c", "import numpy, cocoseg"],
        "cocoseg --help": [PYTHON, "-m", "cocoseg", "--help"],
    }
    median = {name: statistics.median(times) for name, times in in_turn(starts, 15, unused).items()}
    print(f"import cocoseg over import numpy: {1000 * (median['numpy + cocoseg'] - median['numpy']):.0f} ms")
    print(f"cocoseg --help: {median['cocoseg --help']:.2f} s")
    for count in (200, many):
        with tempfile.TemporaryDirectory() as name:
            source = panoptic_set(Path(name), count)
            command = [PYTHON, "-m", "cocoseg", "to-semantic", source, Path(name) / "out", "--workers", "2"]
            parent, child = peaks(command)
            size = source.stat().st_size / MIB
            print(f"{count:,} images (JSON {size:.1f} MiB): parent {parent:.0f} MiB, largest worker {child:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
