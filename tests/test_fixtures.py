"""The golden fixtures: what the files in ``fixtures/`` must become, through Python and through the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
PICTURES = ["touching.png", "crowd.png", "thin/row.png"]
PRESETS = sorted(path.name for path in (FIXTURES / "expected").iterdir())


def expected(preset: str, picture: str) -> np.ndarray:
    return np.loadtxt((FIXTURES / "expected" / preset / picture).with_suffix(".txt"), dtype=np.int64, ndmin=2)


def test_there_is_an_expectation_for_six_presets() -> None:
    assert (
        sorted(["index", "panopticapi", "panopticapi-things-other", "mask2former", "detectron2-fpn", "deeplab2"])
        == PRESETS
    )


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
