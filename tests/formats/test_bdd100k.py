"""BDD100K: bitmasks of class, attributes and instance in four channels, and maps of train ids."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from formats.drawn import check_segments, class_map, expected
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

SOURCE = FIXTURES / "bdd100k"
NAMES = ["0a0a0b1a", "7d06fefd"]


@pytest.fixture
def bdd(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "bdd100k"))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("kind", ["pan", "ins"])
def test_every_instance_is_a_segment(kind: str, number: int) -> None:
    assert detect(SOURCE) == "bdd100k"
    sample = cocoseg.read(SOURCE / "labels" / f"{kind}_seg")[number]
    name = f"bdd100k/{NAMES[number]}"
    check_segments(sample, *(expected(f"{name}.{end}") for end in (kind, f"{kind}.ids", "crowds")))
    assert Path(sample.file_name).name == f"{NAMES[number]}.jpg"


@pytest.mark.parametrize("number", [0, 1])
def test_ids_are_those_of_the_official_panoptic_pictures(number: int) -> None:
    np.testing.assert_array_equal(cocoseg.read(SOURCE)[number].id_map, expected(f"bdd100k/{NAMES[number]}.pan.ids"))


@pytest.mark.parametrize("number", [0, 1])
def test_the_train_ids(number: int) -> None:
    dataset = cocoseg.read(SOURCE / "labels" / "sem_seg")
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("bdd-19", dataset))
    np.testing.assert_array_equal(found, expected(f"bdd100k/{NAMES[number]}.sem"))


def test_splits() -> None:
    assert [sample.file_name for sample in cocoseg.read(SOURCE, split="val")] == ["7d06fefd.jpg"]


def test_two_instances_with_one_id_are_two_segments(bdd: Path) -> None:
    bitmask = np.array([[[35, 0, 0, 7], [40, 0, 0, 7], [7, 0, 0, 7]]], np.uint8)
    Image.fromarray(bitmask, "RGBA").save(bdd / "labels/pan_seg/bitmasks/val/7d06fefd.png")
    sample = cocoseg.read(bdd)[1]
    assert sample.category_ids.tolist() == [7, 35, 40]
    assert sample.id_map.tolist() == [[2, 3, 1]]


def test_colormaps_are_refused(bdd: Path) -> None:
    Image.new("RGB", (3, 2)).save(bdd / "labels/pan_seg/bitmasks/val/7d06fefd.png")
    with pytest.raises(cocoseg.SampleError, match=r"8-bit RGB; BDD100K's bitmasks are 8-bit RGBA"):
        cocoseg.read(bdd)[1]


def test_255_is_no_class_of_a_bitmask(bdd: Path) -> None:
    Image.new("RGBA", (3, 2), (255, 0, 0, 1)).save(bdd / "labels/pan_seg/bitmasks/val/7d06fefd.png")
    with pytest.raises(cocoseg.SampleError, match=r"255 \(6 pixels\)"):
        cocoseg.read(bdd)[1]


def test_the_preset_refuses_the_40_classes() -> None:
    with pytest.raises(cocoseg.LabelError, match="for other categories"):
        cocoseg.label_scheme("bdd-19", cocoseg.read(SOURCE).categories)


def test_the_real_bitmask_becomes_the_real_panoptic_picture(real_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set" / "labels" / "pan_seg" / "bitmasks" / "val"
    folder.mkdir(parents=True)
    shutil.copy(real_data / "bdd100k" / "panseg_bdd100k" / "panseg_mask.png", folder)
    cocoseg.to_panoptic(tmp_path / "set", tmp_path / "out")
    made = json.loads((tmp_path / "out" / "panoptic.json").read_text())["annotations"][0]
    official = json.loads((real_data / "bdd100k" / "panseg_coco" / "panseg_coco.json").read_text())
    keys = ("id", "category_id", "area")
    assert sorted(tuple(row[key] for key in keys) for row in made["segments_info"]) == sorted(
        tuple(row[key] for key in keys) for row in official["segments_info"]
    )
    ours = np.array(Image.open(tmp_path / "out" / "panoptic" / made["file_name"]))
    theirs = np.array(Image.open(real_data / "bdd100k" / "panseg_coco" / "panseg_mask.png"))
    np.testing.assert_array_equal(ours, theirs)
    classes = np.array(Image.open(folder / "panseg_mask.png"))[..., 0]
    np.testing.assert_array_equal(class_map(cocoseg.read(tmp_path / "set" / "labels")[0]), classes)
