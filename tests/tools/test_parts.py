"""The parts of a data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

import cocoseg
from cocoseg.tools.parts import check_earlier, parted, parts_of
from conftest import FIXTURES


def dataset(*keys: str) -> cocoseg.Dataset:
    found = cocoseg.read(FIXTURES / "panoptic.json")
    return replace(found, entries=[with_fields(found.entries[0], key=key, file_name=key) for key in keys])


def keys(found: cocoseg.Dataset) -> list[str]:
    return [entry.key for entry in found.entries]


def test_folders_tell_the_parts() -> None:
    found, said = parted(dataset("validation/a.png", "training/b/c.png", "Test/d.png"), None)
    assert keys(found) == ["train/b/c.png", "val/a.png", "test/d.png"]
    assert said == ["train 1, val 1, test 1: as their folders are called"]


def test_a_folder_tells_nothing_if_some_images_are_in_none() -> None:
    found, said = parted(dataset("val/a.png", "b.png"), None)
    assert keys(found) == ["train/val/a.png", "train/b.png"]
    assert "--parts" in said[0]


def test_names_that_would_be_one_stay_whole() -> None:
    found, _ = parted(dataset("val/a.png", "valid/a.png"), None)
    assert keys(found) == ["train/val/a.png", "train/valid/a.png"]


def test_a_chosen_split_is_the_part() -> None:
    assert keys(parted(dataset("a.png"), None, "valid")[0]) == ["val/a.png"]
    assert keys(parted(dataset("a.png"), "test")[0]) == ["test/a.png"]


def test_whole_names_stay_behind_the_part() -> None:
    assert keys(parted(dataset("val/a.png"), None, whole=True)[0]) == ["val/val/a.png"]


def test_shares_are_about_those_asked_for_and_adding_images_moves_none() -> None:
    names = [f"{number}.png" for number in range(2000)]
    some = set(keys(parted(dataset(*names[:1000]), "train=.8,val=.15,test=.05")[0]))
    more = keys(parted(dataset(*names), "train=.8,val=.15,test=.05")[0])
    assert some <= set(more)
    assert sum(key.startswith("train/") for key in more) / 2000 == pytest.approx(0.8, abs=0.03)
    assert parts_of(parted(dataset(*names), "val=.5,train=.5")[0]) == ["train", "val"]


def test_images_are_in_the_part_that_split_gives_them() -> None:
    names = [f"{number}.png" for number in range(200)]
    parts = dataset(*names).split({"train": 0.8, "val": 0.2})
    of_split = {f"{name}/{entry.key}" for name, part in parts.items() for entry in part.entries}
    assert set(keys(parted(dataset(*names), "train=.8,val=.2")[0])) == of_split


def test_tiles_are_in_the_part_of_their_photo() -> None:
    names = [f"{number}.png" for number in range(50)]
    photos = {key.removesuffix(".png") for key in keys(parted(dataset(*names), "train=.5,val=.5")[0])}
    tiles = [name.replace(".png", "_y0_x512.png") for name in names]
    found = keys(parted(dataset(*tiles), "train=.5,val=.5")[0])
    assert {key.removesuffix("_y0_x512.png") for key in found} == photos


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ("a=1", "expected train, val, test with shares"),
        ("trian", "one of them for all images"),
        ("train,val", "expected NAME=SHARE"),
    ],
)
def test_what_is_no_division(parts: str, said: str) -> None:
    with pytest.raises(cocoseg.UsageError, match=said) as caught:
        parted(dataset("a.png"), parts)
    assert caught.value.category == "usage.parts"


@pytest.mark.parametrize("name", ["images/val/a.jpg", "val/images/a.png", "masks/val/a.png"])
def test_an_image_that_is_in_another_part_of_out_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).touch()
    check_earlier(str(tmp_path), dataset("val/a.png", "train/b.png"))
    with pytest.raises(cocoseg.UsageError, match=r"has the image 'a.png' in val, which is in train now") as caught:
        check_earlier(str(tmp_path), dataset("train/a.png"))
    assert caught.value.category == "out.parts"


def test_a_folder_images_in_another_part_is_found_under_the_name_that_yolo_needs(tmp_path: Path) -> None:
    (tmp_path / "images/val/images_").mkdir(parents=True)
    (tmp_path / "images/val/images_/a.jpg").touch()
    with pytest.raises(cocoseg.UsageError, match="has the image 'images/a.png' in val"):
        check_earlier(str(tmp_path), dataset("train/images/a.png"))
