"""Folders of panopticapi's 2-channel PNGs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from badinput import build_png
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
FOLDER = FIXTURES / "two-channel"
CATEGORIES = [{"id": 1, "name": "person", "isthing": 1}, {"id": 2, "name": "sky", "isthing": 0}, {"id": 3, "name": "x"}]


def save(path: Path, rgb: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.array(rgb, np.uint8)).save(path)
    return path.parent


def write_categories(path: Path, rows: list[dict[str, Any]] = CATEGORIES) -> Path:
    path.write_text(json.dumps(rows))
    return path


def shapes(sample: cocoseg.Sample) -> set[tuple[int, bytes]]:
    """The category and the pixels of every segment."""
    return {
        (int(category), (sample.id_map == ident).tobytes())
        for ident, category in zip(sample.ids, sample.category_ids, strict=True)
    }


def check_same(folder: Path, source: Path, **options: Any) -> int:
    """The same segments as a panoptic file's, image by image; how many there are."""
    categories = options.get("categories", source)
    dataset = cocoseg.read(folder, categories=categories)
    twins = {sample.key: sample for sample in cocoseg.read(source, **options)}
    assert len(dataset) == len(twins)
    for sample in dataset:
        assert shapes(sample) == shapes(twins[sample.key])
        assert not sample.iscrowd.any()
    return sum(len(sample.ids) for sample in dataset)


def test_the_fixtures_are_those_of_the_panoptic_json() -> None:
    assert check_same(FOLDER, SOURCE) == 11


def test_real_ones_are_those_of_the_panoptic_json(real_data: Path) -> None:
    folder = real_data / "coco_panoptic/val2017_sample"
    categories = real_data / "coco_panoptic/panoptic_coco_categories.json"
    twin = folder / "panoptic_examples.json"
    assert check_same(folder / "panoptic_examples_2ch_format", twin, categories=categories) == 50


def test_pairs_are_segments_and_stuff_is_one(tmp_path: Path) -> None:
    row = [[1, 9, 0], [1, 0, 0], [1, 9, 0], [2, 5, 0], [2, 0, 0], [0, 0, 0], [3, 0, 0], [3, 1, 0]]
    folder = save(tmp_path / "two" / "a.png", [row])
    (sample,) = cocoseg.read(folder, categories=write_categories(tmp_path / "c.json"))
    assert sample.id_map.tolist() == [[2, 1, 2, 3, 3, 0, 4, 5]]
    assert sample.category_ids.tolist() == [1, 1, 2, 3, 3]
    assert sample.ids.tolist() == [1, 2, 3, 4, 5]
    assert not sample.iscrowd.any()


@pytest.mark.parametrize(
    "row",
    [
        [[26, 0, 0, 1], [26, 0, 0, 2], [0, 0, 0, 0]],  # two cars of BDD100K, which differ in alpha alone
        [[26, 0, 0, 255], [26, 0, 0, 254]],
        [[0, 3, 0, 1], [0, 3, 0, 1]],
    ],
)
def test_alpha_that_says_something_is_refused(row: Any, tmp_path: Path) -> None:
    folder = save(tmp_path / "two" / "a.png", [row])
    summary = cocoseg.to_coco(folder, tmp_path / "a.json", categories=write_categories(tmp_path / "c.json"))
    assert (summary.images, [problem.category for problem in summary.failures]) == (0, ["png.mode"])
    assert "BDD100K" in summary.failures[0].message


