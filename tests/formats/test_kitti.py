"""KITTI semantics: Cityscapes' ids, and instances as class·256 + n from 1."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

SOURCE = FIXTURES / "kitti"
NAMES = ["000030_10", "000031_10"]


def expected(name: str) -> npt.NDArray[np.int64]:
    return np.loadtxt(FIXTURES / "expected" / "kitti" / f"{name}.txt", dtype=np.int64, ndmin=2)


def check_instances(sample: cocoseg.Sample, classes: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> None:
    """Each pair of class and number is a segment; -1 is a crowd."""
    found = zip(sample.category_ids.tolist(), sample.iscrowd.tolist(), cocoseg.instance_masks(sample), strict=True)
    pairs = {(int(c), int(n)) for c, n in zip(classes.flat, numbers.flat, strict=True)}
    wanted = [(c, n < 0, ((classes == c) & (numbers == n)).tobytes()) for c, n in pairs]
    assert sorted((c, crowd, mask.tobytes()) for c, crowd, mask in found) == sorted(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_instances_are_as_drawn(name: str) -> None:
    assert detect(SOURCE) == "kitti"
    sample = cocoseg.read(SOURCE)[NAMES.index(name)]
    check_instances(sample, expected(name), expected(f"{name}.instances"))
    assert sample.file_name == f"training/image_2/{name}.png"


@pytest.mark.parametrize("both", [True, False])
def test_class_maps_are_the_pictures(both: bool, tmp_path: Path) -> None:
    root = Path(shutil.copytree(SOURCE, tmp_path / "kitti"))
    if not both:
        shutil.rmtree(root / "training" / "instance")
    cocoseg.to_semantic(root, tmp_path / "out", labels="cityscapes-34", split="train")
    for name in NAMES:
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / "out" / f"{name}.png")), expected(name))


def test_the_train_ids() -> None:
    dataset = cocoseg.read(SOURCE)
    found = cocoseg.semantic(dataset[1], cocoseg.label_scheme("kitti", dataset))
    assert found.tolist() == [[16, 13, 255, 13]]


def test_from_above_and_from_below(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SOURCE, tmp_path / "kitti"))
    for place in (root.parent, root / "training", root / "training" / "instance"):
        dataset = cocoseg.read(place, split="training")
        assert [sample.key for sample in dataset] == [f"{name}.png" for name in NAMES]


def test_other_folders_called_instance_are_no_kitti(tmp_path: Path) -> None:
    shutil.copytree(SOURCE / "training", tmp_path / "train")
    assert detect(tmp_path) == "semantic"


def test_real_instances(real_data: Path) -> None:
    source = real_data / "kitti" / "kitti_dataset" / "kitti_segmentation"
    files = sorted((source / "training" / "instance").glob("*.png"))
    for file, sample in zip(files, cocoseg.read(source), strict=True):
        numbers = np.array(Image.open(file)).astype(np.int64)
        check_instances(sample, numbers // 256, numbers % 256)


def test_pictures_of_another_kind_alone_are_counted(tmp_path: Path) -> None:
    for kind, name in (("instance", "a"), ("semantic", "a"), ("semantic", "b")):
        path = tmp_path / "training" / kind / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.array([[7 * 256]], np.uint16)).save(path)
    for folder in (tmp_path, tmp_path / "training"):
        problems = cocoseg.read(folder).problems
        assert [("another label picture" in row.message, "semantic/b.png'" in row.message) for row in problems] == [
            (True, True)
        ]
