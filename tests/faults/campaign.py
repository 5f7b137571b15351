"""A data set that takes a second or two, and runs over it that are ended half-way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from command import without_progress
from injection import tree

IMAGES = 300
PATIENCE = 30


@dataclass(frozen=True)
class Campaign:
    """The data set, the folder of a clean run over it, and how long a run takes."""

    source: Path
    clean: dict[str, str]
    seconds: float


def draw(root: Path, images: int = IMAGES, block: int = 1) -> Path:
    """Names for five pictures of a sixth of a megapixel, noise in blocks; the path of their JSON."""
    (root / "panoptic").mkdir()
    random = np.random.default_rng(1)
    for number in range(5):
        ids = random.integers(1, 3, (360 // block, 480 // block), np.uint8).repeat(block, 0).repeat(block, 1)
        picture = Image.fromarray(np.stack([ids, 0 * ids, 0 * ids], axis=-1))
        picture.save(root / "panoptic" / f"{number}.png", compress_level=1)
    for number in range(5, images):
        (root / "panoptic" / f"{number}.png").hardlink_to(root / "panoptic" / f"{number % 5}.png")
    segments = [{"id": n, "category_id": n} for n in (1, 2)]
    annotations = [{"image_id": n, "file_name": f"{n}.png", "segments_info": segments} for n in range(images)]
    categories = [{"id": n, "name": str(n), "isthing": 0} for n in (1, 2)]
    (root / "panoptic.json").write_text(json.dumps({"annotations": annotations, "categories": categories}))
    return root / "panoptic.json"


def prepare(root: Path) -> Campaign:
    source = draw(root)
    began = time.monotonic()
    assert summary(source, root / "clean")["images"] == IMAGES
    return Campaign(source, tree(root / "clean"), time.monotonic() - began)


def command(source: Path, out: Path, *args: object, workers: int = 2, verb: str = "to-semantic") -> list[str]:
    words = [verb, source, out, "--workers", workers, "--json", *args]
    return [sys.executable, "-m", "cocoseg", *map(str, words)]


def summary(source: Path, out: Path, *args: object) -> dict[str, Any]:
    """Run to the end; what ``--json`` says."""
    done = subprocess.run(
        command(source, out, *args), capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert without_progress(done.stderr.encode()) == b""
    return json.loads(done.stdout)


@contextmanager
def running(
    source: Path, out: Path, *args: object, workers: int = 2, verb: str = "to-semantic"
) -> Iterator[subprocess.Popen[str]]:
    """A run in a process group of its own, which is gone in the end."""
    process = subprocess.Popen(
        command(source, out, *args, workers=workers, verb=verb),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def until(ready: Callable[[], Any], what: str = "") -> Any:
    ends = time.monotonic() + PATIENCE
    while not (met := ready()):
        assert time.monotonic() < ends, what or ready
        time.sleep(0.002)
    return met


def pictures(out: Path) -> set[Path]:
    return set(out.glob("*.png"))


def children(pid: int) -> list[int]:
    """The processes that a process has started, below the tracker and server that Python starts besides workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(path.parent.name))
    return sorted(found)
