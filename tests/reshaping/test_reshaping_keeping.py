"""Which images stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cocoseg
from cocoseg.errors import CocosegError
from cocoseg.reshaping.keeping import chosen, sampled, selected, without_empty
from conftest import FIXTURES

DATASET = cocoseg.read(FIXTURES / "instances.json")
NAMES = ["overlap.jpg", "empty.jpg", "thin/row.jpg"]


def names(dataset: cocoseg.Dataset) -> list[str]:
    return [entry.file_name for entry in dataset.entries]  # type: ignore[union-attr]


def test_classes_by_their_names() -> None:
    rows = DATASET.categories
    assert chosen(f"{rows[0].name}, {rows[1].name}", rows, "a.json") == {rows[0].id, rows[1].id}
    comma = [rows[0], cocoseg.Category(99, "a, b")]
    assert chosen("a, b", comma, "a.json") == {99}
    with pytest.raises(CocosegError, match="no class is called 'dogs'; did you mean 'dog'"):
        chosen("dogs", rows, "a.json")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("*.jpg", NAMES),
        ("thin/*", NAMES[2:]),
        ("empty.jpg", NAMES[1:2]),
        ("empty.png", NAMES[1:2]),
        ("*row*", NAMES[2:]),
    ],
)
def test_a_pattern(wanted: str, found: list[str]) -> None:
    assert names(selected(DATASET, wanted).dataset) == found


@pytest.mark.parametrize("line", ["thin/row.jpg", "row.jpg", "row", "thin/row", "./thin/row.png"])
def test_a_list_may_leave_out_folders_and_endings(line: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"\n{line}\n{line}\n")
    kept = selected(DATASET, str(tmp_path / "list.txt"))
    assert (names(kept.dataset), kept.problems) == (NAMES[2:], [])


def test_a_name_in_a_list_that_two_images_have(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["file_name"] = "other/row.jpg"
    (tmp_path / "a.json").write_text(json.dumps(document))
    (tmp_path / "list.txt").write_text("row.jpg\n")
    with pytest.raises(cocoseg.UsageError, match="write it with its folder"):
        selected(cocoseg.read(tmp_path / "a.json"), str(tmp_path / "list.txt"))


def test_names_of_no_image_are_said(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("empty.jpg\n" + "".join(f"gone{number}\n" for number in range(5)))
    (problem,) = selected(DATASET, str(tmp_path / "list.txt")).problems
    assert (problem.category, "5 names of no image: 'gone0', 'gone1', 'gone2', ..." in problem.message) == (
        "subset.missing", True,
    )  # fmt: skip


def test_empty_images() -> None:
    kept = without_empty(DATASET)
    assert (names(kept.dataset), kept.notes) == ([NAMES[0], NAMES[2]], ["left out 1 image in which nothing is left"])


def test_a_sample_keeps_the_order_and_may_leave_out_empty_images() -> None:
    for number in (1, 2, 3, 9):
        found = names(sampled(DATASET, number).dataset)
        assert (len(found), found) == (min(number, 3), [name for name in NAMES if name in found])
    assert names(sampled(DATASET, 3, empty=False).dataset) == [NAMES[0], NAMES[2]]


def test_a_name_in_a_list_is_first_a_whole_one(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["file_name"] = "row.jpg"
    (tmp_path / "a.json").write_text(json.dumps(document))
    (tmp_path / "list.txt").write_text("row.jpg\n")
    assert names(selected(cocoseg.read(tmp_path / "a.json"), str(tmp_path / "list.txt")).dataset) == ["row.jpg"]
