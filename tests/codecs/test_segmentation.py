from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masks import draw, lists_of
from pycocotools import mask as reference

import badinput
from cocoseg.codecs import overlap, polygon, rle
from cocoseg.codecs.segmentation import encode, from_coco, read_segmentation, read_segmentations, to_coco
from cocoseg.errors import SampleError

ONE = [[0.5, 0.5, 3.5, 0.5, 3.5, 3.5, 0.5, 3.5]]
KINDS: list[Any] = [
    ONE,
    {"size": [5, 5], "counts": [6, 3, 2, 3, 2, 3, 6]},
    {"size": [5, 5], "counts": "6320004"},
    {"size": (5, 5), "counts": b"6320004"},
    {"size": [5, 5], "counts": np.array([6, 3, 2, 3, 2, 3, 6], np.uint32)},
    [np.array(ONE[0])],
]


@pytest.mark.parametrize("value", KINDS)
def test_every_kind_alone(value: Any) -> None:
    assert lists_of(read_segmentation(value, (5, 5))) == [[6, 3, 2, 3, 2, 3, 6]]


def test_all_kinds_of_one_image_keep_their_order() -> None:
    other = {"size": [5, 5], "counts": [25]}
    packed = read_segmentations([other, *KINDS, [], other], (5, 5))
    assert rle.area(packed).tolist() == [0, *[9] * len(KINDS), 0, 0]
    assert len(read_segmentations([], (5, 5))) == 0


def test_the_error_says_which() -> None:
    with pytest.raises(SampleError, match="annotation 2: counts add up to 24") as caught:
        read_segmentations([*KINDS[:2], {"size": [5, 5], "counts": [24]}], (5, 5), "annotation {}".format)
    assert caught.value.category == "rle.sum"


REGIONS = badinput.names("rle", "urle", "poly", "wild")


@pytest.mark.parametrize("name", REGIONS)
def test_bad_input(name: str) -> None:
    case = badinput.load(name)
    given = case["input"]

    def read() -> Any:
        packed = read_segmentation(given["segmentation"], (given["height"], given["width"]))
        return lists_of(packed)[0], int(rle.area(packed)[0])

    outcome, megabytes, seconds = in_a_process_of_its_own(read)
    judge(case["expect"], outcome)
    far = "rss_mb" in case["expect"]
    assert megabytes <= (128 if far else 300)
    assert seconds <= (1 if far else 10)


@pytest.mark.parametrize("name", badinput.names("list"))
def test_bad_list(name: str) -> None:
    case = badinput.load(name)
    given = case["input"]
    calls = {
        "decode": lambda: rle.decode(from_coco(given["rles"])).shape[0],
        "merge": lambda: len(overlap.merge(from_coco(given["rles"]))),
        "area": lambda: rle.area(from_coco(given["rles"])).tolist(),
        "iou": lambda: overlap.iou(from_coco(given["dt"]), from_coco(given["gt"]), given["crowd"]).tolist(),
        "encode": lambda: (None, int(rle.area(rle.encode(given["array"][None]))[0])),
    }
    outcome, megabytes, _ = in_a_process_of_its_own(calls[given["op"]])
    judge(case["expect"], outcome)
    assert megabytes <= 300


def judge(expect: dict[str, Any], outcome: dict[str, Any]) -> None:
    if "category" in outcome:
        assert expect["verdict"] != "accept", outcome
        assert outcome["category"] == expect["category"]
        return
    assert expect["verdict"] != "reject", outcome
    counts, area = outcome["answer"]
    assert counts == expect.get("counts", counts)
    assert area == expect.get("area", area)


def in_a_process_of_its_own(call: Any) -> tuple[dict[str, Any], float, float]:
    """The outcome of a call, its peak memory in MiB, and its seconds."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(theirs, json.dumps(measured(call)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return tuple(json.loads(text))


def measured(call: Any) -> tuple[dict[str, Any], float, float]:
    Path("/proc/self/clear_refs").write_text("5")
    before, started = memory("VmRSS"), time.perf_counter()
    try:
        outcome = {"answer": call()}
    except SampleError as error:
        outcome = {"category": error.category, "message": error.message}
    return outcome, memory("VmHWM") - before, time.perf_counter() - started


def memory(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


@pytest.mark.parametrize(
    ("value", "category"),
    [
        ({"size": [5, 5], "counts": "é"}, "rle.charset"),
        ({"size": [5, 5], "counts": [2**70]}, "rle.sum"),
        ({"size": [5, 5], "counts": 5}, "rle.type"),
        ([[[1, 1, 2, 2, 3, 3, 4, 4]]], "seg.type"),
        ([["1", 1, 2, 2, 3, 3]], "poly.type"),
        ([5], "seg.type"),
        (["abcdef"], "poly.type"),
    ],
)
def test_refused(value: Any, category: str) -> None:
    with pytest.raises(SampleError) as caught:
        read_segmentation(value, (5, 5))
    assert caught.value.category == category


def images_of(path: Path) -> list[tuple[tuple[int, int], list[dict[str, Any]]]]:
    document = json.loads(path.read_text())
    sizes = {row["id"]: (row["height"], row["width"]) for row in document["images"]}
    rows: dict[int, list[dict[str, Any]]] = {number: [] for number in sizes}
    for row in document["annotations"]:
        rows[row["image_id"]].append(row)
    return [(sizes[number], found) for number, found in rows.items() if found]


@pytest.mark.parametrize(("name", "count"), [("instances_val2014_100", 839), ("lvis_val_100", 977)])
def test_real_annotations_are_what_pycocotools_made_of_them(real_data: Path, name: str, count: int) -> None:
    expected = json.loads((real_data / f"expected/{name}.json").read_text())["annotations"]
    assert len(expected) == count
    for size, rows in images_of(real_data / f"coco_instances/{name}.json"):
        packed = read_segmentations([row["segmentation"] for row in rows], size)
        found = zip(rows, to_coco(packed), rle.area(packed).tolist(), rle.bbox(packed).tolist(), strict=True)
        for row, made, area, bbox in found:
            facts = expected.pop(str(row["id"]))
            assert (made["counts"], area, bbox) == (facts["counts"], facts["area"], facts["bbox"])
    assert not expected


@pytest.mark.parametrize("longest", [0, polygon.LONGEST_WALK], ids=["computed", "walked"])
def test_taco_equals_pycocotools(real_data: Path, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polygon, "LONGEST_WALK", longest)
    count = 0
    for size, rows in images_of(real_data / "taco/annotations.json"):
        packed = read_segmentations([row["segmentation"] for row in rows], size)
        expected = [reference.merge(reference.frPyObjects(row["segmentation"], *size)) for row in rows]
        assert [row["counts"].encode() for row in to_coco(packed)] == [row["counts"] for row in expected]
        count += len(rows)
    assert count == 4784


def test_a_mask_survives_the_round_trip() -> None:
    masks = draw("#.. / ##.", "... / ...")
    for compressed in (True, False):
        rows = json.loads(json.dumps(to_coco(rle.encode(masks), compressed)))
        assert np.array_equal(rle.decode(read_segmentations(rows, (2, 3))), masks)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_an_array_that_is_not_a_mask_is_named_by_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(SampleError, match=re.escape(f"has the shape {shape}; expected (H, W)")):
        encode(np.zeros(shape, np.uint8))
