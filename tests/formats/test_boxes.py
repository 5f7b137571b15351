"""Boxes that annotations state against those of their masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET, Raw

import cocoseg
from cocoseg.codecs import rle
from cocoseg.formats.coco.boxes import check_boxes

NAN = {"not a JSON number": "NaN"}


def masks(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (40, 60)) -> rle.Runs:
    """A filled mask for each x, y, width, height."""
    drawn = np.zeros((len(boxes), *size), bool)
    for mask, (x, y, width, height) in zip(drawn, boxes, strict=True):
        mask[y : y + height, x : x + width] = True
    return rle.encode(drawn)


def told(stated: list[Any], found: rle.Runs) -> list[str]:
    raws = [UNSET if box == "missing" else Raw(json.dumps(box).encode()) for box in stated]
    return [problem.message for problem in check_boxes(raws, found, "annotations[{}]".format, "a.json")]


@pytest.mark.parametrize(
    "stated",
    [
        [10, 5, 20, 10],
        [10.4, 4.6, 19.3, 10.9],
        [10, 5, 19, 9],
        [8, 3, 24, 14],
        [10, 5, 20, 19],
        "missing",
        [],
        None,
        "10 5 20 10",
        [10, 5, 20],
        [10, 5, 20, 10, 1],
        [10, 5, 20, NAN],
        [0, 0, 0, 0],
    ],
)
def test_agree_or_say_nothing(stated: Any) -> None:
    assert told([stated], masks((10, 5, 20, 10))) == []


@pytest.mark.parametrize(
    "stated",
    [
        [5, 10, 10, 20],
        [0.17, 0.12, 0.33, 0.25],
        [10, 5, 20, 25],
        [10, 5, 6, 6],
        [200, 100, 20, 10],
        [30, 15, 20, 10],
        [10, 5, -20, -10],
    ],
    ids=["swapped", "shares of the size", "larger", "smaller", "another scale", "corners", "negative"],
)
def test_share_less_than_half(stated: Any) -> None:
    (message,) = told([stated], masks((10, 5, 20, 10)))
    assert message.startswith("a.json: annotations[0] has bbox [")
    assert "but its mask's box is [10, 5, 20, 10]; is the mask right?" in message


def test_one_broken_box_does_not_hide_the_others() -> None:
    (message,) = told([None, [1, 1, 1, 1], "x", [2, 2, 1, 1]], masks(*[(10, 5, 20, 10)] * 4))
    assert message.startswith("a.json: annotations[1] has bbox [1, 1, 1, 1]")
    assert "(2 annotations differ)" in message


@pytest.mark.parametrize("stated", [[3, 3, 0, 0], [3.4, 3.4, 0.2, 0.2], [2, 2, 2, 2]])
def test_tiny_boxes_agree_if_their_sides_are_near(stated: list[float]) -> None:
    assert told([stated], masks((3, 3, 1, 1))) == []


def test_masks_without_a_pixel_are_passed_over() -> None:
    assert told([[1, 2, 3, 4]], masks((0, 0, 0, 0))) == []


def test_no_annotations() -> None:
    assert told([], rle.encode(np.zeros((0, 4, 6), bool))) == []


def test_is_a_warning_of_the_image(tmp_path: Path) -> None:
    rows = [{"id": n, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 9, 0, 9]]} for n in (1, 2)]
    rows[1]["bbox"] = [20, 20, 9, 9]
    images = [{"id": 1, "file_name": "a.jpg", "height": 40, "width": 60}]
    (tmp_path / "set.json").write_text(
        json.dumps({"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cat"}]})
    )
    summary = cocoseg.to_semantic(tmp_path / "set.json", tmp_path / "out")
    (problem,) = summary.problems
    assert (summary.images, problem.category) == (1, "seg.bbox")
    assert "images[0] (image 1, 'a.jpg'): annotations[1] (id 2) has bbox [20, 20, 9, 9]" in problem.message


def test_is_an_error_in_strict_runs(tmp_path: Path) -> None:
    rows = [{"id": n, "image_id": n, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 9, 0, 9]]} for n in (1, 2)]
    rows[1]["bbox"] = [20, 20, 9, 9]
    images = [{"id": n, "file_name": f"{n}.jpg", "height": 40, "width": 60} for n in (1, 2)]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cat"}]}))
    assert cocoseg.to_semantic(path, tmp_path / "out").failures == []
    for out in ("out", "new"):  # kept from the run before, and made anew
        summary = cocoseg.to_semantic(path, tmp_path / out, strict=True)
        assert [failure.category for failure in summary.failures] == ["seg.bbox"]
        assert summary.images == 1
    assert not (tmp_path / "new" / "2.png").exists()
