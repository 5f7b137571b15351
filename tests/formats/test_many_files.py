"""Of a folder of 30,000 label files hardly a picture is read; ``benchmarks/many_files.py`` measures the time."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg

COUNT = 30_000

pytestmark = pytest.mark.long


def yolo(root: Path) -> Path:
    for kind, ending in (("images", "jpg"), ("labels", "txt")):
        (root / kind / "train").mkdir(parents=True)
        for number in range(COUNT):
            (root / kind / "train" / f"{number:012}.{ending}").touch()
    (root / "labels" / "train" / f"{0:012}.txt").write_text("0 0 0 1 0 1 1\n")
    (root / "data.yaml").write_text("train: images/train\nnames: [car]\n")
    return root / "data.yaml"


def voc(root: Path) -> Path:
    (root / "SegmentationClass").mkdir(parents=True)
    picture = root / "SegmentationClass" / "one.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture)
    for number in range(COUNT - 1):
        linked(picture, root / "SegmentationClass" / f"2007_{number:06}.png")
    return root


def linked(one: Path, other: Path) -> None:
    try:
        os.link(one, other)
    except OSError:  # as many links as the file system allows
        other.write_bytes(one.read_bytes())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are opened."""
    found: list[str] = []
    for module, name in ((os, "open"), (builtins, "open")):
        monkeypatch.setattr(module, name, noting(getattr(module, name), found))
    return found


def noting(function: Callable[..., Any], found: list[str]) -> Callable[..., Any]:
    def call(path: Any, *arguments: Any, **options: Any) -> Any:
        found.append(str(path))
        return function(path, *arguments, **options)

    return call


# VOC's numbers are not its classes where an editor has sorted the palette, which a few pictures show.
PALETTES = {yolo: 0, voc: 4}


@pytest.mark.parametrize("make", [yolo, voc])
def test_opening_reads_hardly_a_picture(make: Callable[[Path], Path], tmp_path: Path, opened: list[str]) -> None:
    source = make(tmp_path / "set")
    opened.clear()
    assert len(cocoseg.read(source)) == COUNT
    read = [path for path in opened if path.startswith(str(tmp_path))]
    pictures = {path for path in read if path.endswith((".png", ".jpg"))}
    assert len(pictures) <= PALETTES[make]
    assert len(read) < 50
