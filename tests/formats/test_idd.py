"""IDD in the forms that its tool writes, and IDD-Lite."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.labels.presets import official_categories
from conftest import FIXTURES

IDD, LITE = FIXTURES / "idd", FIXTURES / "idd-lite"
NAMES = ["frame0029", "000001"]
KINDS = ["instancelevel3Ids", "labellevel3Ids", "instanceids", "labelids"]


def expected(kind: str, name: str) -> npt.NDArray[np.int64]:
    return np.loadtxt(FIXTURES / "expected" / kind / f"{name}.txt", dtype=np.int64, ndmin=2)


def classes(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.where(numbers < 1000, numbers, numbers // 1000)


def with_only(root: Path, kind: str) -> Path:
    """The data set with one kind of label pictures."""
    for file in root.rglob("*.png"):
        if not file.name.endswith(f"_gtFine_{kind}.png"):
            file.unlink()
    return root


@pytest.fixture
def idd(tmp_path: Path) -> Path:
    return Path(shutil.copytree(IDD, tmp_path / "IDD_Segmentation"))


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LITE, tmp_path / "idd20k_lite"))


@pytest.mark.parametrize("kind", KINDS)
def test_is_recognised_by_its_names(kind: str, idd: Path) -> None:
    assert detect(with_only(idd, kind)) == "idd"
    assert detect(idd / "gtFine" / "val") == "idd"


@pytest.mark.parametrize("kind", KINDS)
def test_class_maps_have_the_level_3_ids(kind: str, idd: Path) -> None:
    dataset = cocoseg.read(with_only(idd, kind))
    scheme = cocoseg.label_scheme("idd" if "level3" in kind else "idd-ids", dataset)
    for name, sample in zip(NAMES, dataset, strict=True):
        np.testing.assert_array_equal(cocoseg.semantic(sample, scheme), classes(expected("idd/level3", name)))


@pytest.mark.parametrize(("kind", "form"), [("instancelevel3Ids", "level3"), ("instanceids", "id")])
def test_segments_have_the_numbers_of_the_pictures(kind: str, form: str, idd: Path) -> None:
    dataset = cocoseg.read(with_only(idd, kind))
    void = {"level3": [255], "id": []}[form]
    for name, sample in zip(NAMES, dataset, strict=True):
        numbers = expected(f"idd/{form}", name)
        there = ~np.isin(numbers, [*void, 0])  # 0 is a number of pixels, but no id of a segment
        np.testing.assert_array_equal(sample.id_map[there], numbers[there])
        assert not sample.id_map[np.isin(numbers, void)].any()
        assert sample.category_ids[sample.ids == sample.id_map[numbers == 0][0]].tolist() == [0]


def test_panoptic_pictures_of_level_3(tmp_path: Path) -> None:
    cocoseg.to_panoptic(IDD, tmp_path / "out", split="val")
    document = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    assert [row["id"] for row in document["categories"]] == list(range(26))
    assert [row["id"] for row in document["categories"] if row["isthing"]] == list(range(4, 13))
    found = {row["id"]: (row["category_id"], row["iscrowd"]) for row in document["annotations"][0]["segments_info"]}
    things = {8000: (8, 0), 8001: (8, 0), 8: (8, 1), 4000: (4, 0), 4001: (4, 0)}
    assert found == things | {25: (25, 0), 1: (1, 0), 8002: (0, 0)}


def test_ids_that_the_evaluation_ignores_are_void(idd: Path) -> None:
    dataset = cocoseg.read(with_only(idd, "instanceids"))
    assert {row.name for row in dataset.categories if row.ignored} > {"animal", "trailer", "unlabeled"}


def test_level_1_pictures_have_the_classes_of_idd_lite(idd: Path) -> None:
    for file in idd.rglob("*_labelids.png"):
        lite = LITE / file.relative_to(idd).parent / file.name.replace("gtFine_labelids", "label")
        shutil.copy(lite, file.with_name(file.name.replace("labelids", "labellevel1Ids")))
    dataset = cocoseg.read(with_only(idd, "labellevel1Ids"))
    assert dataset.categories == cocoseg.read(LITE).categories
    scheme = cocoseg.label_scheme("idd-lite", dataset)
    np.testing.assert_array_equal(cocoseg.semantic(dataset[0], scheme), expected("idd-lite", "frame0029"))


def test_train_ids_of_cityscapes(idd: Path) -> None:
    picture = with_only(idd, "labelids") / "gtFine/val/119/000001_gtFine_labelcsTrainIds.png"
    Image.fromarray(np.array([[0, 13, 18, 255]], np.uint8)).save(picture)
    (sample,) = dataset = cocoseg.read(with_only(idd, "labelcsTrainIds"))
    scheme = cocoseg.label_scheme("cityscapes", dataset)
    assert cocoseg.semantic(sample, scheme).tolist() == [[0, 13, 18, 255]]


def test_photos_may_be_png_or_jpeg(idd: Path) -> None:
    photos = idd / "leftImg8bit"
    for name in ("val/119/000001_leftImg8bit.png", "train/0/frame0029_leftImg8bit.jpg"):
        (photos / name).parent.mkdir(parents=True)
        (photos / name).write_bytes(b"")
    dataset = cocoseg.read(idd)
    assert dataset.photos == str(photos)
    assert all((photos / sample.file_name).exists() for sample in dataset)


def test_the_table_of_level_3_joins_the_ids() -> None:
    ids = [row.name for row in official_categories("idd_ids")]
    assert [part for row in official_categories("idd") for part in row.name.split("/")] == ids[:35]


def test_lite_is_recognised_and_its_second_pictures_are_not_read() -> None:
    assert detect(LITE) == detect(LITE / "gtFine" / "val") == "idd-lite"
    dataset = cocoseg.read(LITE)
    assert [sample.file_name for sample in dataset] == ["train/0/frame0029_image.jpg", "val/119/000001_image.jpg"]
    assert dataset.problems == ()


@pytest.mark.parametrize("labels", ["idd-lite", "index"])
def test_lite_class_maps_are_the_pictures(labels: str, tmp_path: Path) -> None:
    cocoseg.to_semantic(LITE, tmp_path / "out", labels=labels)
    for name, place in zip(NAMES, ("train/0", "val/119"), strict=True):
        found = np.array(Image.open(tmp_path / "out" / place / f"{name}_image.png"))
        np.testing.assert_array_equal(found, expected("idd-lite", name))


def test_lite_splits(lite: Path) -> None:
    for source in (LITE, LITE / "gtFine", LITE / "gtFine" / "val", lite.parent):
        (sample,) = cocoseg.read(source, split="val")
        assert sample.file_name == "119/000001_image.jpg"


def test_presets_of_the_others_are_refused(tmp_path: Path) -> None:
    for source, labels, fitting in ((LITE, "idd", "idd-lite"), (IDD, "idd-lite", "idd"), (IDD, "idd-ids", "idd")):
        with pytest.raises(cocoseg.LabelError, match=f"presets for these categories are {fitting}"):
            cocoseg.to_semantic(source, tmp_path / "out", labels=labels)
