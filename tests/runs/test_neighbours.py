"""Runs in one tree: in a folder, in one inside it, and of a JSON beside it. Each leaves the others alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from test_tree import content

import badinput
import cocoseg
from cocoseg.errors import OutputError
from cocoseg.files.names import TEMPORARY
from cocoseg.runs.folder import Folder
from cocoseg.runs.lock import LOCK, Holder

WORK = """
import sys, cocoseg
from cocoseg.runs.run import Tally
from cocoseg.runs import writer
original = writer._save_page
def waiting(*args):
    print("staged", flush=True)
    sys.stdin.readline()
    original(*args)
writer._save_page = waiting
command, source, out = sys.argv[1:]
print(getattr(cocoseg, command)(source, out).images, flush=True)
"""
DOCUMENT = """
import sys, cocoseg
from cocoseg.runs.batch import Batch
original = Batch.commit
def waiting(batch):
    if any(name.endswith("x.json") for name in batch._staged):
        print("staged", flush=True)
        sys.stdin.readline()
    return original(batch)
Batch.commit = waiting
command, source, out = sys.argv[1:]
print(getattr(cocoseg, command)(source, out).images, flush=True)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return badinput.lay_out({"input": {}}, tmp_path / "set")


@pytest.fixture
def begin(source: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A run of its own, which waits when it has written files under temporary names."""
    begun = []

    def begin(command: str, out: Path, script: str = WORK) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", script, command, str(source), str(out)]
        process = subprocess.Popen(words, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "staged\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def temporaries(folder: Path) -> set[Path]:
    return set(folder.rglob(f"{TEMPORARY}*"))


def finish(process: subprocess.Popen[str]) -> None:
    stdout, _ = process.communicate("\n" * 9, timeout=20)
    assert (process.returncode, stdout.splitlines()[-1]) == (0, "3")


PLACES = [*permutations(["out", "out/train", "out/x.json", "out/train/x.json"], 2)]
PLACES += [("out/a", "out/b"), ("out/x.json", "out/y.json")]
QUICK = {("out", "out/train"), ("out/train", "out"), ("out", "out/x.json"), ("out/x.json", "out")}


def fits(out: str) -> str:
    """A command that writes there."""
    return "to_coco" if out.endswith(".json") else "to_semantic"


def check_beside(running: subprocess.Popen[str], first: str, second: str, source: Path, tmp_path: Path) -> None:
    """Make the second while the first waits, and then end that: both are as if they were alone."""
    staged = temporaries(tmp_path)
    summary = getattr(cocoseg, fits(second))(source, tmp_path / second)
    assert (summary.images, summary.notes) == (3, [])
    assert temporaries(tmp_path) == staged
    finish(running)
    assert temporaries(tmp_path) == set()
    for out in (first, second):
        alone = tmp_path / "alone" / out
        alone.parent.mkdir(parents=True, exist_ok=True)
        getattr(cocoseg, fits(out))(source, alone)
        made = "" if out.endswith(".json") else "a.png"
        assert (tmp_path / out / made).read_bytes() == (alone / made).read_bytes()
        assert cocoseg.verify(tmp_path / out).whole


@pytest.mark.parametrize(
    ("first", "second"), [pytest.param(*pair, marks=[pytest.mark.long] * (pair not in QUICK)) for pair in PLACES]
)
def test_a_run_inside_another_around_it_and_beside_it(
    first: str, second: str, source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "out" / "train").mkdir(parents=True)
    check_beside(begin(fits(first), tmp_path / first), first, second, source, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(("first", "second"), [pair for pair in PLACES if pair[0].endswith("x.json")])
def test_a_run_while_a_document_gets_its_name(
    first: str, second: str, source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "out" / "train").mkdir(parents=True)
    check_beside(begin("to_coco", tmp_path / first, DOCUMENT), first, second, source, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("to_semantic out", "to_semantic out"),
        ("to_semantic out", "to_masks out"),
        ("to_onehot out", "to_panoptic out"),
        ("to_panoptic out", "to_semantic out"),
        ("to_masks out", "to_onehot out"),
        ("to_coco x.json", "to_coco x.json"),
        ("to_coco x.json", "to_masks x.json.cocoseg"),
        ("to_semantic x.json.cocoseg", "to_coco x.json"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"overwrite": True}, {"dry_run": True}])
def test_a_second_run_in_a_folder_is_refused_and_the_first_does_not_notice(
    first: str,
    second: str,
    options: dict[str, bool],
    source: Path,
    tmp_path: Path,
    begin: Callable[..., subprocess.Popen[str]],
) -> None:
    (command, out), (other, there) = first.split(), second.split()
    running = begin(command, tmp_path / out)
    before = content(tmp_path)
    with pytest.raises(OutputError) as caught:
        getattr(cocoseg, other)(source, tmp_path / there, **options)
    assert caught.value.category == "out.locked"
    assert content(tmp_path) == before
    finish(running)
    assert cocoseg.verify(tmp_path / out).whole


@pytest.mark.parametrize(
    ("first", "second"),
    [("to_panoptic out", "to_coco out/panoptic.json"), ("to_coco out/panoptic.json", "to_panoptic out")],
)
def test_a_document_that_another_run_made_meanwhile_is_not_replaced(
    first: str, second: str, source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    (command, out), (other, there) = first.split(), second.split()
    (tmp_path / "out").mkdir()
    running = begin(command, tmp_path / out)
    getattr(cocoseg, other)(source, tmp_path / there)
    made = content(tmp_path / "out")["panoptic.json"]
    _, stderr = running.communicate("\n" * 9, timeout=20)
    assert running.returncode == 1
    assert "panoptic.json' exists already, and no known run of cocoseg wrote it" in stderr
    assert (tmp_path / "out" / "panoptic.json").read_bytes() == made
    assert cocoseg.verify(tmp_path / there).whole


def test_a_picture_that_another_run_made_meanwhile_is_not_replaced(
    source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    """to-panoptic puts its pictures where the other puts class maps."""
    running = begin("to_panoptic", tmp_path / "out")
    cocoseg.to_semantic(source, tmp_path / "out" / "panoptic")
    stdout, _ = running.communicate("\n" * 9, timeout=20)
    assert stdout.splitlines()[-1] == "0"
    assert cocoseg.verify(tmp_path / "out" / "panoptic").whole


def test_a_document_is_made_beside_a_run_and_a_run_around_a_document(
    source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    document = begin("to_coco", out / "x.json", DOCUMENT)
    staged = {path for path in temporaries(out) if path.parent == out}
    assert len(staged) == 1
    run = begin("to_semantic", out)
    assert staged <= temporaries(out)
    finish(run)
    assert temporaries(out) == staged
    finish(document)
    assert cocoseg.verify(out / "x.json").whole
    again = begin("to_semantic", tmp_path / "out2")
    assert cocoseg.to_coco(source, tmp_path / "out2" / "x.json").images == 3
    finish(again)
    assert {name for name in content(out) if TEMPORARY in name} == set()


def test_files_in_the_folder_of_a_run_that_is_on_are_no_strays_while_they_have_no_name(
    source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    begin("to_semantic", tmp_path / "out" / "train")
    (problem,) = cocoseg.to_semantic(source, tmp_path / "out").problems
    assert TEMPORARY not in problem.message


@pytest.mark.parametrize("killed", ["out/train", "out", "out/x.json"])
def test_temporaries_of_a_run_that_was_killed_are_removed(
    killed: str, source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "out").mkdir()
    process = (
        begin("to_coco", tmp_path / killed, DOCUMENT) if "x" in killed else begin("to_semantic", tmp_path / killed)
    )
    process.kill()
    process.wait()
    left = len(temporaries(tmp_path))
    assert left
    notes = cocoseg.to_semantic(source, tmp_path / "out").notes
    assert notes == [f"removed {left} temporary file{'s' * (left > 1)} of an ended run"]
    assert temporaries(tmp_path) == set()


def test_a_document_that_was_killed_is_cleared_away_by_its_next_run(
    source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    process = begin("to_coco", tmp_path / "x.json", DOCUMENT)
    process.kill()
    process.wait()
    (tmp_path / f"{TEMPORARY}ab-cd-0").write_bytes(b"of nobody knows whom")
    assert cocoseg.to_coco(source, tmp_path / "x.json").images == 3
    assert {path.name for path in temporaries(tmp_path)} == {f"{TEMPORARY}ab-cd-0"}


class TestOfOlderVersions:
    """They named temporary files by the process, and no token in the lock."""

    def lay_out(self, folder: Path, inside: str) -> set[Path]:
        (folder / inside / ".cocoseg").mkdir(parents=True)
        names = {folder / f"{TEMPORARY}{os.getppid():x}-0-0", folder / inside / f"{TEMPORARY}1f-0-0"}
        for path in names:
            path.write_bytes(b"half")
        return names

    def hold(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A run in a folder, as its lock says it."""
        original = Folder.holder

        def holder(folder: Folder) -> Any:
            return Holder(os.getppid(), "x", "") if folder.root == str(root) else original(folder)

        monkeypatch.setattr(Folder, "holder", holder)

    def test_that_run_are_left_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        names = self.lay_out(tmp_path / "out", "x.json.cocoseg")
        (tmp_path / "out" / "x.json.cocoseg" / LOCK).write_text("{}")
        self.hold(tmp_path / "out" / "x.json.cocoseg", monkeypatch)
        assert Folder(str(tmp_path / "out")).temporaries() == []
        assert temporaries(tmp_path) == names

    def test_that_ended_are_removed(self, tmp_path: Path) -> None:
        names = self.lay_out(tmp_path / "out", "train")
        (tmp_path / "out" / "train" / LOCK).write_text("{}")
        assert len(Folder(str(tmp_path / "out")).temporaries()) == len(names)


def test_a_link_in_the_place_of_a_lock_inside_holds_nobody_up(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "train" / ".cocoseg").mkdir(parents=True)
    (tmp_path / "out" / "train" / LOCK).symlink_to(tmp_path / "none")
    (tmp_path / "out" / "train" / f"{TEMPORARY}ab-cd-0").write_bytes(b"half")
    assert cocoseg.to_semantic(source, tmp_path / "out").notes == ["removed 1 temporary file of an ended run"]
