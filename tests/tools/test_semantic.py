"""The conversion as a Python call."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import badinput
import cocoseg
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"
JOURNAL = ".cocoseg/page-0000-000000000.jsonl"


def bad_set(folder: Path) -> Path:
    """Three images; the PNG of the first is cut off."""
    return badinput.lay_out(badinput.load("png-025_truncated_ihdr"), folder / "set")


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_summary(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(SOURCE, tmp_path / "out")
    assert (summary.listed, summary.images, summary.failed) == (3, 3, 0)
    assert summary.pixels == {0: 28, 1: 5, 2: 13, 3: 13, 4: 11, 255: 22}
    assert summary.void_share == 22 / 92
    assert summary.images_per_second > 0


def test_report(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out", labels="panopticapi")
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert report["cocoseg"] == cocoseg.__version__
    assert report["sources"] == [{"name": "panoptic.json", "bytes": SOURCE.stat().st_size}]
    assert report["bits"] == 8
    assert report["labels"]["void"] == 0
    assert report["labels"]["classes"][1] == {
        "index": 18,
        "name": "dog",
        "category_ids": [18],
        "isthing": True,
        "color": [0, 0, 142],
    }
    assert [report[name] for name in ("listed", "images", "failed")] == [3, 3, 0]
    assert report["failures"] == []


def test_the_labels_in_the_report_are_a_scheme_file(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    (tmp_path / "labels.json").write_text(json.dumps(report["labels"]))
    again = cocoseg.to_semantic(SOURCE, tmp_path / "again", labels=tmp_path / "labels.json")
    first = hashes(tmp_path / "out")
    assert {name: value for name, value in hashes(tmp_path / "again").items() if name != "cocoseg.json"} == {
        name: value for name, value in first.items() if name != "cocoseg.json"
    }
    assert json.loads((tmp_path / "again" / "cocoseg.json").read_text())["labels"] == report["labels"]
    assert again.pixels == {0: 28, 1: 5, 2: 13, 3: 13, 4: 11, 255: 22}


def test_errors_of_a_scheme_begin_with_its_file(tmp_path: Path) -> None:
    labels = tmp_path / "mine.toml"
    labels.write_text('preset = "mask2former"')
    for options in ({"unlabelled": "background"}, {"labels": tmp_path / "none.toml"}):
        with pytest.raises(cocoseg.LabelError) as caught:
            cocoseg.to_semantic(SOURCE, tmp_path / "out", **{"labels": labels, **options})
        assert str(caught.value).lstrip("'").startswith(str(options.get("labels", labels)))
        assert str(SOURCE) not in str(caught.value)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_same_bytes_for_any_number_of_workers(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCOSEG_START", method)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    cocoseg.to_semantic(SOURCE, tmp_path / "one")
    with pytest.warns(DeprecationWarning) if method == "fork" and forks_with_threads() else no_warning():
        cocoseg.to_semantic(SOURCE, tmp_path / "two", workers=2)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def forks_with_threads() -> bool:
    """Python from 3.12 on warns of a fork of this test process, which has numpy's threads."""
    import os
    import sys

    return sys.version_info >= (3, 12) and len(os.listdir("/proc/self/task")) > 1


def no_warning() -> Any:
    import contextlib

    return contextlib.nullcontext()


