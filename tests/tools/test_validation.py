"""--val: a second source that is the validation part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import photographs
import pytest
import yaml

import cocoseg
from cocoseg.tools.validation import in_both, matched
from command import cocoseg as run
from conftest import FIXTURES

TOOLS = {"to-yolo": cocoseg.to_yolo, "to-hf": cocoseg.to_hf, "to-voc": cocoseg.to_voc, "to-shards": cocoseg.to_shards}
every_stack = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "train", 3)


@pytest.fixture
def val(tmp_path: Path) -> Path:
    """Two images under other names, with the classes in another order and under other ids."""
    return renumbered(photographs.save(tmp_path / "val", 2, prefix="v"))


def renumbered(path: Path) -> Path:
    document = json.loads(path.read_text())
    new = {row["id"]: 101 + k for k, row in enumerate(reversed(document["categories"]))}
    for row in document["categories"]:
        row["id"] = new[row["id"]]
    for row in document["annotations"]:
        row["category_id"] = new[row["category_id"]]
    document["categories"].reverse()
    path.write_text(json.dumps(document))
    return path


def photos(source: Path) -> Path:
    return source.parent / "photos"


def options(train: Path, val: Path) -> dict[str, Any]:
    return {"photos": photos(train), "val": val, "val_photos": photos(val)}


@every_stack
def test_both_sources_are_parts(tool: Any, train: Path, val: Path, tmp_path: Path) -> None:
    summary = tool(train, tmp_path / "out", **options(train, val))
    assert (summary.listed, summary.images, summary.failures) == (5, 5, [])
    assert "train 3, val 2" in summary.notes
    assert cocoseg.verify(tmp_path / "out").whole
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert [row["name"] for row in report["sources"]] == ["instances.json", "photos", "instances.json", "photos"]
    assert tool(train, tmp_path / "out", **options(train, val)).kept == 5


def test_labels_of_both_have_the_same_numbers(train: Path, val: Path, tmp_path: Path) -> None:
    cocoseg.to_yolo(train, tmp_path / "out", **options(train, val))
    config = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert (config["train"], config["val"]) == ("images/train", "images/val")
    lines = [(tmp_path / "out" / "labels" / name).read_text() for name in ("train/1.txt", "val/v1.txt")]
    assert lines[0] == lines[1]
    cocoseg.to_hf(train, tmp_path / "hf", **options(train, val))
    maps = [(tmp_path / "hf" / name).read_bytes() for name in ("train/labels/1.png", "val/labels/v1.png")]
    assert maps[0] == maps[1]


def test_photos_of_one_folder_need_no_second_option(train: Path, val: Path, tmp_path: Path) -> None:
    for path in photos(val).iterdir():
        path.rename(photos(train) / path.name)
    assert not cocoseg.to_hf(train, tmp_path / "out", photos=photos(train), val=val).failures
    assert len(list((tmp_path / "out" / "val" / "images").iterdir())) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda names: [*names, {"id": 9, "name": "bird"}], "has also 'bird', unlike"),
        (lambda names: names[1:], "lacks 'traffic light', unlike"),
        (lambda names: [names[0] | {"name": "Traffic Light"}, *names[1:]], "lacks 'traffic light' and has also 'Traffic L"),
    ],
)  # fmt: skip
def test_other_classes_are_refused(change: Any, said: str, train: Path, val: Path, tmp_path: Path) -> None:
    document = json.loads(val.read_text())
    val.write_text(json.dumps(document | {"categories": change(document["categories"])}))
    with pytest.raises(cocoseg.UsageError, match=said) as caught:
        cocoseg.to_yolo(train, tmp_path / "out", **options(train, val))
    assert caught.value.category == "usage.val"
    assert not (tmp_path / "out").exists()


@every_stack
def test_parts_and_a_validation_source_are_refused(tool: Any, train: Path, val: Path, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="give one of the two"):
        tool(train, tmp_path / "out", parts="train=.5,val=.5", **options(train, val))
    with pytest.raises(cocoseg.UsageError, match="which val has to name"):
        tool(train, tmp_path / "out", photos=photos(train), val_photos=photos(val))


def test_names_in_both_are_said_and_refused_where_they_are_one_file(train: Path, tmp_path: Path) -> None:
    given = options(train, train)
    summary = cocoseg.to_hf(train, tmp_path / "out", **given)
    assert any("3 names in both SRC and VAL" in note for note in summary.notes)
    with pytest.raises(cocoseg.UsageError, match="VOC has one folder for all"):
        cocoseg.to_voc(train, tmp_path / "voc", **given)


def test_a_class_that_is_twice_under_other_ids_is_refused(train: Path, val: Path) -> None:
    for path in (train, val):
        document = json.loads(path.read_text())
        path.write_text(
            json.dumps(document | {"categories": [row | {"name": "cat"} for row in document["categories"]]})
        )
    with pytest.raises(cocoseg.UsageError, match="several classes 'cat'"):
        matched(cocoseg.read(val), cocoseg.read(train))


def test_the_same_classes_under_the_same_ids_stay_as_they_are() -> None:
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    assert matched(dataset, dataset).load is dataset.load
    assert in_both(dataset[:1], dataset[1:], one_folder=True) == []


def test_on_the_command_line(train: Path, val: Path, tmp_path: Path) -> None:
    words = ("to-shards", train, tmp_path / "out", "--photos", photos(train), "--shards", "1", "--val", val)
    result = run(*words, "--val-photos", photos(val))
    assert (result.code, "train 3, val 2" in result.stdout) == (0, True), result.stderr
    assert {path.name for path in (tmp_path / "out").glob("*.tar")} == {"train-00000.tar", "val-00000.tar"}


def test_a_validation_source_that_is_not_there(train: Path, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="nowhere.json") as caught:
        cocoseg.to_hf(train, tmp_path / "out", photos=photos(train), val=tmp_path / "nowhere.json")
    assert caught.value.category == "file.missing"