def test_real_bitmasks_of_bdd100k_are_refused(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "bdd100k/panseg_bdd100k"
    summary = cocoseg.to_coco(folder, tmp_path / "a.json", categories=write_categories(tmp_path / "c.json"))
    assert [problem.category for problem in summary.failures] == ["png.mode"]


def test_opaque_pictures_with_alpha_are_taken(tmp_path: Path) -> None:
    folder = save(tmp_path / "two" / "a.png", [[[1, 9, 0, 255], [1, 8, 0, 255]]])
    (sample,) = cocoseg.read(folder, categories=write_categories(tmp_path / "c.json"))
    assert sample.id_map.tolist() == [[2, 1]]


def test_category_0_has_instances_but_0_0_is_void(tmp_path: Path) -> None:
    folder = save(tmp_path / "two" / "a.png", [[[0, 0, 0], [0, 1, 0]]])
    categories = write_categories(tmp_path / "c.json", [{"id": 0, "name": "zero", "isthing": 1}])
    (sample,) = cocoseg.read(folder, categories=categories)
    assert sample.id_map.tolist() == [[0, 1]]


def test_through_the_command(tmp_path: Path) -> None:
    args = ("--categories", SOURCE, "--images", SOURCE, "--json")
    result = run("to-semantic", FOLDER, tmp_path / "out", *args)
    assert (result.code, result.stderr) == (0, "")
    assert result.summary["pixels"] == {"0": 28, "1": 5, "2": 13, "3": 13, "4": 11, "255": 22}


def test_info() -> None:
    info = cocoseg.info(FOLDER, categories=SOURCE)
    assert (info.format, info.images, info.segments) == ("two-channel", 3, None)
    said = "categories (give them with --categories, or the colours of classes with --colors)"
    assert said in cocoseg.info(FOLDER).missing


def test_categories_are_needed() -> None:
    with pytest.raises(cocoseg.DocumentError, match=r"--categories.*panoptic JSON") as caught:
        cocoseg.read(FOLDER)
    assert caught.value.category == "doc.missing_key"


@pytest.mark.parametrize(
    ("data", "category", "said"),
    [
        (build_png(2, 1, pixels=[[1, 0, 1, 0, 0, 0]]), "png.mode", r"colour \(1, 0, 1\).*give its panoptic JSON"),
        (build_png(2, 1, pixels=[[9, 0, 0, 9, 1, 0]]), "id.unknown", r"9 \(2 pixels\), which is not a category id"),
        (
            build_png(2, 1, pixels=[[0, 3, 0, 0, 0, 0]]),
            "id.unknown",
            r"category 0 is void but has an instance .* in 1 pixels",
        ),
        (build_png(2, 1, 0), "png.mode", "8-bit grey; .*--from semantic"),
        (build_png(2, 1, 2, 16), "png.mode", "16-bit RGB"),
        (build_png(9, 9)[:-20], "png.corrupt", "get the file again"),
        (b"\xff\xd8\xff", "png.format", "is a JPEG"),
    ],
    ids=["ids", "category", "category 0", "grey", "16 bits", "cut off", "JPEG"],
)
def test_bad_pictures_cost_themselves(data: bytes, category: str, said: str, tmp_path: Path) -> None:
    folder = save(tmp_path / "two" / "good.png", [[[1, 1, 0]]])
    (folder / "bad.png").write_bytes(data)
    args = ("--categories", write_categories(tmp_path / "c.json"), "--from", "two-channel", "--json")
    result = run("to-semantic", folder, tmp_path / "out", *args)
    assert result.code == 1, result.stderr
    assert result.summary["images"] == 1
    (failure,) = result.summary["failures"]
    assert failure["category"] == category
    assert failure["message"].startswith(f"{folder}: 'bad.png': ")
    with pytest.raises(cocoseg.SampleError, match=said):
        cocoseg.read(folder, categories=tmp_path / "c.json", source_format="two-channel")[0]


def test_photos_are_told_from_panoptic_pictures(tmp_path: Path) -> None:
    folder = save(tmp_path / "two" / "a.png", np.random.default_rng(0).integers(0, 256, (40, 40, 3)))
    with pytest.raises(cocoseg.SampleError, match="looks like a photo: give the folder of the labels"):
        cocoseg.read(folder, categories=write_categories(tmp_path / "c.json"))[0]
