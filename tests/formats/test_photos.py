"""The photos that labels belong to: by a file that lists them, else by the numbers in names or by their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.formats.coco_json.photos import photos_of


def save(path: Path, *rows: Any) -> Path:
    """A JSON of photos, each a name or a row, with the ids 10, 20 ..."""
    rows = tuple({"file_name": row} if isinstance(row, str) else row for row in rows)
    path.write_text(json.dumps({"images": [{"id": 10 * number} | row for number, row in enumerate(rows, 1)]}))
    return path


def found(labels: list[str], images: Path | None = None) -> list[Any]:
    """(image id, name, size) of each label's photo, or the category of what is wrong with it."""
    photos = photos_of(labels, images)

    def one(number: int, label: str) -> Any:
        try:
            return tuple(photos.find(number, label)[:3])
        except cocoseg.SampleError as error:
            return error.category

    return [one(number, label) for number, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        (["000000142238.png", "000000439180.png"], [142238, 439180]),
        (["a/7.png", "b/5.png"], [7, 5]),
        (["a/7.png", "b/7.png"], [1, 2]),
        (["007.png", "7.png"], [1, 2]),
        (["7.png", "x.png"], [1, 2]),
        (["7.png", "9" * 30 + ".png"], [1, 2]),
        (["7.png", "٣.png"], [1, 2]),
    ],
)
def test_without_a_file_have_the_numbers_of_names_or_of_places(labels: list[str], ids: list[int]) -> None:
    assert found(labels) == [(number, None, None) for number in ids]


def test_are_those_of_the_same_stem(tmp_path: Path) -> None:
    images = save(tmp_path / "a.json", "b/1.jpg", "a/1.jpg", "val/2.jpg", "3.tar.jpg", "c/3.bmp", "4.jpg")
    assert found(["2.png", "a/1.png", "b/1.png", "c/3.png"], images) == [
        (30, "val/2.jpg", None),
        (20, "a/1.jpg", None),
        (10, "b/1.jpg", None),
        (50, "c/3.bmp", None),
    ]


def test_have_the_size_of_their_row(tmp_path: Path) -> None:
    images = save(tmp_path / "a.json", {"file_name": "1.jpg", "height": 3, "width": 2.0, "id": 7.0})
    assert found(["1.png"], images) == [(7, "1.jpg", (3, 2))]


def test_that_can_not_be_told_cost_their_label(tmp_path: Path) -> None:
    images = save(tmp_path / "a.json", "x/1.jpg", "y/1.jpg", "3.jpg", {"file_name": "4.jpg", "height": 0})
    labels = ["1.png", "2.png", "4.png", "a/3.png", "b/3.png"]
    categories = ["id.ambiguous", "id.unknown", "size.invalid", (30, "3.jpg", None), "id.ambiguous"]
    assert found(labels, images) == categories


def test_what_is_wrong_names_the_file(tmp_path: Path) -> None:
    images = save(tmp_path / "a.json", "x/1.jpg", "y/1.jpg", {"file_name": "4.jpg", "height": 0, "width": 1})
    photos = photos_of(["1.png", "4.png"], images)
    with pytest.raises(cocoseg.SampleError, match=r"images\[0\] and images\[1\] in .*a.json both match"):
        photos.find(0, "1.png")
    with pytest.raises(cocoseg.SampleError, match=r"a.json: images\[2\].height is 0"):
        photos.find(1, "4.png")


def test_rows_that_can_not_be_used_are_told_of(tmp_path: Path) -> None:
    images = save(tmp_path / "a.json", "1.jpg", {"id": None}, {"id": 10})
    assert [problem.category for problem in photos_of(["1.png"], images).problems] == ["id.type", "id.duplicate"]
