"""Cityscapes: instanceIds, labelIds and labelTrainIds, and panoptic pictures as the official script makes them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.labels.presets import official_categories
from conftest import FIXTURES

SOURCE = FIXTURES / "cityscapes"
VAL = ["frankfurt_000000_000294", "lindau_000001_000019"]
NAMES = ["aachen_000000_000019", *VAL]
FILE = SOURCE / "gtFine" / "val" / "frankfurt" / "frankfurt_000000_000294_gtFine_instanceIds.png"
EVALUATED = {**dict.fromkeys((7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23), 0), 24: 1, 25: 1, 26: 1}
EVALUATED |= dict.fromkeys((27, 28, 31, 32, 33), 1)


def expected(kind: str, name: str) -> npt.NDArray[np.int64]:
    return np.loadtxt(FIXTURES / "expected" / "cityscapes" / kind / f"{name}.txt", dtype=np.int64, ndmin=2)


def official(instance_ids: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], list[dict[str, Any]]]:
    """The panoptic picture and segments that createPanopticImgs.py makes of an instanceIds picture."""
    picture, segments = np.zeros(instance_ids.shape, np.int64), []
    for number in np.unique(instance_ids).tolist():
        category, crowd = (number, 1) if number < 1000 else (number // 1000, 0)
        if category not in EVALUATED:
            continue
        y, x = np.nonzero(instance_ids == number)
        picture[y, x] = number
        box = [x.min(), y.min(), x.max() - x.min() + 1, y.max() - y.min() + 1]
        iscrowd = crowd if EVALUATED[category] else 0
        values = {"id": number, "category_id": category, "area": len(x), "iscrowd": iscrowd}
        segments.append(values | {"bbox": [int(side) for side in box]})
    return picture, segments


def check_panoptic(source: Path, files: Sequence[Path], out: Path) -> None:
    """The panoptic pictures and JSON of a source are those of the official script for the same pictures."""
    cocoseg.to_panoptic(source, out)
    document = json.loads((out / "panoptic.json").read_text())
    assert {row["id"]: row["isthing"] for row in document["categories"]} == EVALUATED
    assert len(document["annotations"]) == len(files)
    for row, file in zip(document["annotations"], files, strict=True):
        picture, segments = official(np.array(Image.open(file)))
        rgb = np.array(Image.open(out / "panoptic" / row["file_name"])).astype(np.int64)
        np.testing.assert_array_equal(rgb @ [1, 256, 65536], picture)
        assert sorted(row["segments_info"], key=lambda info: info["id"]) == segments


def paint(file: Path, rows: Sequence[Sequence[int]], kind: type = np.uint16) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(rows, kind)).save(file)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "city"))


def without(root: Path, *kinds: str) -> Path:
    for kind in kinds:
        for file in root.rglob(f"*_{kind}.png"):
            file.unlink()
    return root


def test_the_table_is_the_official_one() -> None:
    rows = official_categories("cityscapes")
    assert [row.id for row in rows] == list(range(34))
    assert {row.id: int(bool(row.isthing)) for row in rows if not row.ignored} == EVALUATED


def test_panoptic_pictures_are_those_of_the_official_script(tmp_path: Path) -> None:
    check_panoptic(SOURCE, sorted(SOURCE.rglob("*_instanceIds.png")), tmp_path / "out")


@pytest.mark.parametrize("name", VAL)
def test_panoptic_pictures_are_as_drawn(name: str, tmp_path: Path) -> None:
    cocoseg.to_panoptic(SOURCE, tmp_path / "out", split="val")
    found = {sample.file_name.rpartition("/")[2]: sample for sample in cocoseg.read(tmp_path / "out")}
    np.testing.assert_array_equal(found[f"{name}_leftImg8bit.png"].id_map, expected("panoptic", name))


@pytest.mark.parametrize("labels", ["cityscapes", "index", "kitti"])
@pytest.mark.parametrize("kind", ["instanceIds", "labelIds", "labelTrainIds"])
def test_class_maps_have_the_train_ids(kind: str, labels: str, root: Path) -> None:
    kinds = ["instanceIds", "labelIds", "labelTrainIds"]
    without(root, *kinds[: kinds.index(kind)])
    dataset = cocoseg.read(root)
    scheme = cocoseg.label_scheme(labels, dataset)
    for name, sample in zip(NAMES, dataset, strict=True):
        np.testing.assert_array_equal(cocoseg.semantic(sample, scheme), expected("train-ids", name))


def test_all_ids_are_a_preset_too(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out", split="val", labels="cityscapes-34")
    for file in (SOURCE / "gtFine" / "val").rglob("*_labelIds.png"):
        place = f"{file.parent.name}/{file.name.replace('gtFine_labelIds', 'leftImg8bit')}"
        np.testing.assert_array_equal(Image.open(tmp_path / "out" / place), Image.open(file))


def test_groups_are_crowds_and_instances_are_not() -> None:
    sample = cocoseg.read(SOURCE, split="val")[0]
    crowds = dict(zip(sample.ids.tolist(), sample.iscrowd.tolist(), strict=True))
    assert {number for number, crowd in crowds.items() if crowd} == {24, 26}
    assert {24000, 24001, 26000, 26012} < {*crowds}


def test_ignored_classes_stay_if_they_are_wanted(tmp_path: Path) -> None:
    summary = cocoseg.to_panoptic(SOURCE, tmp_path / "out", split="val", all_classes=True)
    assert not summary.notes
    sample = cocoseg.read(tmp_path / "out")[1]
    assert {18, 24000} < {*cocoseg.read(tmp_path / "out")[0].ids.tolist()}
    assert 30000 in sample.ids


@pytest.mark.parametrize("place", [".", "gtFine", "gtFine/val"])
def test_a_split_is_found_from_above_and_below(place: str) -> None:
    assert detect(SOURCE / place) == "cityscapes"
    dataset = cocoseg.read(SOURCE / place, split="val")
    assert [sample.file_name for sample in dataset] == [
        "frankfurt/frankfurt_000000_000294_leftImg8bit.png",
        "lindau/lindau_000001_000019_leftImg8bit.png",
    ]


def test_a_split_is_found_from_the_folder_above(root: Path) -> None:
    whole = cocoseg.read(SOURCE, split="val")
    assert [sample.key for sample in cocoseg.read(root.parent, split="val")] == [sample.key for sample in whole]


def test_one_town(root: Path) -> None:
    dataset = cocoseg.read(root / "gtFine" / "val" / "lindau")
    assert [sample.file_name for sample in dataset] == ["lindau/lindau_000001_000019_leftImg8bit.png"]
    assert [sample.image_id for sample in dataset] == [3]


def test_a_wrong_split_names_those_that_there_are() -> None:
    with pytest.raises(cocoseg.DocumentError, match="no split is called 'vall'; the splits are 'train', 'val'"):
        cocoseg.read(SOURCE, split="vall")


def test_photos_are_found(root: Path) -> None:
    (root / "leftImg8bit" / "val" / "lindau").mkdir(parents=True)
    (root / "leftImg8bit" / "val" / "lindau" / "lindau_000001_000019_leftImg8bit.png").write_bytes(b"")
    dataset = cocoseg.read(root, split="val")
    assert dataset.photos == f"{root}/leftImg8bit/val"
    assert (Path(dataset.photos) / dataset.entries[1].file_name).exists()  # type: ignore[union-attr]


def test_coarse_pictures_are_read_where_they_are_alone(root: Path) -> None:
    paint(root / "gtCoarse/train_extra/ulm/ulm_1_1_gtCoarse_instanceIds.png", [[7, 26000]])
    dataset = cocoseg.read(root)
    assert [sample.key.rpartition("/")[2][:6] for sample in dataset] == ["aachen", "frankf", "lindau"]
    assert "another label picture in it was left out, as 'gtCoarse/train_extra/ulm/ulm_1_1" in str(dataset.problems)
    (sample,) = cocoseg.read(root / "gtCoarse", split="train_extra")
    assert (sample.file_name, sample.ids.tolist()) == ("ulm/ulm_1_1_leftImg8bit.png", [7, 26000])


def test_images_that_have_no_instances_are_counted(root: Path) -> None:
    (root / FILE.relative_to(SOURCE)).unlink()
    (problem,) = cocoseg.read(root).problems
    assert (problem.category, "another label picture" in problem.message) == ("maps.path", True)


def test_a_copy_of_8_bits_is_refused(root: Path) -> None:
    paint(root / FILE.relative_to(SOURCE), [[26, 255]], np.uint8)
    with pytest.raises(
        cocoseg.SampleError, match="8-bit grey, expected 16-bit grey, as the numbers of class"
    ) as caught:
        cocoseg.read(root)[1]
    assert caught.value.category == "png.mode"


def test_a_class_that_there_is_not_costs_its_image(root: Path) -> None:
    paint(root / FILE.relative_to(SOURCE), [[26000, 34000, 34001]])
    with pytest.raises(cocoseg.SampleError, match=r"34 \(2 pixels\), which is not a category id"):
        cocoseg.read(root)[1]


def test_presets_of_other_data_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.LabelError, match="presets for these categories are cityscapes, cityscapes-34, kitti"):
        cocoseg.to_semantic(SOURCE, tmp_path / "out", labels="idd")
    with pytest.raises(cocoseg.LabelError, match="are for other categories"):
        cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "out", labels="cityscapes")


def test_real_pictures_are_those_of_the_official_script(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "cityscapes" / "pseudo_cityscapes_dataset"
    check_panoptic(source, sorted(source.rglob("*_instanceIds.png")), tmp_path / "out")


def test_real_class_maps_are_the_official_ones(real_data: Path) -> None:
    """The sample's own labelTrainIds were made smaller by themselves, so the train ids come from its labelIds."""
    source = real_data / "cityscapes" / "pseudo_cityscapes_dataset"
    (sample,) = dataset = cocoseg.read(source)
    (file,) = source.rglob("*_labelIds.png")
    labels = np.array(Image.open(file))
    np.testing.assert_array_equal(cocoseg.semantic(sample, cocoseg.label_scheme("cityscapes-34", dataset)), labels)
    train_ids = np.full(labels.shape, 255)
    for train_id, number in enumerate(EVALUATED):
        train_ids[labels == number] = train_id
    np.testing.assert_array_equal(cocoseg.semantic(sample, cocoseg.label_scheme("cityscapes", dataset)), train_ids)


