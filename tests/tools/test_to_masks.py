"""A mask per segment, as a Python call and through the command."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run
from conftest import FIXTURES

PANOPTIC = FIXTURES / "panoptic.json"
INSTANCES = FIXTURES / "instances.json"
EXPECTED = FIXTURES / "expected" / "masks" / "overlap"


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def pngs(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def table(out: Path, image: str) -> dict[str, Any]:
    return json.loads((out / image / "masks.json").read_text())


def document(tmp_path: Path, annotations: list[dict[str, Any]], categories: list[dict[str, Any]]) -> Path:
    """Annotations of one picture of 2×3, each its first pixel where it says nothing else."""
    box = {"segmentation": {"size": [2, 3], "counts": [0, 1, 5]}, "image_id": 1}
    images = [{"id": 1, "file_name": "a.jpg", "height": 2, "width": 3}]
    path = tmp_path / "set.json"
    whole = {"images": images, "categories": categories, "annotations": [box | row for row in annotations]}
    path.write_text(json.dumps(whole))
    return path


def test_the_masks_that_were_drawn(tmp_path: Path) -> None:
    assert run("to-masks", INSTANCES, tmp_path / "out").code == 0
    drawings = sorted(EXPECTED.glob("*.txt"))
    assert pngs(tmp_path / "out" / "overlap") == [path.with_suffix(".png").name for path in drawings]
    for drawing in drawings:
        with Image.open(tmp_path / "out" / "overlap" / f"{drawing.stem}.png") as image:
            assert image.mode == "L"
            found = np.array(image)
        expected = [[255 if pixel == "#" else 0 for pixel in row] for row in drawing.read_text().split()]
        np.testing.assert_array_equal(found, expected)
    assert (tmp_path / "out" / "overlap" / "masks.json").read_text() == (EXPECTED / "masks.json").read_text()


def test_an_image_without_segments_has_a_table(tmp_path: Path) -> None:
    cocoseg.to_masks(INSTANCES, tmp_path / "out")
    found = {"image_id": 2, "file_name": "empty.jpg", "size": [3, 4], "masks": []}
    assert table(tmp_path / "out", "empty") == found


def test_summary_and_report(tmp_path: Path) -> None:
    result = run("to-masks", PANOPTIC, tmp_path / "out", "--json")
    assert result.summary["masks"] == {"1": 4, "18": 2, "184": 1, "187": 2, "193": 2}
    assert (result.summary["crowds"], result.summary["empty"]) == (1, 0)
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert report["command"] == "to-masks"
    assert report["categories"][0] == {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "isthing": 1,
        "color": [220, 20, 60],
    }
    assert (report["background"], report["unique_ids"]) == (False, False)


def test_what_people_are_told(tmp_path: Path) -> None:
    lines = run("to-masks", PANOPTIC, tmp_path / "out").stdout.splitlines()
    assert lines[0].endswith("; 11 masks, 1 of crowds")
    assert lines[1].split() == ["category", "name", "masks"]
    assert lines[2].split() == ["1", "person", "4"]
    assert lines[-1] == f"Masks and cocoseg.json are in {tmp_path / 'out'}"


def test_crowds_are_marked(tmp_path: Path) -> None:
    cocoseg.to_masks(PANOPTIC, tmp_path / "out")
    crowds = [row["file"] for row in table(tmp_path / "out", "crowd")["masks"] if row["iscrowd"]]
    assert crowds == ["16777215_person.png"]


def test_things_only(tmp_path: Path) -> None:
    summary = cocoseg.to_masks(PANOPTIC, tmp_path / "out", things_only=True)
    assert summary.masks == {1: 4, 18: 2}
    assert pngs(tmp_path / "out" / "touching") == ["1_person.png", "2_person.png"]
    assert [row["id"] for row in table(tmp_path / "out", "touching")["masks"]] == [1, 2]


def test_things_can_not_be_told_where_nobody_says_what_is_one(tmp_path: Path) -> None:
    whole = json.loads(PANOPTIC.read_text())
    whole["categories"][1] = {"id": 18, "name": "Dog"}
    (tmp_path / "set.json").write_text(json.dumps(whole))
    result = run(
        "to-masks", tmp_path / "set.json", tmp_path / "out", "--things-only", "--png-dir", PANOPTIC.with_suffix("")
    )
    assert result.code == 2
    assert "category 18 'Dog' has no 'isthing'" in result.stderr
    assert cocoseg.to_masks(INSTANCES, tmp_path / "out", things_only=True).failures == []  # there all are things


def test_a_mask_without_a_pixel(tmp_path: Path) -> None:
    rows = [{"id": 4, "category_id": 1, "segmentation": {"size": [2, 3], "counts": [6]}}]
    summary = cocoseg.to_masks(document(tmp_path, rows, [{"id": 1, "name": "dog"}]), tmp_path / "out")
    assert (summary.masks, summary.empty) == ({1: 1}, 1)
    (row,) = table(tmp_path / "out", "a")["masks"]
    assert (row["area"], row["bbox"]) == (0, [0, 0, 0, 0])
    with Image.open(tmp_path / "out" / "a" / "4_dog.png") as image:
        assert not np.array(image).any()


def test_ids_that_are_there_twice_and_ids_that_are_missing(tmp_path: Path) -> None:
    rows = [{"id": 7, "category_id": 1}, {"id": 7, "category_id": 1}]
    cocoseg.to_masks(document(tmp_path, rows, [{"id": 1, "name": "dog"}]), tmp_path / "twice")
    assert pngs(tmp_path / "twice" / "a") == ["1_dog.png", "2_dog.png"]
    assert [row["id"] for row in table(tmp_path / "twice", "a")["masks"]] == [7, 7]
    cocoseg.to_masks(document(tmp_path, [{"category_id": 1}] * 2, [{"id": 1, "name": "dog"}]), tmp_path / "none")
    assert pngs(tmp_path / "none" / "a") == ["1_dog.png", "2_dog.png"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("traffic light", "traffic-light"),
        ("a/b\\c", "a-b-c"),
        ("../x", "x"),
        ("v1.2...", "v1-2"),
        ("Café", "Cafe"),
        ("犬", "5"),
        ("", "5"),
        ("...", "5"),
        ("CON", "CON"),
        ("x" * 300, "x" * 80),
        ("a\u0000b\u202e\n", "a-b"),
        ("snow_man-2", "snow-man-2"),
    ],
)
def test_names_of_categories(name: str, word: str, tmp_path: Path) -> None:
    source = document(tmp_path, [{"id": 3, "category_id": 5}], [{"id": 5, "name": name}])
    assert cocoseg.to_masks(source, tmp_path / "out").failures == []
    assert pngs(tmp_path / "out") == [f"a/3_{word}.png"]
    assert table(tmp_path / "out", "a")["masks"][0]["category"] == name


def test_a_category_that_is_not_listed_goes_by_its_number(tmp_path: Path) -> None:
    source = document(tmp_path, [{"id": 3, "category_id": 9}], [{"id": 5, "name": "dog"}])
    cocoseg.to_masks(source, tmp_path / "out")
    assert pngs(tmp_path / "out") == ["a/3_9.png"]
    assert table(tmp_path / "out", "a")["masks"][0]["category"] is None


@pytest.mark.parametrize("name", [".cocoseg.jpg", ".cocoseg/a.jpg"])
def test_an_image_that_is_called_as_our_own_files(name: str, tmp_path: Path) -> None:
    whole = json.loads(INSTANCES.read_text())
    whole["images"][1]["file_name"] = name
    (tmp_path / "set.json").write_text(json.dumps(whole))
    summary = cocoseg.to_masks(tmp_path / "set.json", tmp_path / "out")
    assert [failure.category for failure in summary.failures] == ["path.invalid"]


@pytest.mark.long
@pytest.mark.parametrize("options", [[], ["--stack", "npz"]])
@pytest.mark.parametrize("source", [PANOPTIC, INSTANCES])
def test_the_same_tree_for_any_number_of_workers(source: Path, options: list[str], tmp_path: Path) -> None:
    assert run("to-masks", source, tmp_path / "one", "--workers", 1, *options).code == 0
    assert run("to-masks", source, tmp_path / "two", "--workers", 2, *options).code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_all_masks_in_one_file(tmp_path: Path) -> None:
    result = run("to-masks", INSTANCES, tmp_path / "out", "--stack", "npz", "--json")
    assert (result.code, result.summary["masks"]) == (0, {"1": 3, "18": 2, "44": 1})
    assert [name for name in tree(tmp_path / "out") if not name.startswith(".cocoseg")] == [
        "cocoseg.json",
        "empty.json",
        "empty.npz",
        "overlap.json",
        "overlap.npz",
        "thin/row.json",
        "thin/row.npz",
    ]
    rows = json.loads((tmp_path / "out" / "overlap.json").read_text())["masks"]
    drawn = json.loads((EXPECTED / "masks.json").read_text())["masks"]
    assert rows == [{name: value for name, value in row.items() if name != "file"} for row in drawn]


def test_a_stack_that_would_take_the_place_of_the_report(tmp_path: Path) -> None:
    whole = json.loads(INSTANCES.read_text())
    whole["images"][1]["file_name"] = "cocoseg.jpg"
    (tmp_path / "set.json").write_text(json.dumps(whole))
    summary = cocoseg.to_masks(tmp_path / "set.json", tmp_path / "out", stack="npz")
    (failure,) = summary.failures
    assert failure.category == "path.invalid"
    assert "set.json: images[1] (image 2, 'cocoseg.jpg'): file_name 'cocoseg.json' is kept" in failure.message
    assert cocoseg.to_masks(tmp_path / "set.json", tmp_path / "pngs").failures == []


def test_a_stack_of_another_kind_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="stack is 'zip', expected one of npz"):
        cocoseg.to_masks(INSTANCES, tmp_path / "out", stack="zip")  # type: ignore[arg-type]


def test_the_same_command_again_keeps_all_and_mends_what_is_missing(tmp_path: Path) -> None:
    run("to-masks", INSTANCES, tmp_path / "out")
    before = tree(tmp_path / "out")
    again = run("to-masks", INSTANCES, tmp_path / "out", "--json")
    assert (again.code, again.summary["kept"]) == (0, 3)
    (tmp_path / "out" / "overlap" / "2_dog.png").unlink()
    mended = run("to-masks", INSTANCES, tmp_path / "out", "--json")
    assert (mended.code, mended.summary["kept"]) == (0, 2)
    assert tree(tmp_path / "out") == before
    assert run("verify", tmp_path / "out").code == 0


def test_masks_of_an_earlier_run_that_are_no_longer_made_are_removed(tmp_path: Path) -> None:
    cocoseg.to_masks(PANOPTIC, tmp_path / "clean", things_only=True)
    cocoseg.to_masks(PANOPTIC, tmp_path / "out")
    assert cocoseg.to_masks(PANOPTIC, tmp_path / "out", things_only=True).problems == []
    assert tree(tmp_path / "out") == tree(tmp_path / "clean")


def test_a_mask_that_somebody_changed_is_left_and_named(tmp_path: Path) -> None:
    cocoseg.to_masks(PANOPTIC, tmp_path / "out")
    changed = tmp_path / "out" / "touching" / "258_tree-merged.png"
    changed.write_text("mine")
    summary = cocoseg.to_masks(PANOPTIC, tmp_path / "out", things_only=True)
    assert [problem.category for problem in summary.problems] == ["out.stray"]
    assert "258_tree-merged.png" in summary.problems[0].message
    assert changed.read_text() == "mine"


def test_a_foreign_file_in_the_way_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out" / "overlap").mkdir(parents=True)
    (tmp_path / "out" / "overlap" / "2_dog.png").write_text("mine")
    result = run("to-masks", INSTANCES, tmp_path / "out", "--json")
    assert result.code == 1
    assert [failure["category"] for failure in result.summary["failures"]] == ["out.exists"]
    assert (tmp_path / "out" / "overlap" / "2_dog.png").read_text() == "mine"
    assert os.listdir(tmp_path / "out" / "overlap") == ["2_dog.png"]
    assert run("to-masks", INSTANCES, tmp_path / "out", "--overwrite").code == 0


def test_an_image_that_can_not_be_read_costs_itself(tmp_path: Path) -> None:
    rows = [{"id": 1, "category_id": 1, "segmentation": {"size": [2, 3], "counts": [1, 2]}}]
    result = run("to-masks", document(tmp_path, rows, [{"id": 1, "name": "dog"}]), tmp_path / "out", "--json")
    assert (result.code, result.summary["failed"]) == (1, 1)
    assert pngs(tmp_path / "out") == []


def test_load_masks_of_a_whole_run_asks_for_one_image(tmp_path: Path) -> None:
    cocoseg.to_masks(INSTANCES, tmp_path / "out")
    with pytest.raises(cocoseg.SampleError, match="is the folder of a run; name the folder of one image in it"):
        cocoseg.load_masks(tmp_path / "out")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    summary = cocoseg.to_masks(INSTANCES, tmp_path / "out", dry_run=True)
    assert (summary.images, summary.crowds, sum(summary.masks.values())) == (3, 1, 6)
    assert not (tmp_path / "out").exists()


def test_out_may_not_lie_among_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="choose another OUT"):
        cocoseg.to_masks(PANOPTIC, FIXTURES / "panoptic" / "masks")