def test_a_bad_image_costs_itself(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(bad_set(tmp_path), tmp_path / "out", labels="panopticapi")
    assert (summary.images, summary.failed) == (2, 1)
    (failure,) = summary.failures
    assert failure.category == "png.corrupt"
    assert sorted(hashes(tmp_path / "out")) == [JOURNAL, "b.png", "c.png", "cocoseg.json"]


def test_stop_on_error(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(bad_set(tmp_path), tmp_path / "out", on_error="stop")
    assert (summary.images, summary.failed) == (0, 1)
    assert sorted(hashes(tmp_path / "out")) == ["cocoseg.json"]


def test_dry_run_checks_all_and_writes_nothing(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(bad_set(tmp_path), tmp_path / "out", dry_run=True)
    assert (summary.images, summary.failed) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out")
    before = hashes(tmp_path / "out")
    assert cocoseg.to_semantic(SOURCE, tmp_path / "out").failures == []
    assert hashes(tmp_path / "out") == before


def test_a_foreign_file_in_the_way_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "crowd.png").write_text("mine")
    summary = cocoseg.to_semantic(SOURCE, tmp_path / "out")
    assert [failure.category for failure in summary.failures] == ["out.exists"]
    assert "use --overwrite" in summary.failures[0].message
    assert (tmp_path / "out" / "crowd.png").read_text() == "mine"
    assert cocoseg.to_semantic(SOURCE, tmp_path / "out", overwrite=True).failures == []
    assert (tmp_path / "out" / "crowd.png").read_bytes().startswith(b"\x89PNG")


def test_sixteen_bits_where_eight_do_not_hold_the_classes(tmp_path: Path) -> None:
    document = badinput.base_document()
    document["categories"] = [{"id": n, "name": str(n), "isthing": 0} for n in range(300)]
    for row in document["annotations"]:
        row["segments_info"][1]["category_id"] = 299
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    summary = cocoseg.to_semantic(source, tmp_path / "out")
    with Image.open(tmp_path / "out" / "a.png") as image:
        class_map = np.array(image)
    assert class_map.max() == 299
    assert summary.scheme.void == 65535
    with pytest.raises(cocoseg.LabelError, match="16 bits"):
        cocoseg.to_semantic(source, tmp_path / "other", palette=True)
    assert not (tmp_path / "other").exists()


def test_categories_from_a_file(tmp_path: Path) -> None:
    document = json.loads(SOURCE.read_text())
    (tmp_path / "bare.json").write_text(json.dumps(document["annotations"]))
    (tmp_path / "categories.json").write_text(json.dumps(document["categories"]))
    arguments: dict[str, Any] = {"png_dir": FIXTURES / "panoptic", "categories": tmp_path / "categories.json"}
    summary = cocoseg.to_semantic(tmp_path / "bare.json", tmp_path / "out", **arguments)
    assert summary.pixels == {0: 28, 1: 5, 2: 13, 3: 13, 4: 11, 255: 22}
    with pytest.raises(cocoseg.LabelError, match="--categories FILE"):
        cocoseg.to_semantic(tmp_path / "bare.json", tmp_path / "none", png_dir=FIXTURES / "panoptic")


def test_progress_is_told_after_each_part(tmp_path: Path) -> None:
    seen: list[int] = []
    cocoseg.to_semantic(SOURCE, tmp_path / "out", on_done=lambda summary: seen.append(summary.images))
    assert seen[-1] == 3
    assert seen == sorted(seen)


def test_no_workers_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="expected at least 1"):
        cocoseg.to_semantic(SOURCE, tmp_path / "out", workers=0)


def test_the_report_of_class_maps_that_stay_stays(tmp_path: Path) -> None:
    """Without its journal, nobody knows who wrote what lies in OUT."""
    cocoseg.to_semantic(SOURCE, tmp_path / "out")
    (tmp_path / "out" / JOURNAL).unlink()
    before = hashes(tmp_path / "out")
    summary = cocoseg.to_semantic(SOURCE, tmp_path / "out", labels="panopticapi")
    assert [failure.category for failure in summary.failures] == ["out.exists"] * 3
    assert "left as it was" in summary.problems[-1].message
    assert hashes(tmp_path / "out") | {JOURNAL: ""} == before | {JOURNAL: ""}
    assert cocoseg.to_semantic(SOURCE, tmp_path / "out", labels="panopticapi", overwrite=True).failures == []
    assert hashes(tmp_path / "out") != before


def test_a_pipe_in_the_way_is_not_waited_for(tmp_path: Path) -> None:
    import os

    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "crowd.png")
    summary = cocoseg.to_semantic(SOURCE, tmp_path / "out")
    assert [failure.category for failure in summary.failures] == ["out.exists"]


@pytest.mark.parametrize(
    ("area", "refused"),
    [
        (31, False),
        (3.2 + 1e-9, False),
        (319, False),
        (0, False),
        (-5, False),
        (320, True),
        (3.2, True),
        (10**400, True),
    ],
)
def test_an_area_that_is_ten_times_off_is_an_error(area: float, refused: bool, tmp_path: Path) -> None:
    document = badinput.base_document()
    assert document["annotations"][1]["segments_info"][0]["area"] == 32
    document["annotations"][1]["segments_info"][0]["area"] = area
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    summary = cocoseg.to_semantic(source, tmp_path / "out")
    found = summary.failures if refused else summary.problems
    assert (summary.images, [problem.category for problem in found]) == (3 - refused, ["panoptic.area"])
    taken = cocoseg.to_semantic(source, tmp_path / "taken", check_areas=False)
    assert (taken.images, [problem.category for problem in taken.problems]) == (3, ["panoptic.area"])


def test_a_folder_where_the_report_belongs(tmp_path: Path) -> None:
    (tmp_path / "out" / "cocoseg.json").mkdir(parents=True)
    with pytest.raises(cocoseg.OutputError, match=r"cocoseg\.json"):
        cocoseg.to_semantic(SOURCE, tmp_path / "out")
    document = badinput.base_document()
    document["annotations"][0]["file_name"] = "cocoseg.json/a.png"
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path / "set")
    assert [failure.category for failure in cocoseg.to_semantic(source, tmp_path / "other").failures] == [
        "path.invalid"
    ]


@pytest.mark.parametrize("command", ["to_semantic", "to_onehot", "to_masks", "to_panoptic"])
def test_out_may_lie_beside_the_json_that_a_folder_stands_for(command: str, tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_bytes((FIXTURES / "instances.json").read_bytes())
    out = tmp_path / "out"
    for _ in range(2):
        assert getattr(cocoseg, command)(tmp_path, out).failed == 0
    size = (tmp_path / "annotations.json").stat().st_size
    assert json.loads((out / "cocoseg.json").read_text())["sources"] == [{"name": "annotations.json", "bytes": size}]
    with pytest.raises(cocoseg.UsageError, match=r"annotations.json' lies in OUT") as caught:
        getattr(cocoseg, command)(tmp_path, tmp_path)
    assert caught.value.category == "out.is_input"


def test_out_may_not_lie_in_a_folder_of_class_maps(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "maps")
    with pytest.raises(cocoseg.UsageError, match="lie in one another"):
        cocoseg.to_onehot(tmp_path / "maps", tmp_path / "maps/out")
