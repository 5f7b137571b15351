"""Ctrl-C and SIGTERM: at once, in few words, with the right exit code, and whole files only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cocoseg.files.names import TEMPORARY

pytestmark = pytest.mark.long

IMAGES = 400


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that takes some seconds: 400 names for one noisy picture of two megapixels."""
    root = tmp_path_factory.mktemp("large")
    (root / "panoptic").mkdir()
    ids = np.random.default_rng(1).integers(1, 3, (1200, 1600), np.uint8)
    Image.fromarray(np.stack([ids, 0 * ids, 0 * ids], axis=-1)).save(root / "panoptic" / "0.png", compress_level=1)
    for number in range(1, IMAGES):
        (root / "panoptic" / f"{number}.png").hardlink_to(root / "panoptic" / "0.png")
    segments = [{"id": n, "category_id": n} for n in (1, 2)]
    annotations = [{"image_id": n, "file_name": f"{n}.png", "segments_info": segments} for n in range(IMAGES)]
    categories = [{"id": n, "name": str(n), "isthing": 0} for n in (1, 2)]
    (root / "panoptic.json").write_text(json.dumps({"annotations": annotations, "categories": categories}))
    return root / "panoptic.json"


@pytest.mark.parametrize(
    ("number", "code", "whole_group"),
    [(signal.SIGINT, 130, True), (signal.SIGINT, 130, False), (signal.SIGTERM, 143, False)],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_stopped(
    number: int, code: int, whole_group: bool, workers: int, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cocoseg", "to-semantic", str(source), str(out), "--workers", str(workers)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    until(lambda: len(list(out.glob("*.png"))) >= 4)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    stdout, stderr = process.communicate(timeout=10)
    written = set(out.glob("*.png"))
    assert process.returncode == code
    assert stdout == b""
    assert len(stderr.splitlines()) <= 3
    assert b"Traceback" not in stderr
    assert 0 < len(written) < IMAGES
    assert [path for path in out.rglob("*") if path.name.startswith(TEMPORARY)] == []
    for path in written:
        with Image.open(path) as image:
            image.load()
    time.sleep(0.5)
    assert set(out.glob("*.png")) == written, "a worker went on"


def until(ready: object) -> None:
    ends = time.monotonic() + 20
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.01)
