"""One-hot arrays, as a Python call and through the command."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import badinput
import cocoseg
from command import cocoseg as run
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
EXPECTED = FIXTURES / "expected" / "onehot"
CASES: dict[str, tuple[str, list[str]]] = {
    "index": ("panoptic.json", []),
    "index-void-channel": ("panoptic.json", ["--void-channel"]),
    "instances-file": ("instances.json", ["--overlap", "file"]),
    "instances-void": ("instances.json", ["--overlap", "void"]),
}


def drawn(path: Path) -> dict[str, list[str]]:
    """A plane for each channel, by its name."""
    blocks = (block.splitlines() for block in path.read_text().split("\n\n"))
    return {head.partition(" ")[2]: rows for head, *rows in blocks}


def planes(array: np.ndarray, layout: str) -> list[list[str]]:
    rows = np.moveaxis(array, -1, 0) if layout == "hwc" else array
    return [["".join(".#"[int(pixel)] for pixel in row) for row in plane] for plane in rows]


def load(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r")
    with np.load(path) as found:
        return found["onehot"]


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "cocoseg.json").read_text())


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("layout", "dtype", "format"), [("hwc", "uint8", "npz"), ("chw", "float32", "npy")])
def test_fixtures_through_the_command(case: str, layout: str, dtype: str, format: str, tmp_path: Path) -> None:
    source, options = CASES[case]
    how = [*options, "--layout", layout, "--dtype", dtype, "--format", format]
    assert run("to-onehot", FIXTURES / source, tmp_path / "out", *how).code == 0
    expected = {path.relative_to(EXPECTED / case): drawn(path) for path in (EXPECTED / case).rglob("*.txt")}
    assert len(expected) == 3
    for name, channels in expected.items():
        array = load(tmp_path / "out" / name.with_suffix(f".{format}"))
        assert array.dtype == dtype
        assert planes(array, layout) == list(channels.values())
        assert report(tmp_path / "out")["arrays"]["channels"] == list(channels)
    assert len([name for name in hashes(tmp_path / "out") if name.endswith(format)]) == 3


def test_the_report_says_what_is_in_the_arrays(tmp_path: Path) -> None:
    summary = cocoseg.to_onehot(SOURCE, tmp_path / "out", layout="chw", dtype="bool", void_channel=True)
    assert summary.pixels == {0: 28, 1: 5, 2: 13, 3: 13, 4: 11, 255: 22}
    assert summary.makes == "One-hot arrays"
    found = report(tmp_path / "out")
    assert found["command"] == "to-onehot"
    assert found["options"]["void_channel"] is True
    assert found["arrays"] == {
        "name": "onehot",
        "layout": "chw",
        "dtype": "bool",
        "channels": ["person", "dog", "tree-merged", "sky-other-merged", "grass-merged", "void"],
        "void": 5,
    }
    assert found["labels"]["void"] == 255
    cocoseg.to_onehot(SOURCE, tmp_path / "npy", format="npy")
    assert report(tmp_path / "npy")["arrays"]["name"] is None
    assert report(tmp_path / "npy")["arrays"]["void"] is None


def test_numbers_are_those_of_class_maps(tmp_path: Path) -> None:
    options: dict[str, Any] = {"overlap": "void"}
    maps = cocoseg.to_semantic(FIXTURES / "instances.json", tmp_path / "maps", **options)
    arrays = cocoseg.to_onehot(FIXTURES / "instances.json", tmp_path / "arrays", **options)
    assert arrays.as_dict() == maps.as_dict()
    assert arrays.contested == 15


@pytest.mark.parametrize(
    ("option", "value"), [("--layout", "xyz"), ("--dtype", "int64"), ("--format", "png"), ("--overlap", "best")]
)
def test_a_choice_that_there_is_not(option: str, value: str, tmp_path: Path) -> None:
    result = run("to-onehot", SOURCE, tmp_path / "out", option, value)
    assert result.code == 2
    assert value in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["layout", "dtype", "format"])
def test_a_choice_that_there_is_not_in_python(option: str, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {option: "xyz"}
    with pytest.raises(cocoseg.UsageError, match=f"{option} is 'xyz', expected one of") as caught:
        cocoseg.to_onehot(SOURCE, tmp_path / "out", **arguments)
    assert caught.value.category == f"usage.{option}"
    assert not (tmp_path / "out").exists()


def test_a_second_run_keeps_all_and_another_option_makes_all_again(tmp_path: Path) -> None:
    cocoseg.to_onehot(SOURCE, tmp_path / "out")
    before = hashes(tmp_path / "out")
    assert cocoseg.to_onehot(SOURCE, tmp_path / "out").kept == 3
    assert hashes(tmp_path / "out") == before
    changes: list[dict[str, Any]] = [{"layout": "chw"}, {"dtype": "bool"}, {"void_channel": True}]
    for change in changes:
        again = cocoseg.to_onehot(SOURCE, tmp_path / "out", **change)
        assert (again.kept, again.failures) == (0, [])
        assert hashes(tmp_path / "out")["crowd.npz"] != before["crowd.npz"]
    assert run("verify", tmp_path / "out").code == 0
    cocoseg.to_onehot(SOURCE, tmp_path / "out")
    assert hashes(tmp_path / "out") == before


def test_arrays_of_another_format_take_the_place_of_those_before(tmp_path: Path) -> None:
    cocoseg.to_onehot(SOURCE, tmp_path / "clean", format="npy")
    cocoseg.to_onehot(SOURCE, tmp_path / "out")
    summary = cocoseg.to_onehot(SOURCE, tmp_path / "out", format="npy")
    assert (summary.images, summary.kept, summary.problems) == (3, 0, [])
    assert hashes(tmp_path / "out") == hashes(tmp_path / "clean")


def test_the_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        assert run("to-onehot", SOURCE, tmp_path / str(workers), "--workers", workers).code == 0
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert cocoseg.to_onehot(SOURCE, tmp_path / "out", dry_run=True).images == 3
    assert not (tmp_path / "out").exists()


def test_class_maps_in_the_folder_are_another_commands(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out")
    result = run("to-onehot", SOURCE, tmp_path / "out")
    assert result.code == 4
    assert "choose another folder for to-onehot" in result.stderr


def test_a_foreign_file_in_the_way_is_kept_and_said_once(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "crowd.npz").write_text("mine")
    (tmp_path / "out" / "crowd.png").write_text("a stray")
    summary = cocoseg.to_onehot(SOURCE, tmp_path / "out")
    assert [failure.category for failure in summary.failures] == ["out.exists"]
    assert [problem.category for problem in summary.problems] == ["out.stray"]
    assert "not of this run: 1 file: 'crowd.png'" in summary.problems[0].message
    assert (tmp_path / "out" / "crowd.npz").read_text() == "mine"
    assert cocoseg.to_onehot(SOURCE, tmp_path / "out", overwrite=True).failures == []


def test_a_bad_image_costs_itself(tmp_path: Path) -> None:
    source = badinput.lay_out(badinput.load("png-025_truncated_ihdr"), tmp_path / "set")
    summary = cocoseg.to_onehot(source, tmp_path / "out", labels="panopticapi")
    assert [failure.category for failure in summary.failures] == ["png.corrupt"]
    names = [name for name in hashes(tmp_path / "out") if not name.startswith(".cocoseg")]
    assert names == ["b.npz", "c.npz", "cocoseg.json"]


def test_two_images_that_would_be_one_file(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["file_name"] = "overlap"
    document["images"][1]["file_name"] = "overlap.jpg"
    (tmp_path / "instances.json").write_text(json.dumps(document))
    summary = cocoseg.to_onehot(tmp_path / "instances.json", tmp_path / "out")
    (failure,) = summary.failures
    assert failure.category == "path.collision"
    assert "both give 'overlap.png'; one would overwrite the other: rename one" in failure.message
    assert load(tmp_path / "out" / "overlap.npz").shape == (6, 8, 4)
    assert load(tmp_path / "out" / "thin" / "row.npz").shape == (1, 9, 4)
