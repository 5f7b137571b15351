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

import cocoseg

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


def class_map_pairs(root: Path, count: int) -> tuple[Path, Path]:
    """``count`` pairs of class maps of 640×480 with COCO's 133 classes; links to a few hundred files."""
    truth, prediction = root / "truth", root / "prediction"
    for folder in (truth, prediction):
        folder.mkdir()
    drawn = [cocoseg.semantic(sample, "mask2former") for sample in _panoptic()]
    for number in range(count):
        name = f"{number:06}.png"
        if number < _DRAWN:
            picture = _moved(_fitted(drawn[number % len(drawn)], (480, 640)), number)
            Image.fromarray(picture).save(truth / name)
            Image.fromarray(_disturbed(picture, number)).save(prediction / name)
        else:
            for folder in (truth, prediction):
                os.link(folder / f"{number % _DRAWN:06}.png", folder / name)
    return truth, prediction


def panoptic_pairs(root: Path, count: int) -> tuple[Path, Path]:
    """``count`` pairs of COCO panoptic pictures; the two JSONs."""
    samples = list(_panoptic())
    categories = [{"id": row.id, "name": row.name, "isthing": int(bool(row.isthing))} for row in _panoptic().categories]
    documents: dict[str, Any] = {side: {"images": [], "annotations": []} for side in ("truth", "prediction")}
    for side in documents:
        (root / side).mkdir()
    for number in range(count):
        sample = samples[number % len(samples)]
        ids = _moved(sample.id_map, number % _DRAWN)
        image = {"id": number, "file_name": f"{number:06}.png", "height": ids.shape[0], "width": ids.shape[1]}
        for side, picture in (("truth", ids), ("prediction", _disturbed(ids, number % _DRAWN))):
            rows = _segments(picture, sample)
            row = {"image_id": number, "file_name": image["file_name"], "segments_info": rows}
            documents[side]["images"].append(image)
            documents[side]["annotations"].append(row)
            if number < _DRAWN:
                Image.fromarray(_colors(picture)).save(root / side / image["file_name"])
            else:
                os.link(root / side / f"{number % _DRAWN:06}.png", root / side / image["file_name"])
    for side, document in documents.items():
        (root / f"{side}.json").write_text(json.dumps(document | {"categories": categories}))
    return root / "truth.json", root / "prediction.json"


def result_pairs(root: Path, count: int) -> tuple[Path, Path]:
    """COCO's hundred real images and the results for them, repeated to ``count`` images; the two JSONs."""
    folder = _real() / "coco_instances"
    truth = json.loads((folder / "instances_val2014_100.json").read_text())
    results = json.loads((folder / "instances_val2014_fakesegm100_results.json").read_text())
    images, annotations, found = [], [], []
    for turn in range(count // len(truth["images"])):
        more = turn * 1_000_000
        images += [row | {"id": row["id"] + more, "file_name": f"{turn}_{row['file_name']}"} for row in truth["images"]]
        annotations += [
            row | {"id": len(annotations) + k, "image_id": row["image_id"] + more}
            for k, row in enumerate(truth["annotations"], 1)
        ]
        found += [row | {"image_id": row["image_id"] + more} for row in results]
    document = {"images": images, "annotations": annotations, "categories": truth["categories"]}
    (root / "truth.json").write_text(json.dumps(document))
    (root / "results.json").write_text(json.dumps(found))
    return root / "truth.json", root / "results.json"


_DRAWN = 200


def _panoptic() -> cocoseg.Dataset:
    return cocoseg.read(next(_real().rglob("panoptic_examples.json")))


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture cut, or repeated at its edges, to this size."""
    cut = picture[: size[0], : size[1]]
    return np.pad(cut, ((0, size[0] - cut.shape[0]), (0, size[1] - cut.shape[1])), "edge")


def _disturbed(picture: Picture, number: int) -> Picture:
    """The picture shifted by three pixels, and a twentieth of its blocks of 8×8 replaced."""
    random = np.random.default_rng(number)
    height, width = picture.shape
    blocks = random.random((height // 8 + 1, width // 8 + 1)) < 0.05
    chosen = np.kron(blocks, np.ones((8, 8), bool))[:height, :width]
    return np.where(chosen, picture[height // 2, width // 2], np.roll(picture, 3, axis=1)).astype(picture.dtype)


def _segments(picture: Picture, sample: cocoseg.Sample) -> list[dict[str, int]]:
    found, areas = np.unique(picture[picture > 0], return_counts=True)
    known = {id: k for k, id in enumerate(sample.ids.tolist())}
    return [
        {
            "id": id,
            "category_id": int(sample.category_ids[known[id]]),
            "iscrowd": int(sample.iscrowd[known[id]]),
            "area": area,
        }
        for id, area in zip(found.tolist(), areas.tolist(), strict=True)
    ]


def _colors(ids: Picture) -> Picture:
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
