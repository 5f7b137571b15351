"""Question: instances JSON to a PNG per mask, how much faster than pycocotools and Pillow, and how large?

    COCOSEG_REAL_DATA=... python benchmarks/masks.py [rounds]

Whole processes on the real hundred images, repeated: 300 pictures, 2,517 masks, one worker. TMPDIR says where files go.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from pictures import instances_file
from timing import PYTHON, in_turn, ratios, run

HERE = Path(__file__).parent


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        out = root / "out"
        source = instances_file(root / "set", 300)
        masks = len(json.loads(source.read_text())["annotations"])
        ours = [PYTHON, "-m", "cocoseg", "to-masks", source, out, "--workers", "1"]
        commands = {
            "usual": [PYTHON, HERE / "usual_masks.py", source, out],
            "cocoseg": ours,
            "cocoseg --stack npz": [*ours, "--stack", "npz"],
        }
        seconds = in_turn(commands, rounds, out)
        for way, command in commands.items():
            shutil.rmtree(out)
            peak = run(command)[1]
            pace = masks / statistics.median(seconds[way])
            ratio = ratios(seconds["usual"], seconds[way])
            size = _size(out) / masks
            print(f"{way:>20}: {pace:6,.0f} masks/s, usual / this {ratio}, {size:.0f} B a mask, {peak:.0f} MiB")


def _size(out: Path) -> int:
    """Bytes of all masks, without tables and journal."""
    return sum(path.stat().st_size for path in out.rglob("*") if path.suffix in (".png", ".npz"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
