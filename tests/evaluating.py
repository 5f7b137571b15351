"""Writes truths and predictions as files: the golden data of ``metrics/golden``, and small ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cocoseg.codecs.panoptic import rgb_from_ids

GOLDEN = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "metrics/golden").glob("*.json")}


def write_map(path: Path, values: Any) -> Path:
    """A class map (H, W) as a PNG, of 16 bits where 8 are too few."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.asarray(values)
    Image.fromarray(picture.astype(np.uint8 if picture.max(initial=0) < 256 else np.uint16)).save(path)
    return path


def write_maps(folder: Path, *pictures: Any, end: str = "") -> Path:
    """A folder of class maps, called 0.png, 1.png ..."""
    for number, picture in enumerate(pictures):
        write_map(folder / f"{number}{end}.png", picture)
    return folder


def write_classes(path: Path, *names: str, first: int = 0) -> Path:
    """A table of class names, whose ids count from ``first``."""
    rows = [f"{number},{name}" for number, name in enumerate(names, first)]
    path.write_text("\n".join(["id,name", *rows]) + "\n")
    return path


def semantic(folder: Path) -> tuple[Path, Path, Path]:
    """The golden class maps: the truth, the prediction, and the list of their five classes."""
    sides = [
        write_maps(folder / side, *[picture[side] for picture in GOLDEN["semantic"]["pictures"]])
        for side in ("truth", "prediction")
    ]
    return sides[0], sides[1], write_classes(folder / "classes.csv", *"abcde")


def segments(category_of: Mapping[str, int], crowd: Iterable[int] = ()) -> list[dict[str, Any]]:
    """The ``segments_info`` of a picture."""
    crowds = set(crowd)
    return [{"id": int(k), "category_id": v, "iscrowd": int(int(k) in crowds)} for k, v in category_of.items()]


def write_panoptic(path: Path, pictures: Mapping[str, tuple[Any, Any]], categories: Any, ids: Any = None) -> Path:
    """A panoptic JSON and its PNGs, from (segment ids (H, W), segments_info) by the names of the images."""
    images, rows = [], []
    (path.parent / path.stem).mkdir(parents=True, exist_ok=True)
    numbers = range(1, len(pictures) + 1) if ids is None else ids
    for number, (name, (picture, info)) in zip(numbers, pictures.items(), strict=True):
        array = np.array(picture)
        Image.fromarray(rgb_from_ids(array)).save(path.parent / path.stem / f"{name}.png")
        height, width = array.shape
        images.append({"id": number, "file_name": f"{name}.jpg", "height": height, "width": width})
        rows.append({"image_id": number, "file_name": f"{name}.png", "segments_info": info})
    path.write_text(json.dumps({"images": images, "annotations": rows, "categories": categories}))
    return path


def panoptic(folder: Path) -> tuple[Path, Path]:
    """The golden panoptic picture of ``a``: the truth and the prediction."""
    golden = GOLDEN["panoptic"]
    sides = []
    for side in ("truth", "prediction"):
        info = segments(golden[side]["category_of"], golden[side].get("crowd", ()))
        sides.append(write_panoptic(folder / f"{side}.json", {"a": (golden[side]["ids"], info)}, golden["categories"]))
    return sides[0], sides[1]


def edit(path: Path, change: Any) -> Path:
    """Change a JSON file by a function."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def box(size: Sequence[int], edges: Sequence[int]) -> np.ndarray[Any, Any]:
    """A mask (H, W) bool: [y0, y1) x [x0, x1)."""
    mask = np.zeros(size, np.bool_)
    top, bottom, left, right = edges
    mask[top:bottom, left:right] = True
    return mask


def rle(mask: Any) -> dict[str, Any]:
    """A mask (H, W) as COCO's uncompressed RLE."""
    pixels = np.asarray(mask).ravel(order="F").astype(np.int8)
    changes = np.flatnonzero(np.diff(pixels, prepend=0))
    counts = np.diff([0, *changes.tolist(), pixels.size])
    return {"size": list(mask.shape), "counts": counts.tolist()}


def mask_ap(folder: Path) -> tuple[Path, Path]:
    """The golden detections of one image: the truth's JSON, and a list of results."""
    golden, size = GOLDEN["mask_ap"], (40, 60)
    rows = [
        {"id": k, "image_id": 1, "category_id": category, "iscrowd": crowd, "segmentation": rle(box(size, edges))}
        for k, (category, edges, crowd) in enumerate(golden["truth (category, box, iscrowd)"], 1)
    ]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}],
        "annotations": rows,
        "categories": [{"id": k, "name": f"c{k}"} for k in golden["categories"]],
    }
    results = [
        {"image_id": 1, "category_id": category, "segmentation": rle(box(size, edges)), "score": score}
        for category, edges, score in golden["results (category, box, score)"]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "truth.json").write_text(json.dumps(document))
    (folder / "results.json").write_text(json.dumps(results))
    return folder / "truth.json", folder / "results.json"


def cityscapes(folder: Path) -> tuple[Path, Path]:
    """The golden street: a folder as Cityscapes' gtFine, and a folder of predicted labelIds."""
    golden, stem = GOLDEN["cityscapes"], "aachen_000000_000019"
    town = folder / "truth" / "gtFine" / "val" / "aachen"
    for kind in ("labelIds", "instanceIds"):
        write_map(town / f"{stem}_gtFine_{kind}.png", golden[f"truth {kind}"])
    write_map(folder / "prediction" / f"{stem}_leftImg8bit.png", golden["prediction labelIds"])
    return folder / "truth", folder / "prediction"
