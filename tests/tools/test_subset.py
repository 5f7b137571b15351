from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.errors import CocosegError
from command import cocoseg as run
from conftest import FIXTURES

INSTANCES = FIXTURES / "instances.json"


def rows(path: Path, name: str) -> dict[Any, Any]:
    return {row["id"]: row for row in json.loads(path.read_text())[name]}


def test_all_of_a_json_is_the_same_rows(tmp_path: Path) -> None:
    cocoseg.subset(INSTANCES, tmp_path / "out.json")
    for name in ("images", "annotations", "categories"):
        assert rows(tmp_path / "out.json", name) == rows(INSTANCES, name)


def test_classes_keep_their_ids(tmp_path: Path) -> None:
    cocoseg.subset(INSTANCES, tmp_path / "out.json", classes="dog", without_empty=True)
    wanted = {id: row for id, row in rows(INSTANCES, "annotations").items() if row["category_id"] == 18}
    assert wanted
    assert rows(tmp_path / "out.json", "annotations") == wanted
    assert set(rows(tmp_path / "out.json", "images")) == {row["image_id"] for row in wanted.values()}
    assert set(rows(tmp_path / "out.json", "categories")) == {18}


def test_images_without_the_class_stay_unless_they_are_to_go(tmp_path: Path) -> None:
    cocoseg.subset(INSTANCES, tmp_path / "out.json", classes="dog")
    assert rows(tmp_path / "out.json", "images") == rows(INSTANCES, "images")


def test_crowds_can_be_left_out(tmp_path: Path) -> None:
    assert any(row["iscrowd"] for row in rows(INSTANCES, "annotations").values())
    cocoseg.subset(INSTANCES, tmp_path / "out.json", crowd="drop")
    assert not any(row["iscrowd"] for row in rows(tmp_path / "out.json", "annotations").values())


@pytest.mark.parametrize("least", [1, 3, 6])
def test_small_masks_can_be_left_out(least: int, tmp_path: Path) -> None:
    cocoseg.subset(INSTANCES, tmp_path / "out.json", min_area=least)
    wanted = {
        int(id)
        for sample in cocoseg.read(INSTANCES)
        for id, area in zip(sample.ids, sample.areas, strict=True)
        if area >= least
    }
    assert set(rows(tmp_path / "out.json", "annotations")) == wanted


def test_a_list_and_a_pattern_select_images(tmp_path: Path) -> None:
    names = [row["file_name"] for row in rows(INSTANCES, "images").values()]
    (tmp_path / "list.txt").write_text(f"{names[0]}\nnowhere.jpg\n")
    result = cocoseg.subset(INSTANCES, tmp_path / "out.json", select=tmp_path / "list.txt")
    assert [row["file_name"] for row in rows(tmp_path / "out.json", "images").values()] == names[:1]
    assert [row.category for row in result.problems if row.category.startswith("subset")] == ["subset.missing"]
    cocoseg.subset(INSTANCES, tmp_path / "other.json", select="thin/*")
    assert [row["file_name"] for row in rows(tmp_path / "other.json", "images").values()] == [
        name for name in names if name.startswith("thin/")
    ]


@pytest.mark.parametrize("flag", ["--images", "--select"])
def test_images_are_chosen_on_the_command_line(flag: str, tmp_path: Path) -> None:
    assert run("subset", INSTANCES, tmp_path / "out.json", flag, "thin/*").code == 0
    assert {row["file_name"] for row in rows(tmp_path / "out.json", "images").values()} == {"thin/row.jpg"}


def test_the_images_of_a_results_list_come_from_another_json(tmp_path: Path) -> None:
    document = json.loads(INSTANCES.read_text())
    (tmp_path / "results.json").write_text(json.dumps(document["annotations"]))
    words = ("subset", tmp_path / "results.json", tmp_path / "out.json", "--images-from", INSTANCES)
    assert run(*words, "--images", "thin/*").code == 0
    assert len(rows(tmp_path / "out.json", "images")) == 1


def test_a_sample_is_stable_and_grows(tmp_path: Path) -> None:
    found = []
    for number in (1, 2, 3):
        cocoseg.subset(INSTANCES, tmp_path / f"{number}.json", max_images=number)
        found.append(set(rows(tmp_path / f"{number}.json", "images")))
    assert [len(own) for own in found] == [1, 2, 3]
    assert found[0] < found[1] < found[2]


def test_a_sample_is_of_images_that_hold_something(tmp_path: Path) -> None:
    result = cocoseg.subset(INSTANCES, tmp_path / "out.json", classes="dog", without_empty=True, max_images=1)
    assert result.images == 1
    assert rows(tmp_path / "out.json", "annotations")


def test_panoptic_ids_stay(tmp_path: Path) -> None:
    cocoseg.subset(FIXTURES / "panoptic.json", tmp_path / "out", classes="person")
    before = {sample.key: sample for sample in cocoseg.read(FIXTURES / "panoptic.json")}
    for sample in cocoseg.read(tmp_path / "out"):
        kept = before[sample.key].ids[before[sample.key].category_ids == 1].tolist()
        assert sorted(sample.ids.tolist()) == sorted(kept)


def test_class_maps_keep_their_numbers(tmp_path: Path) -> None:
    cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "maps", labels="mask2former")
    cocoseg.subset(tmp_path / "maps", tmp_path / "out")
    for path in (tmp_path / "maps").rglob("*.png"):
        assert (tmp_path / "out" / path.relative_to(tmp_path / "maps")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("options", "category"),
    [
        ({"classes": "dgo"}, "usage.classes"),
        ({"select": "nothing*"}, "usage.images"),
        ({"select": str(INSTANCES)}, "usage.images"),
        ({"select": "gone.txt"}, "file.missing"),
        ({"labels": "index"}, "usage.labels"),
        ({"overlap": "area"}, "usage.overlap"),
        ({"to": "panoptic"}, "usage.out"),
        ({"to": "yolo"}, "usage.to"),
        ({"min_area": 10**9, "without_empty": True}, "usage.subset"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], category: str, tmp_path: Path) -> None:
    with pytest.raises(CocosegError) as caught:
        cocoseg.subset(INSTANCES, tmp_path / "out.json", **options)
    assert caught.value.category == category
    assert not (tmp_path / "out.json").exists()


def test_masks_are_written_as_asked(tmp_path: Path) -> None:
    cocoseg.subset(INSTANCES, tmp_path / "out.json", segmentation="rle")
    assert all("counts" in row["segmentation"] for row in rows(tmp_path / "out.json", "annotations").values())
