"""Region codecs against pycocotools and rlemasklib on real files: a table of ratios, each pair timed in turn.

    python benchmarks/rle.py REAL_DATA [ROUNDS]

REAL_DATA is the folder that holds ``coco_instances``. The class map of an image is timed from its
undecoded annotations. Both sides keep freed arrays (``tune_memory``), as the processes of the command do.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rlemasklib
from pycocotools import mask as reference

from cocoseg.codecs import overlap, rle
from cocoseg.codecs.segmentation import from_coco, read_segmentations, to_coco
from cocoseg.parallel import tune_memory
from timing import ratios

Image = tuple[tuple[int, int], list[Any], np.ndarray]


def images_of(path: Path) -> list[Image]:
    document = json.loads(path.read_text())
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in document["annotations"]:
        rows.setdefault(row["image_id"], []).append(row)
    return [
        (
            (image["height"], image["width"]),
            [row["segmentation"] for row in rows[image["id"]]],
            np.array([row["category_id"] % 256 for row in rows[image["id"]]], np.uint8),
        )
        for image in document["images"]
        if image["id"] in rows
    ]


def reference_rle(value: Any, size: tuple[int, int]) -> dict[str, Any]:
    """COCO.annToRLE."""
    if isinstance(value, list):
        return reference.merge(reference.frPyObjects(value, *size))
    return reference.frPyObjects(value, *size) if isinstance(value["counts"], list) else value


def usual_class_map(size: tuple[int, int], values: list[Any], classes: np.ndarray) -> np.ndarray:
    canvas = np.zeros(size, np.uint8)
    for value, category in zip(values, classes.tolist(), strict=True):
        canvas[reference.decode(reference_rle(value, size)) == 1] = category
    return canvas


def class_map(size: tuple[int, int], values: list[Any], classes: np.ndarray) -> np.ndarray:
    canvas = np.zeros(size, classes.dtype)
    overlap.paint(read_segmentations(values, size), classes, canvas)
    return canvas


def ratio(name: str, slow: Callable[[Any], Any], fast: Callable[[Any], Any], items: Sequence[Any], rounds: int) -> None:
    """Print the microseconds an image of both, and the ratio slow/fast: median (lowest to highest)."""
    seconds: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        times = []
        for side in (slow, fast):
            started = time.perf_counter()
            for item in items:
                side(item)
            times.append((time.perf_counter() - started) / len(items))
        seconds.append((times[0], times[1]))
    theirs, ours = zip(*seconds[1:], strict=True)
    micro = "".join(f"{1e6 * statistics.median(side):9.0f}" for side in (theirs, ours))
    print(f"{name:40}{micro}   {ratios(list(theirs), list(ours))}", flush=True)


class Case(NamedTuple):
    """An image in all the forms that one of the sides starts from."""

    size: tuple[int, int]
    values: list[Any]
    classes: np.ndarray
    pack: rle.Runs
    rles: list[dict[str, Any]]
    their_masks: list[Any]
    numbers: np.ndarray  # of each pixel's mask, len(values) for none
    canvas: dict[str, np.ndarray]


def case(image: Image) -> Case:
    size, values, classes = image
    pack = read_segmentations(values, size)
    rles = [{**row, "counts": row["counts"].encode()} for row in to_coco(pack)]
    canvas = {order: np.zeros(size, np.uint8, order=order) for order in "CF"}
    masks = [rlemasklib.RLEMask.from_dict(row) for row in rles]
    numbers = np.full(size, len(values), np.uint16)
    overlap.paint(pack, np.arange(len(values), dtype=np.uint16), numbers)
    return Case(size, values, classes, pack, rles, masks, numbers, canvas)


def paint_theirs(case: Case, order: str) -> None:
    for mask, category in zip(case.their_masks, case.classes.tolist(), strict=True):
        mask.decode_into(case.canvas[order], category)


def layers_and_paint(case: Case) -> np.ndarray:
    return overlap.layers(fresh(case.pack))[0].paint(case.classes, outside=0)


def encode_theirs(case: Case) -> None:
    for number in range(len(case.values)):
        reference.encode(np.asfortranarray(case.numbers == number, np.uint8))


def one_by_one(call: Callable[[Any], Any]) -> Callable[[Case], Any]:
    return lambda case: [call(row) for row in case.rles]


def fill_theirs(case: Case) -> None:
    for value in case.values:
        if isinstance(value, list):
            reference.merge(reference.frPyObjects(value, *case.size))


def fill_ours(case: Case) -> None:
    read_segmentations([value for value in case.values if isinstance(value, list)], case.size)


def table(title: str, images: list[Image], rounds: int) -> None:
    cases = [case(image) for image in images]
    masks = sum(len(case.values) for case in cases)
    print(f"\n{title}: {len(cases)} images, {masks} masks; microseconds an image: peer, cocoseg, ratio")
    rows: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
        ("class map / pycocotools loop", lambda c: usual_class_map(*c[:3]), lambda c: class_map(*c[:3])),
        ("read all segmentations / annToRLE", lambda c: [reference_rle(v, c.size) for v in c.values],
         lambda c: read_segmentations(c.values, c.size)),
        ("polygons / frPyObjects + merge", fill_theirs, fill_ours),
        ("layers, new map / rlemasklib, rows", lambda c: paint_theirs(c, "C"), layers_and_paint),
        ("paint a canvas / rlemasklib, rows", lambda c: paint_theirs(c, "C"),
         lambda c: overlap.paint(c.pack, c.classes, c.canvas["C"])),
        ("paint a canvas / rlemasklib, columns", lambda c: paint_theirs(c, "F"),
         lambda c: overlap.paint(c.pack, c.classes, c.canvas["F"])),
        ("decode / pycocotools", lambda c: reference.decode(c.rles), lambda c: rle.decode(c.pack)),
        ("decode from strings / pycocotools", lambda c: reference.decode(c.rles),
         lambda c: rle.decode(from_coco(c.rles))),
        ("encode a label map / one encode an id", encode_theirs,
         lambda c: rle.encode_numbers(c.numbers, len(c.values))),
        ("area / one call a mask", one_by_one(reference.area), lambda c: rle.area(fresh(c.pack))),
        ("bbox / one call a mask", one_by_one(reference.toBbox), lambda c: rle.bbox(fresh(c.pack))),
        ("IoU of all pairs / pycocotools", lambda c: reference.iou(c.rles, c.rles, [0] * len(c.rles)),
         lambda c: overlap.iou(fresh(c.pack), fresh(c.pack), [False] * len(c.pack))),
    ]  # fmt: skip
    for name, slow, fast in rows:
        ratio(name, slow, fast, cases, rounds)


def fresh(pack: rle.Runs) -> rle.Runs:
    """The same pack with nothing worked out before."""
    return rle.Runs(pack.size, pack.counts, pack.offsets)


def main(folder: str, rounds: str = "7") -> None:
    tune_memory()
    root = Path(folder)
    table("COCO val2014", images_of(root / "coco_instances/instances_val2014_100.json"), int(rounds))
    table("LVIS", images_of(root / "coco_instances/lvis_val_100.json"), int(rounds))


if __name__ == "__main__":
    main(*sys.argv[1:])
