"""Question: panoptic PNG + JSON to semantic PNG, how much faster than the usual way, how near the codec floor?

    COCOSEG_REAL_DATA=... python benchmarks/semantic.py [rounds]

Whole processes on real COCO pictures (four, repeated), one worker and 1,200 pictures; then two workers on 2,000.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from pictures import panoptic_set
from timing import PYTHON, in_turn, ratios

HERE = Path(__file__).parent


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        out = root / "out"
        source = panoptic_set(root / "1200", 1200)
        ours = [PYTHON, "-m", "cocoseg", "to-semantic", source, out, "--labels", "panopticapi", "--workers", "1"]
        usual = [PYTHON, HERE / "usual.py", source, out]
        maps = root / "maps"
        in_turn({"maps": [*ours[:5], maps, *ours[6:]]}, 1, out)
        in_turn({"usual": usual}, 1, out)
        sizes = [sum(path.stat().st_size for path in folder.glob("*.png")) for folder in (maps, out)]
        floor = [PYTHON, HERE / "floor.py", source, maps]
        seconds = in_turn({"usual": usual, "cocoseg": ours, "floor": floor}, rounds, out)
        larger = panoptic_set(root / "2000", 2000)
        one = [*ours[:4], larger, out, *ours[6:-1], "1"]
        scaling = in_turn({"one": one, "two": [*one[:-1], "2"]}, rounds, out)
    for what, times in (seconds | scaling).items():
        print(f"{what:>8}: {statistics.median(times):.2f} s")
    print(f"usual way / cocoseg, 1,200 pictures, one worker: {ratios(seconds['usual'], seconds['cocoseg'])}")
    print(f"cocoseg / codec floor: {ratios(seconds['cocoseg'], seconds['floor'])}")
    print(f"one worker / two workers, 2,000 pictures: {ratios(scaling['one'], scaling['two'])}")
    print(f"size of the files / Pillow's: {sizes[0] / sizes[1]:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
