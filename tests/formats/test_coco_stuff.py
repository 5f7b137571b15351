"""COCO-Stuff: stuffthingmaps of ids less 1, and pixelmaps of ids."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from formats.drawn import class_map, expected
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

SOURCE = FIXTURES / "coco-stuff"
NAMES = ["000000000009", "000000000139"]


@pytest.mark.parametrize("number", [0, 1])
def test_stuffthingmaps_are_ids_less_1(number: int) -> None:
    assert detect(SOURCE) == "coco-stuff"
    dataset = cocoseg.read(SOURCE)
    ids = expected(f"coco-stuff/{NAMES[number]}")
    np.testing.assert_array_equal(class_map(dataset[number]), ids)
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("cocostuff", dataset))
    np.testing.assert_array_equal(found, np.where(ids, ids - 1, 255))


@pytest.mark.parametrize("number", [0, 1])
def test_pixelmaps_are_ids(number: int) -> None:
    dataset = cocoseg.read(SOURCE / "annotations")
    ids = expected(f"coco-stuff/{NAMES[number]}.pixelmap")
    np.testing.assert_array_equal(class_map(dataset[number]), ids)
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("cocostuff", dataset))
    np.testing.assert_array_equal(found, np.where((ids > 0) & (ids < 183), ids - 1, 255))


@pytest.mark.parametrize("source", [SOURCE, SOURCE / "annotations"])
@pytest.mark.parametrize("split", ["val", "val2017"])
def test_splits_have_a_year(source: Path, split: str) -> None:
    assert [sample.file_name for sample in cocoseg.read(source, split=split)] == [f"{NAMES[1]}.jpg"]


def test_splits_of_two_years_are_asked_for(tmp_path: Path) -> None:
    for year in ("2014", "2017"):
        shutil.copytree(SOURCE / "stuffthingmaps" / "val2017", tmp_path / "stuffthingmaps" / f"val{year}")
    with pytest.raises(cocoseg.DocumentError, match="the splits are 'val2014', 'val2017'"):
        cocoseg.read(tmp_path, split="val")
    assert len(cocoseg.read(tmp_path, split="val2014")) == 1


def test_182_is_no_value_of_a_stuffthingmap(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SOURCE, tmp_path / "stuff"))
    Image.fromarray(np.array([[182]], np.uint8)).save(root / "stuffthingmaps" / "val2017" / f"{NAMES[1]}.png")
    with pytest.raises(cocoseg.SampleError, match=r"182 \(1 pixels\)"):
        cocoseg.read(root)[1]


def test_real_pixelmaps(real_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stuff_val2017_pixelmaps"
    folder.mkdir()
    for file in sorted((real_data / "coco_stuff").glob("*.png")):
        shutil.copy(file, folder)
    for sample in cocoseg.read(tmp_path):
        with Image.open(folder / Path(sample.key).name) as picture:
            np.testing.assert_array_equal(class_map(sample), np.array(picture))


def test_categories_with_cocos_ids_do_not_shift_the_values_of_stuffthingmaps(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SOURCE, tmp_path / "stuff"))
    (tmp_path / "coco.csv").write_text("id,name\n1,person\n2,bicycle\n3,car\n")
    Image.fromarray(np.array([[0, 0, 1, 2]], np.uint8)).save(root / "stuffthingmaps" / "val2017" / f"{NAMES[1]}.png")
    assert cocoseg.read(root, categories=tmp_path / "coco.csv")[1].category_ids.tolist() == [1, 2, 3]


def test_categories_with_the_values_of_stuffthingmaps_are_these(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SOURCE, tmp_path / "stuff"))
    (tmp_path / "values.csv").write_text("id,name\n0,person\n1,bicycle\n2,car\n")
    Image.fromarray(np.array([[0, 0, 1, 2]], np.uint8)).save(root / "stuffthingmaps" / "val2017" / f"{NAMES[1]}.png")
    assert cocoseg.read(root, categories=tmp_path / "values.csv")[1].category_ids.tolist() == [0, 1, 2]
