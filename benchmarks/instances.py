"""Question: instances JSON to semantic PNG, how much faster than pycocotools and Pillow; and how fast is a file opened?

    COCOSEG_REAL_DATA=... python benchmarks/instances.py [rounds]

Whole processes on the real hundred images, repeated: 1,200 pictures with one worker; then a file of 100 MB, opened.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from pictures import instances_file
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent
LIBRARIES = ("cocoseg", "pycocotools", "hotcoco")


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        out = root / "out"
        source = instances_file(root / "small", 1200)
        commands = {
            "usual": [PYTHON, HERE / "usual_instances.py", source, out],
            "cocoseg": [PYTHON, "-m", "cocoseg", "to-semantic", source, out, "--workers", "1"],
        }
        seconds = in_turn(commands, rounds, out)
        print(f"usual way / cocoseg, 1,200 pictures, one worker: {ratios(seconds['usual'], seconds['cocoseg'])}")
        large = instances_file(root / "large", 20_000)
        print(f"a file of {large.stat().st_size / 1e6:.0f} MB, opened:")
        opening = {library: [PYTHON, HERE / "opening.py", library, large] for library in LIBRARIES}
        times = in_turn(opening, rounds, out)
        for library, command in opening.items():
            peak = run(command)[1]
            ratio = ratios(times[library], times["cocoseg"])
            print(
                f"  {library:>12}: {statistics.median(times[library]):.2f} s, {peak:.0f} MiB, time / cocoseg's {ratio}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
