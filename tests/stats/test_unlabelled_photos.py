"""Photos that no label belongs to, and what is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

import cocoseg
from cocoseg.errors import Problem
from cocoseg.model import Dataset, Entry, Loader, Refused
from cocoseg.stats.photos import photo_folder, unlabelled


def dataset(*entries: Entry | Refused, photos: str = "") -> Dataset:
    return Dataset((), list(entries), Loader("source", (), lambda *_: pytest.fail("nothing is decoded")), photos=photos)


def touch(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return str(folder)


def test_photos_beside_labelled_ones_are_named(tmp_path: Path) -> None:
    folder = touch(tmp_path, "train/a.jpg", "train/b.jpg", "train/.c.jpg", "train/notes.txt", "test/d.jpg", "e.jpg")
    known = dataset(Entry("train/a.png", 1, "a", file_name="train/a.jpg"))
    assert unlabelled([known], folder) == ["train/b.jpg"]


def test_labels_beside_photos_and_refused_images_are_no_photos_without_label(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.jpg", "a_mask.png", "b.jpg", "c.jpg")
    refused = Refused("b", Problem("png.corrupt", "broken"), key="b.png")
    strange = Refused("row", Problem("id.unknown", "of no image"))
    known = dataset(Entry("a.png", 1, "a", ("a_mask.png",), file_name="a.jpg"), refused, strange)
    assert unlabelled([known], folder) == ["c.jpg"]
    assert unlabelled([known, dataset(Entry("c.png", 3, "c"))], folder) == []


def test_photos_of_another_machine_are_not_looked_for() -> None:
    assert photo_folder(dataset(photos="s3://bucket/photos")) == ""
    assert photo_folder(dataset(photos="no such folder")) == ""
    assert photo_folder(cocoseg.read("fixtures/yolo")).endswith("fixtures/yolo/images")
