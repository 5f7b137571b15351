"""What conversions for training stacks share: photos, the first images, splits, bad images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import photographs
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run
from conftest import FIXTURES

STACKS = ["to-yolo", "to-hf", "to-voc", "to-shards"]
every_stack = pytest.mark.parametrize("command", STACKS)


@every_stack
def test_the_first_images_only(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 3)
    words = (command, source, tmp_path / "out", "--photos", tmp_path / "src" / "photos")
    result = run(*words, "--limit", "2", "--json")
    assert (result.code, result.summary["listed"], result.summary["images"]) == (0, 2, 2)
    assert "only the first 2 images of 3 (--limit)" in result.summary["notes"]
    assert json.loads((tmp_path / "out" / "cocoseg.json").read_text())["options"]["limit"] == 2
    assert run(*words, "-q").code == 0
    assert run("verify", tmp_path / "out").code == 0
    result = run(*words, "--limit", "2")
    assert (result.code, "would drop 1 of them" in result.stderr) == (2, True)


@every_stack
def test_a_split_is_the_part_that_is_written(command: str, tmp_path: Path) -> None:
    source = FIXTURES / "voc"
    for sample in cocoseg.read(source):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.new("RGB", sample.size[::-1]).save(tmp_path / "photos" / sample.file_name)
    result = run(command, source, tmp_path / "out", "--photos", tmp_path / "photos", "--split", "val", "--json")
    assert result.code == 0, result.stderr
    assert result.summary["listed"] == len(cocoseg.read(source, split="val")) == 2
    assert any("val" in str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*"))


@every_stack
def test_a_bad_image_costs_itself_and_is_made_when_it_is_mended(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 3)
    photo = tmp_path / "src" / "photos" / "1.jpg"
    good = photo.read_bytes()
    words = (command, source, tmp_path / "out", "--photos", tmp_path / "src" / "photos")
    photo.write_bytes(good[:30])
    result = run(*words, "--json")
    assert (result.code, result.summary["images"], result.summary["failed"]) == (1, 2, 1)
    assert run("verify", tmp_path / "out").code == 0
    photo.write_bytes(good)
    result = run(*words, "--json")
    assert (result.code, result.summary["made"], result.summary["kept"]) == (0, 1, 2)
    assert run("verify", tmp_path / "out").code == 0


@every_stack
def test_a_dry_run_writes_nothing(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 3)
    result = run(command, source, tmp_path / "out", "--photos", tmp_path / "src" / "photos", "--dry-run")
    assert result.code == 0, result.stderr
    assert not (tmp_path / "out").exists()


@every_stack
def test_out_may_not_lie_among_the_photos(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 1)
    photos = tmp_path / "src" / "photos"
    result = run(command, source, photos / "out", "--photos", photos)
    assert (result.code, "choose another OUT" in result.stderr) == (2, True)
    assert not (photos / "out").exists()


@every_stack
def test_an_out_of_another_command_is_refused(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 1)
    assert run("to-semantic", source, tmp_path / "out").code == 0
    result = run(command, source, tmp_path / "out", "--photos", tmp_path / "src" / "photos")
    assert "what 'cocoseg to-semantic' wrote" in result.stderr
    assert result.code == 4


@every_stack
def test_an_unknown_category_costs_its_image(command: str, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 2)
    document = json.loads(source.read_text())
    document["annotations"][0]["category_id"] = 99
    source.write_text(json.dumps(document))
    result = run(command, source, tmp_path / "out", "--photos", tmp_path / "src" / "photos", "--json")
    assert (result.code, result.summary["failed"]) == (1, 1)


@pytest.mark.parametrize("convert", [cocoseg.to_yolo, cocoseg.to_hf, cocoseg.to_voc, cocoseg.to_shards])
def test_a_photo_that_fits_turned_and_not_is_said(convert: Any, tmp_path: Path) -> None:
    """Every stack turns it, and its labels may be on the stored pixels."""
    source = photographs.save(tmp_path / "src", 3)
    exif = Image.Exif()
    exif[0x112] = 3
    Image.new("RGB", photographs.SIZE[::-1]).save(tmp_path / "src" / "photos" / "1.jpg", exif=exif)
    summary = convert(source, tmp_path / "out", photos=tmp_path / "src" / "photos")
    assert (summary.images, [row.category for row in summary.problems]) == (3, ["photo.orientation"])
    assert "1.jpg' is turned by its EXIF orientation, and of the same size without it" in summary.problems[0].message
