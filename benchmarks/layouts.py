"""Question: data sets as downloaded, how much faster than the usual script for each?

    COCOSEG_REAL_DATA=... python benchmarks/layouts.py [rounds] [voc cityscapes yolo yolo-size]

Whole processes in turn, one worker, on sets drawn from the real samples (``drawn.py``) against ``usual_layouts.py``;
and the share of pixels in which their pictures differ. VOC 2012 has 2,913 class maps.
"""

from __future__ import annotations

import compileall
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from drawn import cityscapes_set, voc_set, yolo_set
from PIL import Image

import cocoseg
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent


class Case(NamedTuple):
    """How a data set is drawn, how many pictures, and the command that converts it."""

    draw: Callable[[Path, int], Path]
    count: int
    command: tuple[str, ...]


CASES = {
    "voc": Case(voc_set, 2913, ("to-semantic", "--labels", "index")),
    "cityscapes": Case(cityscapes_set, 200, ("to-panoptic",)),
    "yolo": Case(yolo_set, 1200, ("to-semantic", "--labels", "index")),
    "yolo-size": Case(yolo_set, 1200, ("to-semantic", "--labels", "index")),
}


def main(rounds: int, names: list[str]) -> None:
    compileall.compile_dir(Path(cocoseg.__file__).parent, quiet=1)  # as pip does, whatever the environment says
    for name in names or list(CASES):
        case = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            root, out = Path(folder), Path(folder) / "out"
            source = case.draw(root, case.count)
            verb, *options = case.command
            commands: dict[str, list[object]] = {
                "usual": [PYTHON, HERE / "usual_layouts.py", name, source, out],
                "cocoseg": [PYTHON, "-m", "cocoseg", verb, source, out, *options, "--workers", "1"],
            }
            seconds = in_turn(commands, rounds, out)
            other = unlike(commands, root)
        each = ", ".join(f"{way} {statistics.median(times):.2f} s" for way, times in seconds.items())
        print(f"{name}, {case.count:,} pictures: {each}; usual / cocoseg: {ratios(*seconds.values())}")
        print(f"    pixels that differ: {other:.4%}")


def unlike(commands: dict[str, list[object]], root: Path) -> float:
    """The share of pixels in which the pictures of the two ways differ."""
    made = []
    for way, command in commands.items():
        run([root / way if part == root / "out" else part for part in command])
        made.append(sorted((root / way).rglob("*.png")))
    pairs = zip(*made, strict=True)
    differ = [np.mean(np.array(Image.open(one)) != np.array(Image.open(other))) for one, other in pairs]
    return float(np.mean(differ))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:])
