"""What a COCO JSON says of itself and its images is carried over, whatever it is, as one line of strict JSON."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from pycocotools.coco import COCO

import cocoseg
from cocoseg.formats.coco_json.about import image_fields

INFO = {"description": "two\nlines", "year": 2017}
LICENSES = [{"id": 1, "name": "CC BY"}]
FIELDS = {"license": 1, "coco_url": "http://a/b.jpg", "extra": {"a": [1, 2.5, None]}, "large": 10**30}


def described(source: str, folder: Path, indent: int | None = None, **more: Any) -> Path:
    """A fixture's JSON that tells more, its pictures beside it."""
    document = json.loads(Path(f"fixtures/{source}.json").read_text())
    document |= {"info": INFO, "licenses": LICENSES} | more
    for row in document["images"]:
        row |= FIELDS
    path = folder / f"{source}.json"
    path.write_text(json.dumps(document, indent=indent))
    (folder / source).symlink_to(Path(f"fixtures/{source}").resolve())
    return path


def made_by(command: str, src: Path, out: Path) -> Any:
    if command == "to-coco":
        cocoseg.to_coco(src, out / "made.json", workers=1)
        COCO(out / "made.json")
        return json.loads((out / "made.json").read_text())
    cocoseg.to_panoptic(src, out / "made", workers=1)
    return json.loads((out / "made/panoptic.json").read_text())


@pytest.mark.parametrize("command", ["to-coco", "to-panoptic"])
@pytest.mark.parametrize("source", ["panoptic", "instances"])
@pytest.mark.parametrize("indent", [None, 1])
def test_is_in_what_is_made(command: str, source: str, indent: int | None, tmp_path: Path) -> None:
    found = made_by(command, described(source, tmp_path, indent), tmp_path)
    assert (found["info"], found["licenses"]) == (INFO, LICENSES)
    assert [{name: row[name] for name in FIELDS} for row in found["images"]] == [FIELDS] * len(found["images"])
    own = {row["id"]: row for row in json.loads(Path(f"fixtures/{source}.json").read_text())["images"]}
    assert all(row == own[row["id"]] | FIELDS for row in found["images"])


@pytest.mark.parametrize("info", ["COCO", None, [], float("nan"), {"year": float("inf")}])
def test_what_no_reader_could_use_is_not(info: Any, tmp_path: Path) -> None:
    found = made_by("to-coco", described("instances", tmp_path, info=info, licenses={}), tmp_path)
    assert found["licenses"] == []
    assert found["info"]["description"].startswith("instances.json, by cocoseg")


def test_of_stuff_joined_to_instances_the_instances_are_asked_first(tmp_path: Path) -> None:
    stuff = described("stuff", tmp_path, info={"year": 1}, licenses=[{"id": 7}])
    cocoseg.to_panoptic(described("instances", tmp_path), tmp_path / "out", stuff=stuff, workers=1)
    found = json.loads((tmp_path / "out/panoptic.json").read_text())
    assert (found["info"], found["licenses"]) == (INFO, LICENSES)


@pytest.mark.parametrize("command", ["to-coco", "to-panoptic"])
@pytest.mark.parametrize("labels", ["class maps", "masks"])
def test_the_file_that_lists_the_photos_of_a_folder_tells_it_too(labels: str, command: str, tmp_path: Path) -> None:
    src = described("panoptic", tmp_path)
    if labels == "masks":
        cocoseg.to_masks(src, tmp_path / "labels", workers=1)
        for table in [*(tmp_path / "labels").rglob("*.json"), *(tmp_path / "labels").glob(".cocoseg/*")]:
            table.unlink()
    else:
        cocoseg.to_semantic(src, tmp_path / "labels", workers=1)
    call = getattr(cocoseg, command.replace("-", "_"))
    out = tmp_path / ("made.json" if command == "to-coco" else "made")
    call(tmp_path / "labels", out, images=src, categories=src, workers=1)
    found = json.loads((out if out.is_file() else out / "panoptic.json").read_text())
    assert (found["info"], found["licenses"]) == (INFO, LICENSES)
    assert [{name: row[name] for name in FIELDS} for row in found["images"]] == [FIELDS] * len(found["images"])


def test_what_has_changed_is_written_by_the_next_run(tmp_path: Path) -> None:
    src = described("panoptic", tmp_path)
    made_by("to-coco", src, tmp_path)
    src.write_text(src.read_text().replace("http://a/", "http://b/").replace("2017", "2018"))
    found = made_by("to-coco", src, tmp_path)
    assert {row["coco_url"] for row in found["images"]} == {"http://b/b.jpg"}
    assert found["info"]["year"] == 2018


def test_an_image_without_a_row_has_none() -> None:
    assert image_fields(None) == {}


def test_a_row_nested_too_deeply_is_told_in_a_sentence() -> None:
    with pytest.raises(cocoseg.SampleError, match="nested too deeply") as caught:
        image_fields(Raw(b'{"a": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"))
    assert caught.value.category == "json.depth"


@pytest.mark.parametrize("source", ["folder", "instances"])
def test_rows_of_another_file_do_not_hold_it_in_memory(source: str, tmp_path: Path) -> None:
    images = json.loads(Path("fixtures/instances.json").read_text())["images"]
    (tmp_path / "images.json").write_text(json.dumps({"images": images, "annotations": ["x" * 20_000_000]}))
    made = Path("fixtures/instances.json")
    if source == "folder":
        cocoseg.to_semantic(made, made := tmp_path / "maps", workers=1)
    tracemalloc.start()
    dataset = cocoseg.read(made, images=tmp_path / "images.json")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(dataset) == len(images)
    assert held < 10_000_000
