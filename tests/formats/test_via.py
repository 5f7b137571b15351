"""VGG Image Annotator: exports of VIA 1 and 2, and projects."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools on NumPy 2

VIA = FIXTURES / "via"
OLD, PROJECT = VIA / "via_region_data.json", VIA / "via_project.json"
NAMES = ["one.png", "round.png", "none.png"]
CLASSES = {"a": "cat", "b": "dog"}


def drawing(name: str) -> np.ndarray:
    text = (FIXTURES / "expected" / "via" / name).with_suffix(".txt").read_text()
    return np.array([list(row) for row in text.split()])


def save(folder: Path, *regions: Any, name: str = "a.jpg", size: tuple[int, int] = (20, 30)) -> Path:
    Image.new("RGB", size[::-1]).save(folder / "a.jpg")
    rows = [{"shape_attributes": shape, "region_attributes": attributes} for shape, attributes in regions]
    (folder / "via.json").write_text(json.dumps({f"{name}9": {"filename": name, "size": 9, "regions": rows}}))
    return folder / "via.json"


RECT = {"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4}


@pytest.mark.parametrize(("source", "options"), [(OLD, {}), (PROJECT, {"label_key": "kind"})])
def test_regions_are_those_that_were_drawn(source: Path, options: dict[str, Any]) -> None:
    assert detect(source) == "via"
    dataset = cocoseg.read(source, **options)
    called = {row.id: row.name for row in dataset.categories}
    assert [sample.file_name for sample in dataset] == NAMES
    for name, sample in zip(NAMES, dataset, strict=True):
        letters = drawing(name)
        wanted = {(CLASSES[letter], (letters == letter).tobytes()) for letter in {*letters.flat} - {"."}}
        pairs = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
        assert {(called[number], mask.tobytes()) for number, mask in pairs} == wanted


def test_what_has_no_area_is_counted_once() -> None:
    problem = cocoseg.read(OLD).problems[0]
    assert problem.category == "seg.left_out"
    assert problem.message.endswith("1 points and 1 polylines without an area were left out")


def test_photos_may_lie_elsewhere(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / "via.json")
    with pytest.raises(cocoseg.SampleError, match="no photo 'one'"):
        cocoseg.read(tmp_path / "via.json")[0]
    dataset = cocoseg.read(tmp_path / "via.json", photos=VIA)
    assert dataset[0].size == (5, 8)
    assert Path(dataset.photos) == VIA


def test_regions_without_attributes_are_one_class(tmp_path: Path) -> None:
    source = save(tmp_path, (RECT, {}), (RECT | {"x": 9}, {}))
    dataset = cocoseg.read(source)
    assert [row.name for row in dataset.categories] == ["object"]
    assert dataset[0].areas.tolist() == [12, 12]
    assert [row.name for row in cocoseg.read(source, class_name="balloon").categories] == ["balloon"]


def test_one_class_may_be_asked_for_whatever_the_attributes_are() -> None:
    assert [row.name for row in cocoseg.read(PROJECT, class_name="animal").categories] == ["animal"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "2 attributes: 'kind' .*'seen' .*--label-key"),
        ({"label_key": "kin"}, "no region has .* did you mean 'kind'"),
    ],
)
def test_the_attribute_is_asked_for(options: dict[str, Any], said: str) -> None:
    with pytest.raises(cocoseg.DocumentError, match=said) as caught:
        cocoseg.read(PROJECT, **options)
    assert caught.value.category == "via.key"


@pytest.mark.parametrize(("value", "name"), [(3, "3"), (" cat ", "cat"), ({"cat": True, "dog": False}, "cat")])
def test_values_of_all_inputs_name_the_class(tmp_path: Path, value: Any, name: str) -> None:
    assert [row.name for row in cocoseg.read(save(tmp_path, (RECT, {"kind": value}))).categories] == [name]


def test_names_may_be_urls_and_lead_nowhere_else(tmp_path: Path) -> None:
    sample = cocoseg.read(save(tmp_path, (RECT, {}), name="https://host/x/a.jpg"))[0]
    assert (sample.key, sample.file_name, sample.size) == ("a.png", "a.jpg", (20, 30))


def test_a_coco_file_may_have_vias_name(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "instances.json", tmp_path / "via_region_data.json")
    assert detect(tmp_path / "via_region_data.json") == "coco"


def test_a_photo_is_turned_as_browsers_show_it(tmp_path: Path) -> None:
    source = save(tmp_path, (RECT, {}))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert cocoseg.read(source)[0].size == (30, 20)


def test_polygons_are_filled_as_pycocotools_does(tmp_path: Path) -> None:
    xs, ys = [1.5, 25.25, 18, 3], [2, 3.75, 17.1, 12]
    source = save(tmp_path, ({"name": "polygon", "all_points_x": xs, "all_points_y": ys}, {}))
    ring = [value for pair in zip(xs, ys, strict=True) for value in pair]
    wanted = coco_mask.decode(coco_mask.frPyObjects([ring], 20, 30))[:, :, 0].astype(bool)
    assert (cocoseg.instance_masks(cocoseg.read(source)[0])[0] == wanted).all()


def test_large_numbers_stay_different_classes(tmp_path: Path) -> None:
    regions = [(RECT, {"kind": value}) for value in (1234567, 1234568, 0.5)]
    assert [row.name for row in cocoseg.read(save(tmp_path, *regions)).categories] == ["0.5", "1234567", "1234568"]


def test_another_size_of_a_photo_is_converted_again(tmp_path: Path) -> None:
    for size in ((20, 30), (40, 60)):
        cocoseg.to_semantic(save(tmp_path, (RECT, {"kind": "cat"}), size=size), tmp_path / "out")
        with Image.open(tmp_path / "out" / "a.png") as made:
            assert made.size == size[::-1]
