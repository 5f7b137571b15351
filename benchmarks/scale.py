"""Question: does a conversion cost the same per image however many there are?

    COCOSEG_REAL_DATA=... python benchmarks/scale.py [images ...]

Real pictures under many names (hard links), two workers: images/s once the first is there, seconds from the start to
the first image, peak memory of the parent, size of the journal, and what the same command costs once more when all is
done, and once the journal is to be checked (cocoseg verify). TMPDIR says where: in memory, or the disk decides.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from pictures import panoptic_set
from timing import PYTHON

MIB = 1 << 20


def watched(command: list[str], out: Path) -> tuple[float, float, float]:
    """Seconds of a command, seconds until the first picture is there, and peak MiB of its own memory."""
    began = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    first: list[float] = []

    def look() -> None:
        while process.poll() is None and not first:
            if out.is_dir() and any(path.suffix == ".png" for path in out.iterdir()):
                first.append(time.perf_counter() - began)
            time.sleep(0.01)

    looker = threading.Thread(target=look)
    looker.start()
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            peak = max(peak, process.memory_full_info().uss)
        time.sleep(0.1)
    seconds = time.perf_counter() - began
    looker.join()
    if process.returncode:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    return seconds, first[0] if first else 0.0, peak / MIB


def measure(count: int) -> str:
    with tempfile.TemporaryDirectory() as name:
        source, out = panoptic_set(Path(name), count), Path(name) / "out"
        convert = [PYTHON, "-m", "cocoseg", "to-semantic", str(source), str(out), "--workers", "2"]
        seconds, first, parent = watched(convert, out)
        journal = sum(path.stat().st_size for path in (out / ".cocoseg").iterdir()) / MIB
        again, _, parent_again = watched(convert, out)
        verify, _, _ = watched([PYTHON, "-m", "cocoseg", "verify", str(out), "--workers", "2"], out)
        cells = [
            f"{count:,}",
            f"{source.stat().st_size / MIB:.1f}",
            f"{count / (seconds - first):,.0f}",
            f"{first:.2f}",
            f"{seconds:.1f}",
            f"{parent:.0f}",
            f"{journal:.1f}",
            f"{again:.1f}",
            f"{parent_again:.0f}",
            f"{verify:.1f}",
        ]
    return f"| {' | '.join(cells)} |"


def main(counts: list[int]) -> None:
    heads = (
        "images, JSON MiB, images/s, first image s, all s, parent MiB, journal MiB, again s, parent again MiB, verify s"
    )
    print(f"| {' | '.join(heads.split(', '))} |")
    print(f"|{'---|' * len(heads.split(', '))}")
    for count in counts:
        print(measure(count), flush=True)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [1_000, 10_000, 118_000])
