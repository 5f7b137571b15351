"""Portraits: EG1800's PNGs, and the masks of APSIS in MATLAB's files."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from formats.drawn import expected
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.formats.maps import mat
from conftest import FIXTURES

PNGS, MATS = FIXTURES / "eg1800", FIXTURES / "apsis"
NAMES = ["00001", "00002", "00017"]


@pytest.fixture
def eg1800(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PNGS, tmp_path / "EG1800"))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_labels_are_background_and_person(number: int) -> None:
    assert detect(PNGS) == "eg1800"
    dataset = cocoseg.read(PNGS)
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("index", dataset))
    np.testing.assert_array_equal(found, expected(f"portraits/{NAMES[number]}"))
    assert dataset[number].file_name == f"{NAMES[number]}.png"
    assert [row.name for row in dataset.categories] == ["background", "person"]


def test_labels_of_0_and_255_are_the_same(eg1800: Path) -> None:
    for file in (eg1800 / "Labels").glob("*.png"):
        Image.fromarray((np.array(Image.open(file)) == 1).astype(np.uint8) * 255).save(file)
    dataset = cocoseg.read(eg1800)
    found = cocoseg.semantic(dataset[1], cocoseg.label_scheme("index", dataset))
    np.testing.assert_array_equal(found, expected("portraits/00002"))


@pytest.mark.parametrize(("split", "names"), [("train", ["00001", "00017"]), ("test", ["00002"])])
def test_lists_name_pictures_with_their_ending(split: str, names: list[str]) -> None:
    assert [sample.key for sample in cocoseg.read(PNGS, split=split)] == [f"{name}.png" for name in names]


def test_a_folder_of_labels_alone_is_not_eg1800(eg1800: Path) -> None:
    (eg1800 / "eg1800_train.txt").unlink()
    assert detect(eg1800) == "semantic"


@pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is not installed")
class TestMatlabsFiles:
    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_masks_are_read(self, number: int) -> None:
        assert detect(MATS) == "apsis"
        dataset = cocoseg.read(MATS)
        found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("index", dataset))
        wanted = expected(f"portraits/{NAMES[number]}")
        np.testing.assert_array_equal(found, np.where(wanted == 255, 0, wanted))

    @pytest.mark.parametrize(("split", "names"), [("train", ["00001", "00017"]), ("test", ["00002"])])
    def test_lists_are_numbers(self, split: str, names: list[str]) -> None:
        assert [sample.file_name for sample in cocoseg.read(MATS, split=split)] == [f"{name}.jpg" for name in names]

    def test_sizes_are_surveyed(self) -> None:
        assert cocoseg.info(MATS).sizes == {(3, 4): 1, (2, 3): 1, (2, 4): 1}


def test_without_scipy_the_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mat, "find_spec", lambda name: None)
    with pytest.raises(cocoseg.UsageError, match=r"needs scipy: pip install 'cocoseg\[losses\]'") as caught:
        cocoseg.read(MATS)
    assert caught.value.category == "usage.extra"
