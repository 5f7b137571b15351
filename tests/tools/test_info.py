"""What ``cocoseg info`` finds in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import badinput
import cocoseg
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


@pytest.mark.parametrize("options", [{}, {"stack": "npz"}])
def test_of_masks_it_is_what_it_is_of_what_they_were_made_from(options: Any, tmp_path: Path) -> None:
    cocoseg.to_masks(SOURCE, tmp_path / "out", **options)
    info, whole = cocoseg.info(tmp_path / "out"), cocoseg.info(SOURCE)
    assert info.format == "masks"
    for name in ("images", "segments", "crowd", "categories", "used", "sizes", "missing", "failures"):
        assert getattr(info, name) == getattr(whole, name)
    assert "a mask per segment" in run("info", tmp_path / "out").stdout


def test_of_masks_that_others_made_it_is_what_their_names_tell(tmp_path: Path) -> None:
    cocoseg.to_masks(SOURCE, tmp_path / "out")
    folder = tmp_path / "masks" / "touching"
    folder.mkdir(parents=True)
    for path in (tmp_path / "out" / "touching").glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    info = cocoseg.info(tmp_path / "masks")
    assert (info.images, info.segments, info.crowd) == (1, 3, 0)
    assert info.used == {1: 2, 2: 1}
    assert info.missing == ("sizes of 1 images (their masks' own are used)",)


def test_of_masks_a_damaged_table_is_named(tmp_path: Path) -> None:
    cocoseg.to_masks(SOURCE, tmp_path / "out")
    (tmp_path / "out" / "touching" / "masks.json").write_text("{")
    (failure,) = cocoseg.info(tmp_path / "out").failures
    assert failure.category == "json.syntax"
    assert "touching/masks.json" in failure.message


def test_a_wrong_path_helps() -> None:
    result = run("info", "nope.json")
    assert (result.code, result.stderr) == (3, "cocoseg: 'nope.json' does not exist [file.missing]\n")