def test_a_folder_of_another_data_set_says_what_was_looked_for() -> None:
    looked_for = r"holds no Cityscapes .* is like 'gtFine/\{split\}/\{stem\}_gtFine_"
    with pytest.raises(cocoseg.DocumentError, match=looked_for) as caught:
        cocoseg.read(FIXTURES / "kitti", source_format="cityscapes")
    assert caught.value.category == "doc.empty"


@pytest.fixture
def train_ids(tmp_path: Path) -> Path:
    """A list of the classes by their train ids."""
    rows = cocoseg.label_scheme("cityscapes").classes
    (tmp_path / "train_ids.csv").write_text("id,name\n" + "".join(f"{row.index},{row.name}\n" for row in rows))
    return tmp_path / "train_ids.csv"


def _one_picture(root: Path, kind: str) -> Path:
    (root / "gtFine" / "val" / "a").mkdir(parents=True)
    Image.fromarray(np.array([[7, 8, 11]], np.uint8)).save(root / "gtFine" / "val" / "a" / f"a_gtFine_{kind}.png")
    return root


def test_train_ids_as_categories_of_label_ids_are_said(tmp_path: Path, train_ids: Path) -> None:
    dataset = cocoseg.read(_one_picture(tmp_path / "data", "labelIds"), categories=train_ids)
    said = [problem.message for problem in dataset.problems if problem.category == "maps.classes"]
    assert len(said) == 1
    assert "has 0 for 'road', which is 7 in this data set, and 18 more differ" in said[0]


