"""Question: masks to polygons, how fast and how true against OpenCV's contours?

    COCOSEG_REAL_DATA=... python benchmarks/polygons.py [rounds]

Per image of real files. OpenCV is given masks that are decoded already, but where "from runs" is said; its check is a
fill of its polygons by pycocotools and a comparison with the mask. Both sides keep freed arrays (``tune_memory``).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from pycocotools import mask as reference

from cocoseg.codecs.contour import agreement, check, outline, to_polygons
from cocoseg.codecs.rle import Runs, decode
from cocoseg.codecs.segmentation import read_segmentations, to_coco
from cocoseg.codecs.simplify import simplify
from cocoseg.parallel import tune_memory
from rle import fresh, images_of, ratio

SOURCES = {
    "COCO val2014": "coco_instances/instances_val2014_100.json",
    "LVIS": "coco_instances/lvis_val_100.json",
    "COCO stuff": "coco_stuff/stuff_examples.json",
}
TOLERANCES = (0.5, 0.75, 1.0, 1.5, 2.0)


class Case(NamedTuple):
    """The masks of an image: packed, decoded, and as pycocotools has them."""

    packed: Runs
    masks: np.ndarray
    rles: list[dict[str, Any]]


def case(size: tuple[int, int], values: list[Any]) -> Case:
    packed = read_segmentations(values, size)
    rles = [{**row, "counts": row["counts"].encode()} for row in to_coco(packed)]
    return Case(packed, decode(packed).view(np.uint8), rles)


def contours(mask: np.ndarray) -> list[list[int]]:
    """The usual way: outer outlines, at the middles of pixels, those of a point or a line left out."""
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [ring.reshape(-1).tolist() for ring in found if len(ring) > 2]


def comes_back(polygons: list[list[int]], rle: dict[str, Any], size: tuple[int, int]) -> bool:
    if not polygons:
        return False
    return bool(reference.merge(reference.frPyObjects(polygons, *size))["counts"] == rle["counts"])


def theirs_checked(case: Case) -> list[bool]:
    rows = zip(case.masks, case.rles, strict=True)
    return [comes_back(contours(mask), rle, case.packed.size) for mask, rle in rows]


def theirs_from_runs(case: Case) -> list[bool]:
    rows = ((np.ascontiguousarray(reference.decode(rle)), rle) for rle in case.rles)
    return [comes_back(contours(mask), rle, case.packed.size) for mask, rle in rows]


def ours_checked(case: Case) -> list[list[list[float]]]:
    packed = fresh(case.packed)
    rings = outline(packed)
    check(rings, packed)
    return to_polygons(rings)


def rough_theirs(case: Case) -> None:
    for mask in case.masks:
        found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for ring in found:
            cv2.approxPolyDP(ring, 1, True).reshape(-1).tolist()


def truth(cases: list[Case]) -> None:
    came_back = sum(sum(theirs_checked(case)) for case in cases)
    masks = sum(len(case.masks) for case in cases)
    print(f"masks that come back: OpenCV {came_back} of {masks}, cocoseg {masks} of {masks}, or check had raised")


def tolerances(cases: list[Case]) -> None:
    rings = [outline(case.packed) for case in cases]
    corners = sum(len(one.points) for one in rings)
    for tolerance in TOLERANCES:
        rough = [simplify(one, tolerance) for one in rings]
        share = sum(len(one.points) for one in rough) / corners
        pairs = zip(rough, cases, strict=True)
        found = np.concatenate([agreement(one, case.packed) for one, case in pairs])
        low = np.quantile(found, 0.05)
        print(f"simplify {tolerance}: {share:.0%} of the corners, IoU {found.mean():.3f}, 5 % below {low:.3f}")


def main(rounds: int) -> None:
    tune_memory()
    for title, source in SOURCES.items():
        images = images_of(Path(os.environ["COCOSEG_REAL_DATA"]) / source)
        cases = [case(size, values) for size, values, _ in images]
        print(f"\n{title}: {len(cases)} images; microseconds an image: OpenCV, cocoseg, ratio")
        ratio(
            "polygons",
            lambda case: [contours(mask) for mask in case.masks],
            lambda case: to_polygons(outline(fresh(case.packed))),
            cases,
            rounds,
        )
        ratio("polygons, checked", theirs_checked, ours_checked, cases, rounds)
        ratio("polygons, checked, from runs", theirs_from_runs, ours_checked, cases, rounds)
        ratio("simplified by 1", rough_theirs, lambda case: simplify(outline(fresh(case.packed)), 1), cases, rounds)
        truth(cases)
        tolerances(cases)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
