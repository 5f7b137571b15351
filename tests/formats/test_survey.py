"""What a survey counts, for any format: from what its ``peek`` finds in each image."""

from __future__ import annotations

from typing import Any

import cocoseg
from cocoseg.errors import Problem, SampleError
from cocoseg.formats.survey import Peek, count
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused


def dataset(*entries: Any, **fields: Any) -> Dataset:
    load = Loader("a.json", (), lambda *_: None)  # type: ignore[arg-type,return-value]
    categories = fields.pop("categories", (Category(1, "person", True), Category(2, "sky", False)))
    return Dataset(categories, entries, load, **fields)


def entries(*keys: str) -> list[Entry]:
    return [Entry(key, key, f"images[{number}]") for number, key in enumerate(keys)]


PEEKS = {
    "a": Peek((2, 3), [1, 1, 2], 1),
    "b": Peek((4, 4), [], 0, ("annotations of {n} images",)),
    "c": Peek(None, [1], 0, ("annotations of {n} images",)),
}


def peek(entry: Entry) -> Peek:
    if entry.key == "bad":
        raise SampleError("png.corrupt", "cut off")
    return PEEKS[entry.key]


def test_counts_segments_crowds_and_sizes() -> None:
    found = count("x", dataset(*entries("a", "b", "c")), peek)
    assert (found["images"], found["segments"], found["crowd"]) == (3, 4, 1)
    assert found["used"] == {1: 3, 2: 1}
    assert found["sizes"] == {(2, 3): 1, (4, 4): 1}
    assert found["missing"] == ("annotations of 2 images",)
    assert cocoseg.Info(**found).source == "a.json"


def test_what_can_not_be_used_is_a_failure_and_rows_of_no_image_are_no_images() -> None:
    refused = Refused("images[1]", Problem("id.type", "no id"))
    stray = Refused("annotations[7]", Problem("id.unknown", "no image"), stray=True)
    found = count("x", dataset(*entries("a", "bad"), refused, stray), peek)
    assert found["images"] == 3
    assert [problem.category for problem in found["failures"]] == ["png.corrupt", "id.type", "id.unknown"]
    assert found["failures"][0].message == "a.json: images[1] (image 'bad'): cut off"


def test_where_only_pixels_show_segments_they_are_not_counted() -> None:
    found = count("x", dataset(*entries("a")), lambda entry: Peek((1, 1)))
    assert (found["segments"], found["crowd"], found["used"]) == (None, None, {})


def test_what_is_missing_is_said_by_source_categories_and_images() -> None:
    silent = (Category(1, "person"),)
    found = count("x", dataset(*entries("a"), categories=silent, missing=("names",)), peek)
    assert found["missing"] == ("names", "categories of 1 used ids: 2", "isthing of some categories")
    instances = dataset(*entries("a"), categories=silent, conventions=Conventions("background"))
    assert count("x", instances, peek)["missing"] == ("categories of 1 used ids: 2",)
    assert "categories (give them" in count("x", dataset(*entries("a"), categories=()), peek)["missing"][0]
