"""The polygons of Cityscapes and IDD, where there are no label pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools import mask as pycocotools

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

CITY, IDD = FIXTURES / "cityscapes-polygons", FIXTURES / "idd-polygons"
PLACES = {CITY: ("train/aachen/aachen_000000_000019", "val/ulm/ulm_000000_000019")}
PLACES[IDD] = ("train/0/frame0029", "val/119/000001")
BOTH = pytest.mark.parametrize("source", [CITY, IDD], ids=["cityscapes", "idd"])
FILE = "gtFine/val/ulm/ulm_000000_000019_gtFine_polygons.json"


def expected(source: Path, place: str) -> npt.NDArray[np.int64]:
    name = f"{place.rpartition('/')[2]}.txt"
    return np.loadtxt(FIXTURES / "expected" / source.name / name, dtype=np.int64, ndmin=2)


def official(document: dict[str, Any], ids: dict[str, int], things: set[str]) -> npt.NDArray[np.int64]:
    """instanceIds as json2instanceImg.py paints them, but each polygon by pycocotools."""
    height, width = document["imgHeight"], document["imgWidth"]
    picture, counts = np.zeros((height, width), np.int64), dict.fromkeys(things, 0)
    for row in document["objects"]:
        if row["deleted"]:
            continue
        label, is_group = row["label"], False
        if label not in ids and label.endswith("group"):
            label, is_group = label[: -len("group")], True
        number = ids[label]
        if label in things and not is_group:
            number = number * 1000 + counts[label]
            counts[label] += 1
        if number < 0:
            continue
        ring = [coordinate for point in row["polygon"] for coordinate in point]
        picture[pycocotools.decode(pycocotools.frPyObjects([ring], height, width))[..., 0] > 0] = number
    return picture


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CITY, tmp_path / "city"))


def changed(root: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    document = json.loads((root / FILE).read_text())
    change(document)
    (root / FILE).write_text(json.dumps(document))
    return root


@BOTH
def test_are_recognised_from_above_and_below(source: Path) -> None:
    for place in (".", "gtFine", "gtFine/val"):
        assert detect(source / place) == source.name
        assert len(cocoseg.read(source / place, split="val")) == 1


@BOTH
def test_segments_have_the_numbers_of_instance_pictures(source: Path) -> None:
    for place, sample in zip(PLACES[source], cocoseg.read(source), strict=True):
        numbers = expected(source, place)
        there = ~np.isin(numbers, [0, 255])  # 0 is no id of a segment
        np.testing.assert_array_equal(sample.id_map[there], numbers[there])
        assert not sample.id_map[numbers == 255].any()
        crowds = set(sample.ids[sample.iscrowd].tolist())
        assert crowds == {*numbers.flat} & {8, 26}


@BOTH
def test_class_maps_have_the_train_ids(source: Path, tmp_path: Path) -> None:
    labels = "cityscapes" if source == CITY else "idd"
    dataset = cocoseg.read(source)
    scheme = cocoseg.label_scheme(labels, dataset)
    for place, sample in zip(PLACES[source], dataset, strict=True):
        numbers = expected(source, place)
        classes = np.where(numbers < 1000, numbers, numbers // 1000)
        train = {0: 255, 7: 0, 20: 7, 23: 10, 24: 11, 26: 13, 30: 255} if source == CITY else {}
        wanted = np.vectorize(lambda value, train=train: train.get(value, value))(classes)
        np.testing.assert_array_equal(cocoseg.semantic(sample, scheme), wanted)


def test_panoptic_pictures_are_those_of_the_official_scripts(tmp_path: Path) -> None:
    cocoseg.to_panoptic(CITY, tmp_path / "out", split="val")
    (sample,) = cocoseg.read(tmp_path / "out")
    wanted = expected(CITY, "ulm_000000_000019")
    np.testing.assert_array_equal(sample.id_map, np.where(wanted == 30000, 0, wanted))
    assert sample.file_name == "ulm/ulm_000000_000019_leftImg8bit.png"


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools on NumPy 2
def test_any_polygons_are_painted_in_their_order(city: Path) -> None:
    random = np.random.default_rng(3)
    ids, things = {"car": 26, "person": 24, "road": 7, "license plate": -1}, {"car", "person"}
    labels = ["car", "person", "road", "cargroup", "license plate"]
    objects = [
        {
            "label": labels[random.integers(5)],
            "deleted": int(random.random() < 0.1),
            "polygon": (random.random((random.integers(3, 9), 2)) * [70, 50] - 5).round(1).tolist(),
        }
        for _ in range(60)
    ]
    document = {"imgHeight": 40, "imgWidth": 60, "objects": objects}
    (city / FILE).write_text(json.dumps(document))
    wanted = official(document, ids, things)
    found = cocoseg.read(city)[1].id_map
    np.testing.assert_array_equal(found[wanted > 0], wanted[wanted > 0])
    assert len({*found[wanted == 0].tolist()} - {*wanted.flat}) <= 1


def test_label_pictures_are_read_where_they_are_there(city: Path) -> None:
    shutil.copytree(FIXTURES / "cityscapes" / "gtFine" / "val", city / "gtFine" / "val", dirs_exist_ok=True)
    assert cocoseg.info(city).read_as == "Cityscapes (gtFine, gtCoarse)"


def test_photos_of_idd_may_be_png_or_jpeg(tmp_path: Path) -> None:
    root = Path(shutil.copytree(IDD, tmp_path / "idd"))
    (root / "leftImg8bit" / "val" / "119").mkdir(parents=True)
    (root / "leftImg8bit" / "val" / "119" / "000001_leftImg8bit.jpg").write_bytes(b"")
    assert [sample.file_name for sample in cocoseg.read(root, split="val")] == ["119/000001_leftImg8bit.jpg"]


def test_short_polygons_are_left_out_and_said(city: Path) -> None:
    changed(city, lambda document: document["objects"].insert(2, {"label": "car", "polygon": [[1, 1], [2, 2]]}))
    sample = cocoseg.read(city)[1]
    assert [problem.category for problem in sample.problems] == ["seg.left_out"]
    assert {26001, 26002} < set(sample.ids.tolist())  # it is counted, as the official scripts do


def test_an_image_without_objects_is_unlabeled(city: Path) -> None:
    changed(city, lambda document: document["objects"].clear())
    dataset = cocoseg.read(city)
    assert (cocoseg.semantic(dataset[1], cocoseg.label_scheme("cityscapes-34", dataset)) == 0).all()


def test_an_unknown_label_costs_its_image(city: Path) -> None:
    changed(city, lambda document: document["objects"][2].update(label="autorickshaw"))
    dataset = cocoseg.read(city)
    with pytest.raises(cocoseg.SampleError, match=r"objects\[2\]: the label 'autorickshaw' is not among") as caught:
        dataset[1]
    assert caught.value.category == "id.unknown"
    assert len(dataset[0].ids) == 2


def test_classes_of_ones_own(city: Path, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('[{"id": 3, "name": "tram"}, {"id": 5, "name": "road", "isthing": 0}]')
    boxes = [("road", 0), ("tram", 2), ("tramgroup", 4)]
    objects = [{"label": label, "polygon": [[x, 0], [x + 2, 0], [x + 2, 6], [x, 6]]} for label, x in boxes]
    changed(city, lambda document: document.update(objects=objects))
    sample = cocoseg.read(city, categories=tmp_path / "own.json", split="val")[0]
    assert (sample.ids.tolist(), sample.iscrowd.tolist()) == ([3, 3000, 5], [True, False, False])


def test_more_objects_than_ids_are_refused(city: Path) -> None:
    one = {"label": "car", "polygon": [[0, 0], [1, 0], [1, 1]]}
    changed(city, lambda document: document.update(objects=[one] * 1001))
    with pytest.raises(cocoseg.SampleError, match="1001 objects of one class"):
        cocoseg.read(city)[1]
