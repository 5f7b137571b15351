"""Values of another type than the format has, taken where they can mean only one thing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import badinput
import cocoseg
from cocoseg.formats.coco_json.scalars import Taken, flag, number, text, unfloat, whole

SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]
DOCUMENT: dict[str, Any] = {
    "images": [{"id": n, "file_name": f"{n}.jpg", "height": 4, "width": 6} for n in (1, 2)],
    "categories": [{"id": 3, "name": "car"}, {"id": 7, "name": "bus"}],
    "annotations": [
        {"id": n, "image_id": n, "category_id": 7, "segmentation": SQUARE, "iscrowd": 0, "score": 0.5} for n in (1, 2)
    ],
}


def read(document: Any, folder: Path, **options: Any) -> cocoseg.Dataset:
    (folder / "set.json").write_text(json.dumps(document))
    return cocoseg.read(folder / "set.json", **options)


@pytest.mark.parametrize(
    ("kind", "value", "meaning"),
    [
        (whole, "12", 12),
        (whole, " 12 ", 12),
        (whole, "12.0", 12),
        (whole, "-3", -3),
        (whole, "007", 7),
        (whole, 3.0, 3),
        (whole, 2.5, 2.5),
        (whole, "2.5", "2.5"),
        (whole, "1e3", "1e3"),
        (whole, "0x10", "0x10"),
        (whole, "", ""),
        (whole, 1e300, 1e300),
        (whole, True, True),
        (whole, None, None),
        (whole, [1], [1]),
        (unfloat, 1.0, 1),
        (unfloat, "1", "1"),
        (flag, 0.0, False),
        (flag, 1.0, True),
        (flag, "0", False),
        (flag, "1.0", True),
        (flag, "true", True),
        (flag, "FALSE", False),
        (flag, 2.0, 2.0),
        (flag, "yes", "yes"),
        (flag, 1, 1),
        (number, "0.5", 0.5),
        (number, "high", "high"),
        (text, 7, "7"),
        (text, 1.5, "1.5"),
        (text, True, True),
        (text, None, None),
    ],
)
def test_what_a_value_means(kind: Any, value: Any, meaning: Any) -> None:
    found = kind(value)
    assert (found, type(found)) == (meaning, type(meaning))


@pytest.mark.parametrize(
    ("rows", "change"),
    [
        ("annotations", {"category_id": "7"}),
        ("annotations", {"category_id": 7.0}),
        ("annotations", {"iscrowd": 0.0}),
        ("annotations", {"iscrowd": "0"}),
        ("annotations", {"iscrowd": "false"}),
        ("annotations", {"score": "0.5"}),
        ("images", {"height": "4"}),
        ("images", {"width": "6.0"}),
        ("categories", {"name": 5}),
        ("categories", {"id": "3"}),
        ("categories", {"id": 3.0}),
        ("categories", {"isthing": "1"}),
    ],
)
def test_is_taken_counted_and_said_once(rows: str, change: dict[str, Any], tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document[rows][0] |= change
    if rows != "categories":
        document[rows][1] |= change
    dataset = read(document, tmp_path)
    scheme = cocoseg.label_scheme("index", dataset)
    assert [np.bincount(cocoseg.semantic(sample, scheme).ravel()).tolist() for sample in dataset] == [[20, 0, 4]] * 2
    assert [row.id for row in dataset.categories] == [3, 7]
    (problem,) = dataset.problems
    assert problem.category == "doc.type"
    (field,) = change
    assert f"{rows}[0].{field} is " in problem.message
    assert problem.message.endswith("(and 1 more)") is (rows != "categories")


def test_a_whole_float_beyond_doubles_is_not_guessed(tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["annotations"][0]["category_id"] = 2.0**60
    with pytest.raises(cocoseg.SampleError) as caught:
        read(document, tmp_path)[0]
    assert caught.value.category == "id.type"


@pytest.mark.parametrize("change", [{"file_name": 139}, {"file_name": 139.5}])
def test_a_file_name_that_is_a_number(change: dict[str, Any], tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["images"][0] |= change
    assert read(document, tmp_path)[0].key == f"{change['file_name']}.png"


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1.0},
        {"id": "1"},
        {"category_id": "1"},
        {"category_id": 1.0},
        {"iscrowd": 0.0},
        {"iscrowd": "0"},
        {"area": "32"},
    ],
)
def test_in_the_segments_of_a_panoptic_file(change: dict[str, Any], tmp_path: Path) -> None:
    document = badinput.base_document()
    document["annotations"][0]["segments_info"][0] |= change
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    sample = cocoseg.read(source)[0]
    np.testing.assert_array_equal(
        cocoseg.semantic(sample, cocoseg.label_scheme("panopticapi", cocoseg.read(source))), badinput.base_labels()
    )
    (problem,) = sample.problems
    assert problem.category == "doc.type"
    assert f"segments_info[0].{next(iter(change))} is " in problem.message


def test_counts_by_field_and_type() -> None:
    taken = Taken("a.json")
    for position, value in enumerate(("1", 2.0, "3", 4)):
        assert taken.take(value, whole, "id", f"rows[{position}]") == position + 1
    assert [problem.message for problem in taken.problems] == [
        "a.json: rows[0].id is '1' (a string), taken as 1 (and 1 more)",
        "a.json: rows[1].id is 2.0, taken as 2",
    ]