def test_train_ids_are_fit_for_pictures_of_them(tmp_path: Path, train_ids: Path) -> None:
    dataset = cocoseg.read(_one_picture(tmp_path / "data", "labelTrainIds"), categories=train_ids)
    assert not dataset.problems
    assert dataset[0].category_ids.tolist() == [7, 8, 11]


def test_ids_as_categories_of_train_ids_are_ids(tmp_path: Path) -> None:
    rows = official_categories("cityscapes")
    (tmp_path / "ids.csv").write_text("id,name\n" + "".join(f"{row.id},{row.name}\n" for row in rows))
    dataset = cocoseg.read(_one_picture(tmp_path / "data", "labelTrainIds"), categories=tmp_path / "ids.csv")
    assert dataset[0].category_ids.tolist() == [20, 21, 24]


def test_a_folder_above_that_is_called_as_a_split_belongs_to_no_data_set(tmp_path: Path) -> None:
    _one_picture(tmp_path / "other", "labelIds")
    folder = tmp_path / "dev" / "mine"
    folder.mkdir(parents=True)
    Image.fromarray(np.array([[7, 8, 11]], np.uint8)).save(folder / "a_gtFine_labelIds.png")
    dataset = cocoseg.read(folder)
    assert [sample.file_name for sample in dataset] == ["a_leftImg8bit.png"]
    assert dataset.photos == str(folder / "leftImg8bit")
