"""Question: how long does it take to open a folder of many label files, beyond listing it?

    python benchmarks/many_files.py [files]

Whole data sets, made in the temporary folder: photos and texts of YOLO, class maps and object pictures of Pascal VOC,
class maps alone, LabelMe's JSONs. Photos and texts are empty files, the others links to one. Opening reads a few files
to see what the data set is: an audit hook counts them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import cocoseg
from cocoseg.files.listing import names

ROUNDS = 5
NAMES = ["person", "car"]


def yolo(root: Path, count: int) -> Path:
    """Photos and texts of two splits; one text has an outline."""
    for split, numbers in (("train", range(count * 9 // 10)), ("val", range(count * 9 // 10, count))):
        for kind in ("images", "labels"):
            (root / kind / split).mkdir(parents=True)
        for number in numbers:
            (root / "images" / split / f"{number:012}.jpg").touch()
            (root / "labels" / split / f"{number:012}.txt").touch()
    (root / "labels" / "train" / f"{0:012}.txt").write_text("0 0 0 1 0 1 1\n")
    (root / "data.yaml").write_text(f"train: images/train\nval: images/val\nnames: {NAMES}\n")
    return root / "data.yaml"


def voc(root: Path, count: int) -> Path:
    """Class maps and instance numbers, links to one picture."""
    for folder in ("SegmentationClass", "SegmentationObject", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    Image.fromarray(np.zeros((4, 4), np.uint8)).convert("P").save(root / "one.png")
    for number in range(count):
        for folder in ("SegmentationClass", "SegmentationObject"):
            os.link(root / "one.png", root / folder / f"2007_{number:06}.png")
        (root / "JPEGImages" / f"2007_{number:06}.jpg").touch()
    (root / "one.png").unlink()
    return root


def semantic(root: Path, count: int) -> Path:
    """Class maps of a run, links to one picture."""
    root.mkdir()
    Image.fromarray(np.ones((4, 4), np.uint8)).save(root / "one.png")
    for number in range(count):
        os.link(root / "one.png", root / f"{number:012}.png")
    (root / "one.png").unlink()
    (root.parent / "names.txt").write_text("\n".join(["background", *NAMES]))
    return root


def labelme(root: Path, count: int) -> Path:
    """JSONs, links to one, with a labels.txt."""
    root.mkdir()
    (root / "labels.txt").write_text("\n".join(NAMES))
    shape = '{"label": "person", "points": [[0, 0], [1, 0], [1, 1]]}'
    text = f'{{"shapes": [{shape}], "imagePath": "a.jpg", "imageData": null, "imageHeight": 4, "imageWidth": 4}}'
    (root / "one").write_text(text)
    for number in range(count):
        os.link(root / "one", root / f"{number:012}.json")
    (root / "one").unlink()
    return root


SETS: dict[str, Callable[[Path, int], Path]] = {"yolo": yolo, "voc": voc, "semantic": semantic, "labelme": labelme}
OPTIONS = {"semantic": "names.txt"}


def median(call: Callable[[], object]) -> float:
    return statistics.median(seconds(call) for _ in range(ROUNDS))


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


opened: list[str] = []
sys.addaudithook(lambda event, details: opened.append(str(details[0])) if event == "open" else None)


def main(count: int) -> None:
    for name in SETS:
        folder = Path(tempfile.mkdtemp())
        try:
            measure(name, folder, count)
        finally:
            shutil.rmtree(folder)


def measure(name: str, folder: Path, count: int) -> None:
    source = SETS[name](folder / "set", count)
    options = {"categories": folder / OPTIONS[name]} if name in OPTIONS else {}
    cocoseg.read(source, **options)  # what is imported, and what the disk caches
    opened.clear()
    assert len(cocoseg.read(source, **options)) == count
    files = len(opened)
    listing = median(lambda: names(str(folder / "set")))
    whole = median(lambda: cocoseg.read(source, **options))
    print(f"{name:9} {count} images: listing {listing:.2f} s, opening {whole:.2f} s, {files} files read")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
