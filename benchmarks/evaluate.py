"""Question: how much faster is ``cocoseg evaluate`` than what people use, whole processes, one worker?

    COCOSEG_REAL_DATA=... python benchmarks/evaluate.py [rounds] [semantic panoptic instances memory]

Pairs are drawn from the real samples, the prediction shifted and with a twentieth of its blocks replaced
(``drawn.py``); the usual ways are in ``usual_evaluate.py``. Both sides have to print the same number.
"""

from __future__ import annotations

import compileall
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from drawn import class_map_pairs, panoptic_pairs, result_pairs

import cocoseg
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent


class Case(NamedTuple):
    """How the pairs are drawn, how many, the headline, and the options."""

    draw: Callable[[Path, int], tuple[Path, Path]]
    count: int
    headline: str
    options: tuple[str, ...] = ()


CASES = {
    "semantic": Case(class_map_pairs, 1000, "mIoU", ("--task", "semantic")),
    "panoptic": Case(panoptic_pairs, 500, "PQ"),
    "instances": Case(result_pairs, 5000, "AP"),
}


def main(rounds: int, names: list[str]) -> None:
    compileall.compile_dir(Path(cocoseg.__file__).parent, quiet=1)  # as pip does, whatever the environment says
    for name in names or [*CASES, "memory"]:
        if name == "memory":
            memory()
            continue
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            pair = case.draw(Path(folder), case.count)
            ours = [PYTHON, "-m", "cocoseg", "evaluate", *pair, *case.options, "--workers", "1"]
            usual = [PYTHON, HERE / "usual_evaluate.py", name, *pair]
            check(usual, ours, case.headline)
            seconds = in_turn({"usual": usual, "cocoseg": ours}, rounds, Path(folder) / "nothing")
        each = ", ".join(f"{way} {statistics.median(times):.2f} s" for way, times in seconds.items())
        print(f"{name}, {case.count:,} pairs: {each}; usual / cocoseg: {ratios(*seconds.values())}")


def check(usual: list[object], ours: list[object], headline: str) -> None:
    """End if the two ways count different numbers."""
    usual_text, text = (
        subprocess.run([str(part) for part in way], capture_output=True, text=True).stdout
        for way in (usual, [*ours, "--json"])
    )
    found = json.loads(text)["headlines"][headline]
    if f"{headline} {found:.6f}" not in usual_text:
        raise SystemExit(f"cocoseg counts {found}, the usual way {usual_text}")


def memory() -> None:
    """The peak of a thousand pairs and of fifty thousand."""
    peaks = {}
    for count in (1000, 50_000):
        with tempfile.TemporaryDirectory() as folder:
            pair = class_map_pairs(Path(folder), count)
            peaks[count] = run([PYTHON, "-m", "cocoseg", "evaluate", *pair, "--task", "semantic", "--workers", "1"])[1]
    print("peak MiB: " + ", ".join(f"{count:,} pairs {peak:.0f}" for count, peak in peaks.items()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:])
