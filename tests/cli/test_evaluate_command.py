"""``cocoseg evaluate`` in processes of its own: what it prints, its exit codes, workers, and going on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evaluating
import numpy as np
import pytest
from evaluating import GOLDEN, box, edit, rle, write_classes, write_map, write_maps

from command import cocoseg as run

COUNT = 400  # pairs of a run that takes some seconds
ABOUT_RUN = {"kept", "made", "seconds", "images_per_second", "notes"}


@pytest.fixture
def maps(tmp_path: Path) -> tuple[Path, Path, Path]:
    return evaluating.semantic(tmp_path)


def lasting(stdout: str) -> dict[str, Any]:
    """The JSON without what differs between runs."""
    return {name: value for name, value in json.loads(stdout).items() if name not in ABOUT_RUN}


class TestWhatItPrints:
    def test_the_golden_class_maps(self, maps: Any) -> None:
        told = run("evaluate", *maps[:2], "--categories", maps[2])
        assert (told.code, told.stderr) == (0, "")
        assert "2 of 2 pairs compared in " in told.stdout
        assert "\nsemantic, as mmseg:\n" in told.stdout
        assert "\n  mIoU 27.38  mAcc 42.22  mDice 35.00  mFscore 70.00  mPrecision 53.33" in told.stdout
        rows = [line.split() for line in told.stdout.splitlines()]
        assert ["0", "a", "5", "42.86", "60.00", "60.00", "60.00", "d", "20.00%"] in rows
        assert ["2", "c", "1", "0.00", "0.00", "–", "0.00", "a", "100.00%"] in rows
        assert "void: 14.29% of the truth's pixels don't count; 8.33% of the others were predicted void" in told.stdout

    @pytest.mark.parametrize(
        ("convention", "miou"),
        [
            ("mmseg", "27.38"),
            ("detectron2", "38.89"),
            ("cityscapes", "27.38"),
            ("ade20k", "21.90"),
            ("cocostuff", "36.51"),
            ("erfnet", "21.90"),
            ("survey", "27.38"),
        ],
    )
    def test_each_convention(self, convention: str, miou: str, maps: Any) -> None:
        told = run("evaluate", *maps[:2], "--categories", maps[2], "--as", convention)
        assert told.code == 0
        assert f"semantic, as {convention}:\n" in told.stdout
        assert f"\n  mIoU {miou}" in told.stdout

    def test_all_conventions(self, maps: Any) -> None:
        told = run("evaluate", *maps[:2], "--categories", maps[2], "--as", "all")
        rows = {
            line.split()[0]: line.split()[1] for line in told.stdout.splitlines() if "class" in line and line[:1] == " "
        }
        expected = {"mmseg": "27.38", "detectron2": "38.89", "ade20k": "21.90", "cocostuff": "36.51", "erfnet": "21.90"}
        assert expected.items() <= rows.items()
        assert "a class counts if it is in the truth or predicted" in told.stdout

    def test_the_golden_panoptic_picture(self, tmp_path: Path) -> None:
        told = run("evaluate", *evaluating.panoptic(tmp_path))
        assert (told.code, told.stderr) == (0, "")
        rows = [line.split() for line in told.stdout.splitlines()]
        for row in (
            ["all", "23.33", "30.83", "30.00"],
            ["things", "12.50", "25.00", "16.67"],
            ["1", "person", "37.50", "75.00", "50.00", "1", "1", "1"],
        ):
            assert row in rows

    def test_the_golden_detections(self, tmp_path: Path) -> None:
        told = run("evaluate", *evaluating.mask_ap(tmp_path))
        assert (told.code, told.stderr) == (0, "")
        assert "4 masks in the truth, 7 predicted, areas by pixels):\n" in told.stdout
        assert "\n  AP50 91.75  AP75 41.75  AR1 37.50" in told.stdout
        rows = [line.split() for line in told.stdout.splitlines()]
        assert ["all", "49.27", "55.00"] in rows
        assert ["medium", "–", "–"] in rows

    def test_the_golden_street(self, tmp_path: Path) -> None:
        told = run("evaluate", *evaluating.cityscapes(tmp_path), "--as", "cityscapes")
        assert told.code == 0
        assert "mIoU 45.74" in told.stdout
        assert "mean iIoU 45.83" in told.stdout
        assert ["vehicle", "45.45", "41.66"] in [line.split() for line in told.stdout.splitlines()]

    @pytest.mark.parametrize(("given", "ratio"), [([], 0.02), (["0.1"], 0.1)])
    def test_the_boundary_with_and_without_a_ratio(self, given: list[str], ratio: float, tmp_path: Path) -> None:
        golden = GOLDEN["boundary"]
        sides = [write_maps(tmp_path / side, box(golden["size"], golden[side]).astype(int)) for side in ("a", "b")]
        told = run("evaluate", *sides, "--json", "--boundary", *given)
        assert told.code == 0
        found = told.summary["semantic"]
        assert found["boundary"]["ratio"] == ratio
        if not given:
            assert round(found["classes"][1]["boundary IoU"], 7) == golden["boundary IoU"]
        assert "mean boundary IoU" in told.summary["headlines"]

    def test_json_has_all_of_it(self, maps: Any) -> None:
        told = run("evaluate", *maps[:2], "--categories", maps[2], "--json").summary
        assert (told["listed"], told["images"], told["failed"], told["too_low"]) == (2, 2, 0, [])
        assert (
            told["semantic"]["matrix"]
            == GOLDEN["semantic"]["confusion (rows truth 0..4 void, columns prediction 0..4 void)"]
        )
        assert told["semantic"]["classes"][4] == {
            "index": 4, "name": "e", "pixels": 0, "IoU": None, "Acc": None, "Dice": None,
            "Fscore": None, "Precision": None, "Recall": None,
        }  # fmt: skip
        assert told.keys() > ABOUT_RUN

    def test_quietly_only_what_is_wrong(self, maps: Any) -> None:
        assert run("evaluate", *maps[:2], "--quiet").stdout == ""
        (maps[1] / "1.png").unlink()
        told = run("evaluate", *maps[:2], "--quiet")
        assert told.code == 1
        assert "pair.missing" in told.stdout
        assert "mIoU" not in told.stdout

    def test_verbosely_every_class(self, maps: Any) -> None:
        brief, full = (
            run("evaluate", *maps[:2], "--categories", maps[2], *more).stdout for more in ((), ("--verbose",))
        )
        assert "1 class without a number left out; --verbose shows all" in brief
        assert "left out" not in full
        assert ["4", "e", "0", *"––––"] in [line.split() for line in full.splitlines()]

    def test_groups(self, maps: Any, tmp_path: Path) -> None:
        (tmp_path / "g.csv").write_text("a,first\nb,first\nc,second\n")
        told = run("evaluate", *maps[:2], "--categories", maps[2], "--groups", tmp_path / "g.csv")
        assert ["first", "66.67"] in [line.split() for line in told.stdout.splitlines()]
        told = run("evaluate", *maps[:2], "--categories", maps[2], "--groups", "supercategory")
        assert (told.code, "no category of the truth has one" in told.stderr) == (2, True)


Change = Callable[[Path, Path], object]


def _of_results(change: Callable[[Any], object]) -> Change:
    return lambda truth, results: edit(results, change)


@pytest.mark.long
class TestBadPairs:
    """Two images, one of which is spoiled: that one costs itself."""

    GOOD = np.array([[0, 1, 1], [2, 2, 0]])
    MAPS: dict[str, tuple[str, Change]] = {
        "another size": ("size.mismatch", lambda t, p: write_map(p / "1.png", [[0, 1]])),
        "out of range": ("id.unknown", lambda t, p: write_map(p / "1.png", [[0, 1, 1], [9, 9, 0]])),
        "missing": ("pair.missing", lambda t, p: (p / "1.png").unlink()),
        "cut prediction": ("png.corrupt", lambda t, p: (p / "1.png").write_bytes((p / "1.png").read_bytes()[:-20])),
        "cut truth": ("png.corrupt", lambda t, p: (t / "1.png").write_bytes((t / "1.png").read_bytes()[:-20])),
        "doubled": ("pair.several", lambda t, p: (write_map(p / "x/1.png", [[0]]), write_map(p / "y/1.png", [[0]]),
                                                  (p / "1.png").unlink())),
    }  # fmt: skip

    @pytest.mark.parametrize(("category", "spoil"), MAPS.values(), ids=MAPS)
    def test_of_class_maps(self, category: str, spoil: Change, tmp_path: Path) -> None:
        sides = [write_maps(tmp_path / side, self.GOOD, self.GOOD) for side in ("truth", "prediction")]
        spoil(sides[0], sides[1])
        more = ["--categories", write_classes(tmp_path / "c.csv", *"xyz")]
        told = run("evaluate", *sides, *more, "--json")
        assert (told.code, told.stderr) == (1, "")
        found = told.summary
        assert (found["listed"], found["images"], found["failed"]) == (2, 1, 1)
        assert [(row["category"], row["file"]) for row in found["failures"]] == [(category, "1.png")]
        assert found["headlines"]["mIoU"] == 1.0
        assert "1 of 2 pairs compared in" in run("evaluate", *sides, *more).stdout

    RESULTS: dict[str, tuple[str, Change]] = {
        "NaN": ("json.nonfinite", _of_results(lambda rows: rows[0].update(score=float("nan")))),
        "no score": ("score.missing", _of_results(lambda rows: rows[0].pop("score"))),
        "category": ("id.unknown", _of_results(lambda rows: rows[0].update(category_id=99))),
        "size": ("size.mismatch", _of_results(lambda rows: rows[0].update(segmentation=rle(box((4, 4), (0, 2, 0, 2)))))),
        "truth": ("rle.sum", lambda truth, _: edit(truth, lambda rows: rows["annotations"][0]["segmentation"].update(
            counts=[1]))),
    }  # fmt: skip

    @pytest.mark.parametrize(("category", "spoil"), RESULTS.values(), ids=RESULTS)
    def test_of_results(self, category: str, spoil: Change, tmp_path: Path) -> None:
        sides = evaluating.mask_ap(tmp_path)
        edit(sides[0], lambda document: self.second_image(document, document["annotations"]))
        edit(sides[1], lambda rows: rows.extend([row | {"image_id": 2} for row in rows]))
        spoil(*sides)
        told = run("evaluate", *sides, "--json")
        assert (told.code, told.stderr) == (1, "")
        found = told.summary
        assert (found["listed"], found["images"], found["failed"]) == (2, 1, 1)
        assert [row["file"] for row in found["failures"]] == ["a.png"]
        assert found["failures"][0]["category"] == category
        assert round(found["headlines"]["AP"], 12) == GOLDEN["mask_ap"]["AP"]

    def second_image(self, document: Any, annotations: list[Any]) -> None:
        document["images"].append(document["images"][0] | {"id": 2, "file_name": "b.jpg"})
        annotations.extend([row | {"image_id": 2, "id": row["id"] + 100} for row in annotations])

    def test_all_of_them(self, tmp_path: Path) -> None:
        truth, prediction = (write_maps(tmp_path / side, self.GOOD) for side in ("truth", "prediction"))
        write_map(prediction / "0.png", [[0]])
        told = run("evaluate", truth, prediction)
        assert told.code == 1
        assert "0 of 1 pair compared" in told.stdout
        assert "mIoU" not in told.stdout
        headlines = run("evaluate", truth, prediction, "--json").summary["headlines"]
        assert "mIoU" in headlines
        assert set(headlines.values()) == {None}


class TestExitCodes:
    def test_0_and_1_by_fail_under(self, maps: Any) -> None:
        for wanted, code, low in (
            ("mIoU=0.27", 0, []),
            ("miou=0.28,aAcc=0.5", 1, ["mIoU is 0.2738, under 0.28"]),
            ("mIoU=0.3,aAcc=0.6", 1, ["mIoU is 0.2738, under 0.3", "aAcc is 0.5833, under 0.6"]),
        ):
            told = run("evaluate", *maps[:2], "--fail-under", wanted, "--json")
            assert (told.code, told.summary["too_low"]) == (code, low)
            shown = run("evaluate", *maps[:2], "--fail-under", wanted).stdout
            assert [line.removeprefix("Too low: ") for line in shown.splitlines() if "Too low" in line] == low

    def test_1_for_what_is_not_defined(self, tmp_path: Path) -> None:
        told = run("evaluate", *evaluating.mask_ap(tmp_path), "--fail-under", "APl=0")
        assert (told.code, "Too low: APl is not defined, under 0" in told.stdout) == (1, True)

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (["--fail-under", "mIuO=0.5"], "the numbers are mIoU, mAcc"),
            (["--fail-under", "mIoU=60"], "expected a share from 0 to 1"),
            (["--fail-under", "mIoU"], "expected NAME=VALUE"),
            (["--task", "panoptic"], "can't be done, as class maps"),
            (["--as", "coco"], "expected one of mmseg"),
            (["--missing", "void"], "expected one of"),
            (["--size", "bilinear"], "expected error, nearest, or HEIGHTxWIDTH"),
            (["--boundary", "0"], "boundary"),
        ],
    )
    def test_2_for_a_wrong_call(self, more: list[str], words: str, maps: Any) -> None:
        told = run("evaluate", *maps[:2], *more)
        assert (told.code, told.stdout) == (2, "")
        assert words in told.stderr

    def test_2_for_swapped_arguments(self, tmp_path: Path) -> None:
        truth, results = evaluating.mask_ap(tmp_path)
        told = run("evaluate", results, truth)
        assert (told.code, "the truth comes first: evaluate TRUTH PREDICTION" in told.stderr) == (2, True)

    def test_3_for_a_source_that_cannot_be_used(self, maps: Any, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "boxes.json").write_text('[{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]')
        for prediction in ("empty", "none", "boxes.json"):
            told = run("evaluate", maps[0], tmp_path / prediction)
            assert (told.code, told.stdout) == (3, "")
            assert len(told.stderr.splitlines()) == 1

    def test_4_where_nothing_can_be_written(self, maps: Any, tmp_path: Path) -> None:
        (tmp_path / "mine.csv").write_text("mine")
        told = run("evaluate", *maps[:2], "--per-image", tmp_path / "mine.csv")
        assert (told.code, "is no table of an evaluation" in told.stderr) == (4, True)
        assert (tmp_path / "mine.csv").read_text() == "mine"


class TestWorkers:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> list[Path]:
        draw = np.random.default_rng(3)
        blocks = [draw.integers(0, 4, (40, 6, 8)).repeat(5, axis=1).repeat(5, axis=2) for _ in range(2)]
        sides = [write_maps(tmp_path / side, *block) for side, block in zip(("t", "p"), blocks, strict=True)]
        (sides[1] / "7.png").unlink()
        (sides[1] / "9.png").write_bytes(b"none")
        return sides

    def test_make_the_same_bytes(self, sides: list[Path], tmp_path: Path) -> None:
        found = []
        for workers in (1, 2):
            out, table = tmp_path / f"out{workers}", tmp_path / f"{workers}.csv"
            more = ["--out", out, "--per-image", table, "--workers", workers, "--boundary", "--as", "all"]
            told = run("evaluate", *sides, *more, "--json")
            assert (told.code, told.stderr) == (1, "")
            files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
            found.append((lasting(told.stdout), files, table.read_bytes()))
        assert found[0] == found[1]
        assert len(found[0][2].splitlines()) == 39

    def test_panoptic_numbers_are_the_same(self, tmp_path: Path) -> None:
        golden, pictures = GOLDEN["panoptic"], {}
        for side in ("truth", "prediction"):
            info = evaluating.segments(golden[side]["category_of"], golden[side].get("crowd", ()))
            turned = [np.roll(golden[side]["ids"], k, axis=1) for k in range(12)]
            pictures[side] = {f"p{k:02}": (ids, info) for k, ids in enumerate(turned)}
        sides = [
            evaluating.write_panoptic(tmp_path / f"{side}.json", pictures[side], golden["categories"])
            for side in pictures
        ]
        found = [run("evaluate", *sides, "--task", "all", "--json", "--workers", n) for n in (1, 2)]
        assert [told.code for told in found] == [0, 0]
        assert lasting(found[0].stdout) == lasting(found[1].stdout)
        assert round(found[0].summary["headlines"]["PQ"], 6) == golden["All"]["pq"]


@pytest.mark.long
class TestGoingOn:
    @pytest.fixture
    def out(self, maps: Any, tmp_path: Path) -> Path:
        assert run("evaluate", *maps[:2], "--out", tmp_path / "out").code == 0
        return tmp_path / "out"

    def again(self, maps: Any, out: Path, *more: Any) -> dict[str, Any]:
        return run("evaluate", *maps[:2], "--out", out, "--json", *more).summary

    def test_keeps_all_that_is_the_same(self, maps: Any, out: Path) -> None:
        before = (out / "cocoseg.json").read_bytes()
        told = self.again(maps, out)
        assert (told["kept"], told["made"]) == (2, 0)
        assert (out / "cocoseg.json").read_bytes() == before
        said = run("evaluate", *maps[:2], "--out", out).stdout
        assert re.search(r"2 of 2 pairs compared in \d+\.\d s, 2 of them compared before", said)

    def test_another_convention_needs_no_new_count(self, maps: Any, out: Path) -> None:
        told = self.again(maps, out, "--as", "detectron2")
        assert (told["kept"], told["made"]) == (2, 0)
        assert round(told["headlines"]["mIoU"], 6) == 0.5 * (0.5 + 0.666667) / 1.5

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_picture_that_changed_is_counted_again(self, side: int, maps: Any, out: Path) -> None:
        write_map(maps[side] / "1.png", [[1, 1, 1], [0, 0, 0]])
        told = self.again(maps, out)
        assert (told["kept"], told["made"]) == (1, 1)
        assert told["semantic"] == run("evaluate", *maps[:2], "--json").summary["semantic"]

    def test_a_prediction_that_came_or_went_is_counted_again(self, maps: Any, out: Path) -> None:
        data = (maps[1] / "1.png").read_bytes()
        (maps[1] / "1.png").unlink()
        told = self.again(maps, out)
        assert (told["images"], told["kept"], told["failed"]) == (1, 1, 1)
        empty = self.again(maps, out, "--missing", "empty")
        assert (empty["images"], empty["made"]) == (2, 1)
        (maps[1] / "1.png").write_bytes(data)
        told = self.again(maps, out)
        assert (told["images"], told["kept"], told["made"]) == (2, 1, 1)
        assert told["semantic"] == run("evaluate", *maps[:2], "--json").summary["semantic"]

    def test_other_classes_are_counted_again(self, maps: Any, out: Path) -> None:
        told = self.again(maps, out, "--categories", maps[2])
        assert (told["kept"], told["made"]) == (0, 2)

    def test_results_that_changed_are_counted_again(self, tmp_path: Path) -> None:
        sides, out = evaluating.mask_ap(tmp_path), tmp_path / "out"
        assert run("evaluate", *sides, "--out", out).code == 0
        edit(sides[1], lambda rows: rows[0].update(score=0.05))
        told = run("evaluate", *sides, "--out", out, "--json").summary
        assert told["made"] == 1
        assert told["headlines"] == run("evaluate", *sides, "--json").summary["headlines"]
        assert round(told["headlines"]["AP"], 12) != GOLDEN["mask_ap"]["AP"]

    def test_names_that_changed_are_counted_again(self, tmp_path: Path) -> None:
        """The prediction's categories swap their names, its files are the same."""
        (truth, prediction), out = evaluating.panoptic(tmp_path), tmp_path / "out"
        assert run("evaluate", truth, prediction, "--out", out).code == 0
        edit(prediction, lambda document: self.swap(document["categories"]))
        told = run("evaluate", truth, prediction, "--out", out, "--json").summary
        assert told["made"] == 1
        assert told["panoptic"] == run("evaluate", truth, prediction, "--json").summary["panoptic"]

    def swap(self, categories: list[dict[str, Any]]) -> None:
        categories[0]["name"], categories[1]["name"] = categories[1]["name"], categories[0]["name"]

    def test_verify_finds_it_whole(self, maps: Any, out: Path) -> None:
        told = run("verify", out)
        assert (told.code, told.stderr) == (0, "")
        assert "is whole" in told.stdout
        (maps[1] / "1.png").unlink()
        self.again(maps, out)
        assert "the run refused 1 more image" in run("verify", out).stdout

    def test_verify_finds_a_damaged_journal(self, maps: Any, out: Path) -> None:
        (journal,) = (out / ".cocoseg").glob("page-*")
        journal.write_bytes(journal.read_bytes()[:-9])
        assert run("verify", out).code == 1
        told = self.again(maps, out)
        assert (told["images"], told["made"]) == (2, 2)
        assert run("verify", out).code == 0

    def test_a_folder_of_another_command_is_refused(self, maps: Any, out: Path, tmp_path: Path) -> None:
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        told = run("to-semantic", maps[0], out, "--categories", maps[2])
        assert told.code == 4
        assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before

    def test_out_among_the_sources_is_refused(self, maps: Any) -> None:
        for side in maps[:2]:
            told = run("evaluate", *maps[:2], "--out", side)
            assert told.code in (2, 4), told.stdout
            assert not (side / ".cocoseg").exists()


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_killed_goes_on(workers: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    sides = []
    for side in ("t", "p"):
        first = write_map(
            tmp_path / side / "0.png", draw.integers(0, 20, (150, 200)).repeat(8, axis=0).repeat(8, axis=1)
        )
        for number in range(1, COUNT):
            (tmp_path / side / f"{number}.png").hardlink_to(first)
        sides.append(tmp_path / side)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cocoseg", "evaluate", *map(str, sides), "--out", str(out)]
    process = subprocess.Popen([*command, "--workers", str(workers)], start_new_session=True, stdout=subprocess.DEVNULL)
    ends = time.monotonic() + 60
    while not list(out.glob(".cocoseg/page-*")):
        assert time.monotonic() < ends
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "cocoseg.json").exists()
    assert run("verify", out).code == 1
    told = run("evaluate", *sides, "--out", out, "--json", seconds=120)
    assert told.code == 0
    assert 0 < told.summary["kept"] < COUNT
    assert told.summary["images"] == COUNT
    fresh = run("evaluate", *sides, "--out", tmp_path / "fresh", "--json", seconds=120)
    assert lasting(told.stdout) == lasting(fresh.stdout)
    trees = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (out, tmp_path / "fresh")
    ]
    assert trees[0] == trees[1]
