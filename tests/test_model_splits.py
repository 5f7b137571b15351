"""What splits are called, and what is said of one that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import cocoseg
from cocoseg.model.splits import list_file, unknown, usual
from conftest import FIXTURES


def test_names_of_splits() -> None:
    names = ["Train", "training", "valid", "validation", "VAL", "testing", "trainval", "Night"]
    assert [*map(usual, names)] == ["train", "train", "val", "val", "val", "test", "trainval", "Night"]


def test_a_list_is_a_path() -> None:
    assert [list_file(name) for name in ("val", "val.txt", Path("a/val"))] == [None, "val.txt", "a/val"]


def test_many_names_are_cut() -> None:
    said = unknown("set", "x", [f"scene{k:02}" for k in range(12)], "data set").message
    assert said.endswith(
        "no data set is called 'x'; the data sets are " + ", ".join(f"'scene{k:02}'" for k in range(10)) + ", ..."
    )


@pytest.mark.parametrize("source", ["cityscapes", "cvat", "supervisely", "voc", "yolo"])
def test_every_format_says_it_alike(source: str) -> None:
    with pytest.raises(
        cocoseg.DocumentError, match="no (split|subset|data set) is called 'x'; .+ (are|has) "
    ) as caught:
        cocoseg.read(FIXTURES / source, split="x")
    assert caught.value.category == "file.missing"
