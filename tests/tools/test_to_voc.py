"""to-voc: VOC's pictures, colours and lists, and the same segments back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import photographs
import pytest
from PIL import Image

import cocoseg
from conftest import FIXTURES
from laws import segments


def voc_colors() -> np.ndarray:
    """VOC's colour map as its devkit makes it (VOClabelcolormap.m)."""
    colors = np.zeros((256, 3), np.uint8)
    for number in range(256):
        rest = number
        for bit in range(8):
            for channel in range(3):
                colors[number, channel] |= ((rest >> channel) & 1) << (7 - bit)
            rest >>= 3
    return colors


@pytest.mark.parametrize("folder", ["SegmentationClass", "SegmentationObject"])
def test_pictures_have_the_colours_of_voc(folder: str, tmp_path: Path) -> None:
    cocoseg.to_voc(FIXTURES / "panoptic.json", tmp_path / "out")
    picture = Image.open(tmp_path / "out" / folder / "touching.png")
    assert picture.mode == "P"
    np.testing.assert_array_equal(np.array(picture.getpalette(), np.uint8).reshape(-1, 3), voc_colors())


@pytest.mark.parametrize("source", photographs.SOURCES)
def test_what_is_read_back_is_the_same_classes(source: str, tmp_path: Path) -> None:
    before = cocoseg.read(FIXTURES / source)
    assert not cocoseg.to_voc(FIXTURES / source, tmp_path / "out").failures
    after = cocoseg.read(tmp_path / "out")
    for one in before:
        two = next(sample for sample in after if sample.key == one.key)
        here, there = (named_map(sample, dataset) for sample, dataset in ((one, before), (two, after)))
        np.testing.assert_array_equal(here, there)


def test_an_object_below_a_void_crowd_has_no_number(tmp_path: Path) -> None:
    def row(number: int, x: int, crowd: int) -> dict[str, object]:
        ring = [x, 0, x + 2, 0, x + 2, 2, x, 2]
        return {"id": number, "image_id": 1, "category_id": 1, "iscrowd": crowd, "segmentation": [ring]}

    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 2, "width": 6}],
        "annotations": [row(1, 0, 0), row(2, 4, 0), row(3, 0, 1)],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert cocoseg.to_voc(tmp_path / "a.json", tmp_path / "out", crowd="void").segments == 1
    objects = np.array(Image.open(tmp_path / "out" / "SegmentationObject" / "a.png"))
    assert objects.tolist() == [[255, 255, 0, 0, 1, 1]] * 2


def named_map(sample: cocoseg.Sample, dataset: cocoseg.Dataset) -> np.ndarray:
    """The name of each pixel's class; what is background in the source has that name in VOC."""
    scheme = cocoseg.label_scheme("index", dataset)
    names = {row.index: row.name for row in scheme.table} | {scheme.void: "void"}
    return np.vectorize(lambda value: names.get(value, ""))(cocoseg.semantic(sample, scheme))


@pytest.mark.parametrize("source", ["panoptic.json", "instances.json"])
def test_the_table_of_colours_names_the_same_classes(source: str, tmp_path: Path) -> None:
    before = cocoseg.read(FIXTURES / source)
    cocoseg.to_voc(FIXTURES / source, tmp_path / "out")
    table = (tmp_path / "out" / "labelmap.txt").read_text().splitlines()
    assert table[:2] + table[-1:] == ["# label:color_rgb:parts:actions", "background:0,0,0::", "ignored:224,224,192::"]
    for name in ("class_names.txt", "cocoseg.json"):
        (tmp_path / "out" / name).unlink()
    found = cocoseg.read(tmp_path / "out")
    after = {sample.key: sample for sample in found}
    assert [row.name for row in found.categories] == ["background", *(row.name for row in before.categories)]
    for one in before:
        np.testing.assert_array_equal(named_map(one, before), named_map(after[one.key], found))


def test_datumaro_reads_the_same_masks(tmp_path: Path) -> None:
    datumaro = pytest.importorskip("datumaro", reason="datumaro is not installed")
    source = FIXTURES / "panoptic.json"
    cocoseg.to_voc(source, tmp_path / "out", photos=FIXTURES / "photos")
    found = datumaro.Dataset.import_from(str(tmp_path / "out"), "voc_segmentation")
    names = [row.name for row in found.categories()[datumaro.AnnotationType.label].items]
    called = {row.id: row.name for row in cocoseg.read(source).categories}
    masks = {item.id: [(names[row.label], np.asarray(row.image).sum()) for row in item.annotations] for item in found}
    for sample in cocoseg.read(source):
        own = zip(sample.category_ids.tolist(), sample.areas.tolist(), strict=True)
        assert sorted(row for row in masks[sample.key.removesuffix(".png")] if row[0] != "ignored") == sorted(
            (called[number], area) for number, area in own
        )


