"""to-hf: an imagefolder as ``datasets`` documents it, and what Mask2Former's processor asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import photographs
import pytest
from PIL import Image

import cocoseg


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "src", 5)


def lines(out: Path, part: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / part / "metadata.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("task", ["semantic", "panoptic"])
def test_each_line_names_a_photo_and_its_label(task: Any, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cocoseg.to_hf(source, out, photos=source.parent / "photos", parts="train=.5,val=.5", task=task)
    found = [(part, row) for part in ("train", "val") for row in lines(out, part)]
    assert sorted(row["image_id"] for _, row in found) == list(range(5))
    for part, row in found:
        photo, label = (np.array(Image.open(out / part / row[name])) for name in ("file_name", "label_file_name"))
        assert photo.shape[:2] == label.shape == photographs.SIZE
        assert set(row) == {"file_name", "label_file_name", "image_id", *(["segments"] if task == "panoptic" else [])}


def test_class_maps_are_those_of_to_semantic(source: Path, tmp_path: Path) -> None:
    cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos")
    cocoseg.to_semantic(source, tmp_path / "maps")
    for path in (tmp_path / "maps").glob("*.png"):
        assert (tmp_path / "out" / "train" / "labels" / path.name).read_bytes() == path.read_bytes()


def test_numbers_and_classes_are_what_the_processor_asks_for(source: Path, tmp_path: Path) -> None:
    cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos", task="panoptic")
    names = json.loads((tmp_path / "out" / "id2label.json").read_text())
    assert names == {"0": "background", "1": "cat", "2": "no", "3": "traffic light"}
    for row in lines(tmp_path / "out", "train"):
        numbers = set(np.unique(Image.open(tmp_path / "out" / "train" / row["label_file_name"])).tolist()) - {255}
        assert numbers == set(dict(row["segments"]))  # else the processor raises a KeyError
        assert {str(label) for _, label in row["segments"]} <= set(names)


def test_a_bad_image_leaves_no_line(source: Path, tmp_path: Path) -> None:
    (source.parent / "photos" / "1.jpg").write_bytes(b"")
    summary = cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos")
    assert [row.category for row in summary.failures] == ["image.corrupt"]
    assert [row["image_id"] for row in lines(tmp_path / "out", "train")] == [0, 2, 3, 4]
    assert not cocoseg.verify(tmp_path / "out").failures


def test_void_that_the_processors_do_not_ignore_is_refused(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.toml"
    path.write_text('preset = "index"\nvoid = 254\n')
    with pytest.raises(cocoseg.LabelError, match="void is 254"):
        cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos", labels=path)


@pytest.mark.parametrize("task", ["semantic", "panoptic"])
def test_datasets_loads_it(task: Any, source: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos", parts="train=.5,val=.5", task=task)
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert sum(map(len, found.values())) == 5
    assert {"image", "label", "image_id"} <= set(found["train"].features)
    assert isinstance(found["train"].features["label"], datasets.Image)


@pytest.mark.parametrize("convert", [cocoseg.to_hf, cocoseg.to_shards])
def test_classes_of_one_name_are_told_apart(convert: Any, source: Path, tmp_path: Path) -> None:
    """Who trains turns id2label around, which would lose a class."""
    source.write_text(source.read_text().replace('"no"', '"cat"'))
    summary = convert(source, tmp_path / "out", photos=source.parent / "photos")
    found = json.loads((tmp_path / "out" / "id2label.json").read_text())
    assert [*found.values()] == ["background", "cat", "cat (2)", "traffic light"]
    said = [row.message for row in summary.problems if "id2label.json" in row.message]
    assert [text.split(";")[0] for text in said] == [
        "1 class has the name of another, so that id2label.json calls it 'cat (2)'"
    ]


@pytest.mark.parametrize(("ids", "texts"), [([0, "b", 2], True), ([0, 1, 1 << 63], True), ([0, 1, 1 << 62], False)])
def test_a_column_of_ids_has_one_type(ids: list[Any], texts: bool, tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 3)
    document = json.loads(source.read_text())
    for row in document["images"]:
        row["id"] = ids[row["id"]]
    for row in document["annotations"]:
        row["image_id"] = ids[row["image_id"]]
    source.write_text(json.dumps(document))
    summary = cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos")
    assert [row["image_id"] for row in lines(tmp_path / "out", "train")] == [str(id) if texts else id for id in ids]
    assert any("all image ids are texts" in note for note in summary.notes) == texts
