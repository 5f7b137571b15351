"""ADE20K: the maps of 150 classes, and the full set, whose colours are classes and instances."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from formats.drawn import check_segments, class_map, expected
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

CHALLENGE, FULL = FIXTURES / "ade20k", FIXTURES / "ade20k-full"
NAMES = ["ADE_train_00000001", "ADE_val_00000001"]
PHOTOS = ["training/a/abbey/ADE_train_00000001.jpg", "validation/outliers/h/hall/ADE_val_00000001.jpg"]


def train_ids(classes: np.ndarray) -> np.ndarray:
    return np.where(classes > 0, classes - 1, 255)


@pytest.mark.parametrize("number", [0, 1])
def test_the_challenge_has_the_numbers_of_its_pictures(number: int) -> None:
    assert detect(CHALLENGE) == "ade20k"
    dataset = cocoseg.read(CHALLENGE)
    classes = expected(f"ade20k/{NAMES[number]}")
    np.testing.assert_array_equal(class_map(dataset[number]), classes)
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("ade20k-150", dataset))
    np.testing.assert_array_equal(found, train_ids(classes))


def test_its_splits() -> None:
    for split in ("val", "validation"):
        assert [sample.file_name for sample in cocoseg.read(CHALLENGE, split=split)] == ["ADE_val_00000001.jpg"]


def test_other_annotations_are_not_ade20k(tmp_path: Path) -> None:
    (tmp_path / "annotations" / "training").mkdir(parents=True)
    Image.fromarray(np.ones((2, 2), np.uint8)).save(tmp_path / "annotations" / "training" / "a.png")
    assert detect(tmp_path) == "semantic"


@pytest.mark.parametrize("number", [0, 1])
def test_every_pair_of_class_and_instance_is_a_segment(number: int) -> None:
    assert detect(FULL) == "ade20k-full"
    sample = cocoseg.read(FULL)[number]
    name = f"ade20k-full/{NAMES[number]}"
    check_segments(sample, expected(name), expected(f"{name}.instances"))
    assert sample.file_name == PHOTOS[number]


def test_the_full_set_as_the_150_classes(tmp_path: Path) -> None:
    cocoseg.to_semantic(FULL, tmp_path / "out", labels="ade20k-150-full")
    for name, photo in zip(NAMES, PHOTOS, strict=True):
        picture = np.array(Image.open((tmp_path / "out" / photo).with_suffix(".png")))
        np.testing.assert_array_equal(picture, train_ids(expected(f"ade20k/{name}")))


def test_the_form_of_2021(tmp_path: Path) -> None:
    shutil.copytree(FULL / "images", tmp_path / "images" / "ADE")
    for source in (tmp_path, tmp_path / "images", tmp_path / "images" / "ADE" / "training"):
        assert detect(source) == "ade20k-full"
        sample = cocoseg.read(source, split="training")[0]
        check_segments(sample, *(expected(f"ade20k-full/{NAMES[0]}{end}") for end in ("", ".instances")))


def test_names_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text(
        "id,name\n64,bin\n774,door\n783,double door\n947,flag\n2978,wall\n3109,crt\n3688,z\n"
    )
    dataset = cocoseg.read(FULL, categories=tmp_path / "names.csv")
    assert [row.name for row in dataset.categories][:2] == ["bin", "door"]
    assert len(dataset[0].ids) == 6
    assert len({row.name for row in cocoseg.read(FULL).categories}) == 3688


def test_the_presets_refuse_each_others_data() -> None:
    with pytest.raises(cocoseg.LabelError, match="presets for these categories are ade20k-150-full"):
        cocoseg.label_scheme("ade20k-150", cocoseg.read(FULL).categories)
    with pytest.raises(cocoseg.LabelError, match="presets for these categories are ade20k-150"):
        cocoseg.label_scheme("ade20k-150-full", cocoseg.read(CHALLENGE).categories)


def test_a_hundred_classes_are_things() -> None:
    assert sum(bool(row.isthing) for row in cocoseg.read(CHALLENGE).categories) == 100


def test_real_pictures(real_data: Path) -> None:
    source = real_data / "ade20k" / "ADE20K_2016_07_26"
    for sample in cocoseg.read(source):
        stem = source / "images" / sample.file_name
        colours = np.array(Image.open(stem.with_name(f"{stem.stem}_seg.png"))).astype(np.int64)
        classes = colours[..., 0] // 10 * 256 + colours[..., 1]
        _, ranks = np.unique(colours[..., 2], return_inverse=True)
        check_segments(sample, classes, ranks.reshape(classes.shape))


def test_the_real_full_set_agrees_with_the_challenge(real_data: Path) -> None:
    """The challenge has the same pictures, made smaller by the nearest pixel of one edge or the other."""
    full, small = (cocoseg.read(real_data / "ade20k" / name) for name in ("ADE20K_2016_07_26", "ADEChallengeData2016"))
    for large, other in zip(full, small, strict=True):
        wanted = cocoseg.semantic(other, cocoseg.label_scheme("ade20k-150", small))
        found = cocoseg.semantic(large, cocoseg.label_scheme("ade20k-150-full", full))
        rows, columns = (
            ((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(wanted.shape, found.shape, strict=True)
        )
        assert (found[rows][:, columns] == wanted).mean() > 0.995


def test_pictures_alone_are_ade20k_only_if_the_user_says_so(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[0, 3, 150]], np.uint8)).save(tmp_path / "maps" / "ADE_val_00000001.png")
    with pytest.raises(cocoseg.DocumentError, match="called as those of ADE20K SceneParsing-150: .*--from ade20k"):
        cocoseg.read(tmp_path / "maps")
    sample = cocoseg.read(tmp_path / "maps", source_format="ade20k")[0]
    assert sample.category_ids.tolist() == [3, 150]


def test_annotations_need_no_folders_of_splits(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    Image.fromarray(np.array([[0, 3, 150]], np.uint8)).save(tmp_path / "annotations" / "ADE_val_00000001.png")
    assert cocoseg.read(tmp_path)[0].category_ids.tolist() == [3, 150]
