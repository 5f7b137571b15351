"""What ``cocoseg info`` finds in a file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import badinput
import cocoseg
from cocoseg.files.png.masks import write_mask
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"


def test_counts_of_the_fixture() -> None:
    info = cocoseg.info(SOURCE)
    assert (info.format, info.images, info.segments, info.crowd) == ("panoptic", 3, 11, 1)
    assert info.used == {1: 4, 18: 2, 184: 1, 187: 2, 193: 2}
    assert info.sizes == {(6, 8): 1, (5, 7): 1, (1, 9): 1}
    assert info.missing == info.failures == info.problems == ()


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    document = json.loads(SOURCE.read_text())
    for row in document["annotations"]:
        for segment in row["segments_info"]:
            del segment["area"]
    source = tmp_path / "panoptic.json"
    source.write_text(json.dumps({"annotations": document["annotations"]}))
    missing = "; ".join(cocoseg.info(source).missing)
    for word in ("categories", "image sizes", "areas of segments in 3 images", "3 of 3 PNGs"):
        assert word in missing


def test_sizes_come_from_the_pictures_where_the_json_is_silent() -> None:
    info = cocoseg.info(SOURCE, png_dir=FIXTURES / "panoptic", categories=SOURCE)
    assert (1, 9) in info.sizes


def test_images_without_an_annotation_are_counted(tmp_path: Path) -> None:
    document = json.loads(SOURCE.read_text())
    del document["annotations"][1]
    (tmp_path / "panoptic.json").write_text(json.dumps(document))
    info = cocoseg.info(tmp_path / "panoptic.json", png_dir=FIXTURES / "panoptic")
    assert (info.images, info.missing) == (2, ("annotations of 1 images",))


def test_bad_images_are_named(tmp_path: Path) -> None:
    source = badinput.lay_out(badinput.load("doc-040_id_null"), tmp_path / "set")
    result = run("info", source)
    assert result.code == 1
    assert "Refused (1 id.type)" in result.stdout
    assert "annotations[0] (image 1, 'a.png')" in result.stdout


def test_in_words_and_as_json() -> None:
    text = run("info", SOURCE).stdout
    assert "11, 1 of them crowd" in text
    assert "5 (2 things, 3 stuff), 5 used" in text
    plain = json.loads(run("info", SOURCE, "--json").stdout)
    assert plain["segments"] == 11
    assert plain["sizes"][0] == {"height": 6, "width": 8, "images": 1}


def test_a_wrong_path_helps() -> None:
    result = run("info", "nope.json")
    assert (result.code, result.stderr) == (3, "cocoseg: 'nope.json' does not exist [file.missing]\n")


@pytest.mark.parametrize("stack", [None, "npz"])
def test_masks_are_told_by_their_tables(stack: Any, tmp_path: Path) -> None:
    source = FIXTURES / "panoptic.json"
    cocoseg.to_masks(source, tmp_path / "out", stack=stack)
    found, expected = cocoseg.info(tmp_path / "out"), cocoseg.info(source)
    for field in ("images", "segments", "crowd", "categories", "used", "sizes", "missing", "failures", "problems"):
        assert getattr(found, field) == getattr(expected, field), field


@pytest.mark.parametrize("finished", [True, False])
def test_a_json_is_preferred_to_the_masks_that_were_made_of_it(finished: bool, tmp_path: Path) -> None:
    source = tmp_path / "instances.json"
    source.write_bytes((FIXTURES / "instances.json").read_bytes())
    cocoseg.to_masks(source, tmp_path / "masks")
    if not finished:
        (tmp_path / "masks/cocoseg.json").unlink()
    info = cocoseg.info(tmp_path)
    assert (info.format, info.images) == ("coco", cocoseg.info(source).images)
    assert "instances.json" in info.read_as
    (tmp_path / "panoptic.json").write_bytes(SOURCE.read_bytes())
    with pytest.raises(cocoseg.DocumentError, match="holds 2 files with annotations: 'instances.json', 'pano"):
        cocoseg.info(tmp_path)


def test_masks_beside_other_jsons_are_told_by_their_tables(tmp_path: Path) -> None:
    cocoseg.to_masks(FIXTURES / "instances.json", tmp_path / "masks")
    (tmp_path / "masks/cocoseg.json").unlink()
    (tmp_path / "masks/notes.json").write_text('{"made": "by hand"}')
    assert cocoseg.info(tmp_path / "masks", categories=FIXTURES / "instances.json").format == "masks"


def test_masks_of_others_are_told_by_names_and_headers(tmp_path: Path) -> None:
    files = {"a/1_dog.png": (2, 3), "a/2_cat.png": (2, 3), "b/1_dog.png": (4, 1)}
    for name, size in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(write_mask(np.ones(size, bool)))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "1_dog.png").write_bytes(b"GIF89a")
    info = cocoseg.info(tmp_path)
    assert (info.format, info.images, info.segments, info.crowd) == ("masks", 3, 3, 0)
    assert info.used == {1: 1, 2: 2}
    assert info.sizes == {(2, 3): 1, (4, 1): 1}
    assert [text.partition(" (")[0] for text in info.missing] == [
        "categories, except for the classes in file names",
        "the photos' names and ids",
    ]
    assert [problem.category for problem in info.failures] == ["png.format"]
    result = run("info", tmp_path)
    assert result.code == 1
    assert "folder with one mask per instance" in result.stdout


@pytest.mark.parametrize(("photo", "format"), [("a.png", "coco"), ("b.jpg", "coco"), ("a.jpg", "semantic")])
def test_grey_pictures_beside_a_json_are_labels_of_the_photos_that_it_names(
    photo: str, format: str, tmp_path: Path
) -> None:
    Image.fromarray(np.full((4, 6), 3, np.uint8)).save(tmp_path / "a.png")
    rows = [{"id": 1, "image_id": 1, "category_id": 3, "segmentation": [[0, 0, 3, 0, 3, 3]]}]
    images = [{"id": 1, "file_name": photo, "height": 4, "width": 6}]
    categories = [{"id": 3, "name": "car"}]
    (tmp_path / "set.json").write_text(json.dumps({"images": images, "annotations": rows, "categories": categories}))
    assert cocoseg.info(tmp_path).format == format


def test_colours_beside_a_json_are_photos(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 6, 3), 3, np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "set.json").write_bytes((FIXTURES / "instances.json").read_bytes())
    assert cocoseg.info(tmp_path).format == "coco"


def test_a_layout_names_its_labels_splits_and_photos(tmp_path: Path) -> None:
    info = cocoseg.info(FIXTURES / "cityscapes", split="val")
    assert info.labels == "gtFine/{split}/{stem}_gtFine_instanceIds.png"
    assert (info.splits, info.split, info.images) == ({"train": 1, "val": 2}, "val", 2)
    assert info.photos == "leftImg8bit/{split}/{stem}_leftImg8bit.png (not there)"
    text = run("info", FIXTURES / "cityscapes", "--split", "val").stdout
    assert "  format      Cityscapes (gtFine, gtCoarse), split val\n" in text
    assert "  splits      train 1, val 2\n" in text
    assert cocoseg.info(SOURCE).labels == cocoseg.info(SOURCE).photos == ""


def test_a_layout_with_lists_and_a_second_picture(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "voc", tmp_path / "voc")
    info = cocoseg.info(tmp_path / "voc")
    assert info.labels == "SegmentationClass/{stem}.png with SegmentationObject/{stem}.png"
    assert info.splits == {"val": 2}
    (tmp_path / "voc/ImageSets/Segmentation/none.txt").write_text("")
    (tmp_path / "voc/JPEGImages").mkdir()
    (tmp_path / "voc/JPEGImages" / f"{next((tmp_path / 'voc/SegmentationClass').iterdir()).stem}.jpg").touch()
    shutil.rmtree(tmp_path / "voc/SegmentationObject")
    info = cocoseg.info(tmp_path / "voc")
    assert (info.labels, info.photos) == ("SegmentationClass/{stem}.png", "JPEGImages/{stem}.jpg")
    assert info.splits == {"none": 0, "val": 2}


def test_several_data_sets_in_a_folder_are_listed(tmp_path: Path) -> None:
    for name in ("voc", "cityscapes"):
        shutil.copytree(FIXTURES / name, tmp_path / "all" / name)
    result = run("to-semantic", tmp_path / "all", tmp_path / "out")
    assert result.code == 3
    assert "holds several data sets: 'voc' (Pascal VOC " in result.stderr
    assert f"'cityscapes' (Cityscapes (gtFine, gtCoarse)); name one as SRC, as in: cocoseg info {tmp_path}/all/voc" in (
        result.stderr
    )
    assert cocoseg.info(tmp_path / "all", source_format="voc").images == 3
