"""The categories of a prediction as those of the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evaluating
import pytest
from evaluating import edit

import cocoseg
from cocoseg.errors import DocumentError, SampleError
from cocoseg.evaluation.classes import matched


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    return evaluating.panoptic(tmp_path)


def rename(path: Path, **names: str) -> None:
    def change(document: Any) -> None:
        for row in document["categories"]:
            row["name"] = names.get(row["name"], row["name"])

    edit(path, change)


def test_names_differ_in_case_and_signs_alone(sides: Any) -> None:
    rename(sides[1], person="Person", sky="SKY ")
    assert round(cocoseg.evaluate(*sides).headlines["PQ"] or 0, 6) == 0.233333


def test_a_category_of_its_own_costs_the_images_that_have_it(sides: Any) -> None:
    rename(sides[1], cat="tiger")
    truth, prediction = (cocoseg.read(side) for side in sides)
    found, problems = matched(truth, prediction)
    assert problems == []
    assert [row.name for row in found.categories] == ["person", "dog", "sky", "road"]
    with pytest.raises(SampleError, match="category 5 'tiger' is none of the truth's") as caught:
        found[0]
    assert caught.value.category == "id.unknown"
    assert str(sides[1]) in str(caught.value)


def test_a_category_of_its_own_is_left_out_if_asked_for(sides: Any) -> None:
    rename(sides[1], cat="tiger")
    result = cocoseg.evaluate(*sides, unknown="drop")
    assert (result.images, result.failures) == (1, [])
    assert result.panoptic is not None
    assert dict(zip("12345", result.panoptic.counts["FP"], strict=True)) == dict(
        zip("12345", (1, 0, 0, 1, 0), strict=True)
    )
    (problem,) = [row for row in result.problems if row.category == "pair.unknown"]
    assert "left out 1 segment of other categories" in problem.message


def test_no_name_in_common(sides: Any) -> None:
    rename(sides[1], **{name: f"x{k}" for k, name in enumerate(("person", "dog", "sky", "road", "cat"))})
    with pytest.raises(
        DocumentError, match=r"'x0', 'x1', 'x2' \.\.\., and none is among the truth's \('person'"
    ) as caught:
        cocoseg.evaluate(*sides)
    assert caught.value.category == "pair.categories"


def test_ids_of_names_that_moved_around(sides: Any) -> None:
    """Each category gets the id of the next; the names stay."""

    def change(document: Any) -> None:
        following = {1: 2, 2: 3, 3: 4, 4: 5, 5: 1}
        for row in document["categories"]:
            row["id"] = following[row["id"]]
        for row in document["annotations"][0]["segments_info"]:
            row["category_id"] = following[row["category_id"]]

    edit(sides[1], change)
    result = cocoseg.evaluate(*sides)
    assert round(result.headlines["PQ"] or 0, 6) == 0.233333
    assert [problem.category for problem in result.problems] == ["pair.ids"]
    assert "5 classes joined by name" in result.problems[0].message


def test_an_id_that_no_side_lists(sides: Any) -> None:
    edit(sides[1], lambda document: document["annotations"][0]["segments_info"][0].update(category_id=77))
    assert 77 not in [row["id"] for row in json.loads(sides[1].read_text())["categories"]]
    (failure,) = cocoseg.evaluate(*sides).failures
    assert (failure.category, "77" in failure.message) == ("id.unknown", True)


def test_equal_names_are_joined_before_similar_ones() -> None:
    """A data set that was merged from two has 'sky' and COCO's 'sky-other-merged'."""
    from cocoseg.evaluation.classes import _joined
    from cocoseg.model import Category

    truth = [Category(1, "sky-other-merged"), Category(2, "road")]
    merged = [Category(7, "sky"), Category(8, "sky-other-merged"), Category(9, "Road")]
    assert _joined(truth, merged) == {8: 1, 9: 2}
    assert _joined(truth, [Category(7, "sky")]) == {7: 1}