@pytest.mark.parametrize("name", ["a:b", "#a", "ignored"])
def test_a_name_that_cannot_stand_in_the_table(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(many(2).replace('"cat"', f'"{name}"'))
    summary = cocoseg.to_voc(tmp_path / "a.json", tmp_path / "out")
    assert any("labelmap.txt is not written" in note for note in summary.notes)
    assert not (tmp_path / "out" / "labelmap.txt").exists()


@pytest.mark.parametrize("name", ["a\nb", "#a", "\u2028", " "])
def test_any_name_is_one_line(name: str, tmp_path: Path) -> None:
    document = json.loads(many(2))
    document["categories"] = [{"id": 1, "name": name}, {"id": 2, "name": "dog"}]
    (tmp_path / "a.json").write_text(json.dumps(document))
    cocoseg.to_voc(tmp_path / "a.json", tmp_path / "out")
    found = cocoseg.read(tmp_path / "out").categories
    assert [(row.id, row.name) for row in found if row.name == "dog"] == [(2, "dog")]


def test_objects_come_back_as_they_were(tmp_path: Path) -> None:
    source = FIXTURES / "panoptic.json"
    summary = cocoseg.to_voc(source, tmp_path / "out")
    assert (summary.segments, summary.crowds) == (11, 1)
    after = {sample.key: sample for sample in cocoseg.read(tmp_path / "out")}
    for one in cocoseg.read(source):
        masks = sorted(row[3] for row in segments(one))
        background = after[one.key].category_ids == 0
        assert sorted(row[3] for row in segments(after[one.key].take(np.flatnonzero(~background)))) == masks


def test_lists_and_links(tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 6)
    cocoseg.to_voc(source, tmp_path / "out", photos=tmp_path / "src" / "photos", parts="train=.5,val=.5")
    lists = {
        part: (tmp_path / "out" / f"ImageSets/Segmentation/{part}.txt").read_text().split() for part in ("train", "val")
    }
    assert sorted(lists["train"] + lists["val"]) == list("012345")
    assert lists["train"]
    assert lists["val"]
    assert all((tmp_path / "out" / "JPEGImages" / f"{name}.jpg").is_symlink() for name in "012345")
    assert (tmp_path / "out" / "class_names.txt").read_text().split("\n")[:2] == ["background", "cat"]
    assert len(cocoseg.read(tmp_path / "out", split="val")) == len(lists["val"])


def test_parts_that_are_no_more_leave_no_list(tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 6)
    cocoseg.to_voc(source, tmp_path / "out", parts="train=.5,val=.5")
    cocoseg.to_voc(source, tmp_path / "out", parts="train")
    assert [path.name for path in (tmp_path / "out" / "ImageSets" / "Segmentation").iterdir()] == ["train.txt"]
    assert cocoseg.verify(tmp_path / "out").whole


def test_more_objects_than_a_picture_can_number(tmp_path: Path) -> None:
    (tmp_path / "many.json").write_text(many(255))
    summary = cocoseg.to_voc(tmp_path / "many.json", tmp_path / "out")
    assert [row.category for row in summary.failures] == ["limit.segments"]
    (tmp_path / "many.json").write_text(many(254))
    assert cocoseg.to_voc(tmp_path / "many.json", tmp_path / "out").segments == 254


def many(count: int) -> str:
    rows = [
        {
            "id": k + 1,
            "image_id": 1,
            "category_id": 1,
            "iscrowd": 0,
            "segmentation": {"size": [1, 300], "counts": [k, 1, 299 - k]},
        }
        for k in range(count)
    ]
    images = [{"id": 1, "file_name": "a.jpg", "height": 1, "width": 300}]
    return json.dumps({"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cat"}]})


def test_labels_that_are_not_voc_s_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.LabelError, match="VOC has background 0 and void 255"):
        cocoseg.to_voc(FIXTURES / "panoptic.json", tmp_path / "out", labels="mask2former")


def test_classes_of_one_name_are_told_apart_in_the_table_of_colours(tmp_path: Path) -> None:
    """Datumaro refuses a table in which a name stands twice."""
    document = json.loads(many(2))
    document["categories"] = [{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]
    (tmp_path / "a.json").write_text(json.dumps(document))
    summary = cocoseg.to_voc(tmp_path / "a.json", tmp_path / "out")
    rows = (tmp_path / "out" / "labelmap.txt").read_text().splitlines()[2:4]
    assert [row.partition(":")[0] for row in rows] == ["cat", "cat (2)"]
    assert any("labelmap.txt calls it 'cat (2)'" in row.message for row in summary.problems)
