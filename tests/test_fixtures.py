"""The golden fixtures: what the files in ``fixtures/`` must become, through Python and through the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg import labels
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
PICTURES = ["touching.png", "crowd.png", "thin/row.png"]
PRESETS = sorted(  # the other folders are of data sets, some of which are called as a preset
    path.name
    for path in (FIXTURES / "expected").iterdir()
    if path.name in labels.PRESETS and (labels.PRESETS[path.name].table or "coco").startswith("coco")
)
INSTANCES = FIXTURES / "instances.json"
POLICIES = ["file", "area", "score", "void"]
INSTANCE_PICTURES = ["overlap.png", "empty.png", "thin/row.png"]


def expected(preset: str, picture: str) -> np.ndarray:
    return np.loadtxt((FIXTURES / "expected" / preset / picture).with_suffix(".txt"), dtype=np.int64, ndmin=2)


def test_there_is_an_expectation_for_seven_presets() -> None:
    panoptic = ["index", "panopticapi", "panopticapi-things-other", "mask2former", "detectron2-fpn"]
    assert sorted([*panoptic, "deeplab2", "deeplab2-crowds"]) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("place", range(len(PICTURES)))
def test_class_map_in_python(preset: str, place: int) -> None:
    dataset = cocoseg.read(SOURCE)
    sample = dataset[place]
    class_map = cocoseg.semantic(sample, cocoseg.label_scheme(preset, dataset.categories))
    assert sample.key == PICTURES[place]
    assert class_map.dtype == np.uint8
    np.testing.assert_array_equal(class_map, expected(preset, PICTURES[place]))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("palette", [False, True])
def test_class_map_through_the_command(preset: str, palette: bool, tmp_path: Path) -> None:
    options = ["--palette"] if palette else []
    assert run("to-semantic", SOURCE, tmp_path / "out", "--labels", preset, *options).code == 0
    for picture in PICTURES:
        with Image.open(tmp_path / "out" / picture) as image:
            assert image.mode == ("P" if palette else "L")
            np.testing.assert_array_equal(np.array(image), expected(preset, picture))


@pytest.mark.parametrize("place", range(len(PICTURES)))
def test_class_map_from_arrays_as_a_loader_has_them(place: int) -> None:
    import json

    row = json.loads(SOURCE.read_text())["annotations"][place]
    rgb = np.array(Image.open(FIXTURES / "panoptic" / row["file_name"]))
    class_map = cocoseg.panoptic_to_semantic(rgb, row["segments_info"], "mask2former")
    np.testing.assert_array_equal(class_map, expected("mask2former", row["file_name"]))


def test_colours_of_the_palette_are_the_categories(tmp_path: Path) -> None:
    run("to-semantic", SOURCE, tmp_path / "out", "--palette")
    with Image.open(tmp_path / "out" / "touching.png") as image:
        colors = np.array(image.convert("RGB"))
    assert colors[0, 0].tolist() == [107, 142, 35]  # tree
    assert colors[1, 2].tolist() == [220, 20, 60]  # person
    assert colors[5, 0].tolist() == [0, 0, 0]  # void


@pytest.mark.parametrize("policy", POLICIES)
def test_instances_in_python(policy: str) -> None:
    dataset = cocoseg.read(INSTANCES)
    labels = cocoseg.label_scheme(
        "index", dataset.categories, background=dataset.conventions.unlabelled == "background"
    )
    assert [sample.key for sample in dataset] == INSTANCE_PICTURES
    for sample in dataset:
        class_map = cocoseg.semantic(sample, labels, overlap=policy)  # type: ignore[arg-type]
        np.testing.assert_array_equal(class_map, expected(f"instances/{policy}", sample.key))


@pytest.mark.parametrize("policy", POLICIES)
def test_instances_through_the_command(policy: str, tmp_path: Path) -> None:
    result = run("to-semantic", INSTANCES, tmp_path / "out", "--overlap", policy, "--json")
    assert result.code == 0
    assert result.summary["contested"] == 12 + 3
    for picture in INSTANCE_PICTURES:
        with Image.open(tmp_path / "out" / picture) as image:
            np.testing.assert_array_equal(np.array(image), expected(f"instances/{policy}", picture))


def test_contested_pixels_as_an_error(tmp_path: Path) -> None:
    result = run("to-semantic", INSTANCES, tmp_path / "out", "--overlap", "error", "--json")
    assert result.code == 1
    assert [failure["category"] for failure in result.summary["failures"]] == ["overlap.contested"] * 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".cocoseg", "cocoseg.json", "empty.png"]


def test_instance_masks_are_those_that_were_drawn() -> None:
    masks = cocoseg.instance_masks(cocoseg.read(INSTANCES)[0])
    assert masks.dtype == np.bool_
    drawn = ["###..### ###..### ###..... ###..... ........ ........"]
    drawn += ["........ .####... .####... .####... ........ ........"]
    drawn += ["........ ........ ........ ..###### ..###### ..######"]
    drawn += ["........ ........ ...##... ...##... ...##... ........"]
    grids = [[[pixel == "#" for pixel in row] for row in mask.split()] for mask in drawn]
    np.testing.assert_array_equal(masks, grids)
