"""Data sets as VOC, Cityscapes and YOLO have them, drawn from the real samples, shifted and turned for each picture.

The samples of Cityscapes are small: they are enlarged to 2048×1024 along edges that waver by a few pixels, as those of
the data set do, and things of a turned copy are added, so that a picture has some thirty segments.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[Any]


def voc_set(root: Path, count: int) -> Path:
    """``count`` class maps of 500×375 in ``SegmentationClass``; the folder of the data set."""
    folder = root / "VOC2012" / "SegmentationClass"
    folder.mkdir(parents=True)
    samples = [Image.open(path) for path in sorted((_real() / "voc/pascalvoc/SegmentationClass").rglob("*.png"))]
    for number in range(count):
        sample = samples[number % len(samples)]
        picture = Image.fromarray(_moved(_grown(np.array(sample), (375, 500)), number))
        picture.putpalette(sample.getpalette() or [])
        picture.save(folder / f"2007_{number:06}.png")
    return folder.parent


def cityscapes_set(root: Path, count: int) -> Path:
    """``count`` pictures ``_gtFine_instanceIds.png`` of 2048×1024; the folder of the data set."""
    folder = root / "cityscapes" / "gtFine" / "val" / "frankfurt"
    folder.mkdir(parents=True)
    sample = next((_real() / "cityscapes").rglob("*_instanceIds.png"))
    small = np.array(Image.open(sample)).astype(np.uint16)
    for number in range(count):
        picture = _wavering(_with_more_things(_moved(small, number)), number)
        Image.fromarray(picture).save(folder / f"frankfurt_000000_{number:06}_gtFine_instanceIds.png")
    return root / "cityscapes"


def yolo_set(root: Path, count: int) -> Path:
    """``count`` pictures with a line for each object of COCO's real hundred images; the ``data.yaml``."""
    document = json.loads((_real() / "coco_instances/instances_val2014_100.json").read_text())
    classes = {row["id"]: index for index, row in enumerate(document["categories"])}
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in document["annotations"]:
        if not row["iscrowd"]:
            rows.setdefault(row["image_id"], []).append(row)
    folders = [root / "yolo" / kind / "train" for kind in ("images", "labels")]
    for folder in folders:
        folder.mkdir(parents=True)
    photo = Image.open(next((_real() / "yolo_seg").rglob("*.jpg")))
    for number in range(count):
        image = document["images"][number % len(document["images"])]
        size = image["width"], image["height"]
        if number < len(document["images"]):
            photo.resize(size).save(folders[0] / f"{number:06}.jpg", quality=90)
        else:
            (folders[0] / f"{number:06}.jpg").hardlink_to(folders[0] / f"{number % len(document['images']):06}.jpg")
        lines = [_line(classes[row["category_id"]], row, size, number) for row in rows.get(image["id"], [])]
        (folders[1] / f"{number:06}.txt").write_text("".join(lines))
    names = [f"  {index}: {row['name']}" for index, row in enumerate(document["categories"])]
    (root / "yolo" / "data.yaml").write_text("\n".join(["path: .", "train: images/train", "names:", *names, ""]))
    return root / "yolo" / "data.yaml"


def _line(index: int, row: dict[str, Any], size: tuple[int, int], number: int) -> str:
    """The largest part of an object, shifted by up to four pixels, as YOLO writes it."""
    part = max(row["segmentation"], key=len)
    points = (np.array(part).reshape(-1, 2) + number // 100 % 5) / size
    return " ".join([str(index), *(f"{value:g}" for value in np.clip(points, 0, 1).reshape(-1))]) + "\n"


def _real() -> Path:
    return Path(os.environ["COCOSEG_REAL_DATA"])


def _moved(picture: Picture, number: int) -> Picture:
    """The picture shifted sideways, and every second one turned about its middle."""
    shifted = np.roll(picture, 7 * number % picture.shape[1], axis=1)
    return np.ascontiguousarray(shifted[:, ::-1] if number % 2 else shifted)


def _grown(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture with its last row repeated to this height."""
    missing = size[0] - picture.shape[0]
    return np.pad(picture, ((0, missing), (0, size[1] - picture.shape[1])), "edge")


def _with_more_things(picture: Picture) -> Picture:
    """The picture with the things of its mirror image added under other numbers."""
    mirror = np.roll(picture[:, ::-1], 40, axis=1)
    return np.where((mirror >= 1000) & (picture < 1000), mirror + 10, picture).astype(np.uint16)


def _wavering(picture: Picture, number: int, factor: int = 8) -> Picture:
    """The picture enlarged, with edges that waver by a few pixels."""
    height, width = picture.shape[0] * factor, picture.shape[1] * factor
    random = np.random.default_rng(number)
    rows = np.arange(height)[:, None] + _waves(random, width)[None, :]
    columns = np.arange(width)[None, :] + _waves(random, height)[:, None]
    return picture[np.clip(rows // factor, 0, height // factor - 1), np.clip(columns // factor, 0, width // factor - 1)]


def _waves(random: np.random.Generator, length: int) -> Picture:
    """Whole numbers that go up and down by one at most, within some ten pixels."""
    steps = random.integers(-1, 2, length)
    return np.cumsum(steps) % 9 - 4
