"""Runs in one tree: in a folder, in one inside it, and of a JSON beside it. Each leaves the others alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_tree import content

import badinput
import cocoseg
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
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
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


@pytest.mark.parametrize(("first", "second"), [("out/train", "out"), ("out", "out/train"), ("out/a", "out/b")])
def test_a_run_inside_another_and_around_it(
    first: str, second: str, source: Path, tmp_path: Path, begin: Callable[..., subprocess.Popen[str]]
) -> None:
    running = begin("to_semantic", tmp_path / first)
    staged = temporaries(tmp_path)
    assert staged
    summary = cocoseg.to_semantic(source, tmp_path / second)
    assert (summary.images, summary.notes) == (3, [])
    assert temporaries(tmp_path) == staged
    finish(running)
    assert temporaries(tmp_path) == set()
    for out in (first, second):
        cocoseg.to_semantic(source, tmp_path / "alone" / out)
        assert (tmp_path / out / "a.png").read_bytes() == (tmp_path / "alone" / out / "a.png").read_bytes()
        assert cocoseg.verify(tmp_path / out).whole


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
