"""No link in OUT is followed: not by a run, a trial, ``verify``, the lock, the journal, the report or the document."""

from __future__ import annotations

import gc
import json
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import badinput
import cocoseg
from cocoseg.errors import CocosegError, OutputError, SampleError
from cocoseg.files.digests import digest
from cocoseg.files.names import TEMPORARY
from cocoseg.runs import tree as module
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row, encode_row, page, page_name
from cocoseg.runs.lock import Lock
from cocoseg.runs.tree import KEPT_OPEN, Tree

PRECIOUS = b"precious"


@pytest.fixture(params=["descriptors", "paths"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems with calls relative to a folder, and systems without."""
    if request.param == "paths":
        monkeypatch.setattr(module, "RELATIVE", False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three images a, b, c, of which one goes to a subfolder."""
    path = badinput.lay_out({"input": {}}, tmp_path / "set")
    document = json.loads(path.read_text())
    document["annotations"][1]["file_name"] = "sub/b.png"
    (tmp_path / "set" / "panoptic" / "sub").mkdir()
    (tmp_path / "set" / "panoptic" / "b.png").rename(tmp_path / "set" / "panoptic" / "sub" / "b.png")
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder outside, which is afterwards as it was."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "victim").write_bytes(PRECIOUS)
    yield folder
    assert content(folder) == {"victim": PRECIOUS}


def content(folder: Path) -> dict[str, bytes]:
    """The files of a folder and its subfolders; links are not followed."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in found
    }


def category(call: Callable[[], Any]) -> str:
    """How a command ends: "" where all went well, else the category of the error, or of the first failure."""
    try:
        found = call()
    except CocosegError as error:
        assert str(error).isprintable()
        return error.category
    return found.failures[0].category if found.failures else ""


def put_page(out: Path, name: str, data: bytes = PRECIOUS, command: str = "to-semantic") -> None:
    """A page of the journal with a right digest, by which an earlier run made ``name`` of the image a."""
    (out / ".cocoseg").mkdir(parents=True, exist_ok=True)
    row = Row("a.png", "0" * 32, {name: (len(data), digest(data))})
    (out / page_name(1, 0)).write_bytes(page(command, [encode_row(row)]))


class TestNamesOfAJournal:
    @pytest.mark.parametrize("name", ["../victim", "a/../../victim", "sub/../../victim", "./../victim", "/victim"])
    def test_that_lead_out_are_not_removed(self, name: str, source: Path, out: Path, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.write_bytes(PRECIOUS)
        (out / "sub").mkdir(parents=True)
        put_page(out, str(victim) if name == "/victim" else name)
        assert not cocoseg.verify(out).whole
        cocoseg.to_semantic(source, out, dry_run=True)
        assert cocoseg.to_semantic(source, out).images == 3
        assert victim.read_bytes() == PRECIOUS
        assert cocoseg.verify(out).whole

    @pytest.mark.parametrize("name", ["cocoseg.json", ".cocoseg/lock", f"{TEMPORARY}1"])
    def test_of_cocosegs_own_files_are_not_removed(self, name: str, out: Path) -> None:
        folder = Folder.create(out)
        folder.save(name, PRECIOUS)
        assert not folder.holds(name, len(PRECIOUS), digest(PRECIOUS))
        assert folder.holds(name, len(PRECIOUS), digest(PRECIOUS), own=True)

    def test_of_a_document_that_lead_out_are_not_read(self, source: Path, out: Path, elsewhere: Path) -> None:
        cocoseg.to_panoptic(source, out)
        report = json.loads((out / "cocoseg.json").read_text())
        report["document"] = ["../elsewhere/victim", len(PRECIOUS), digest(PRECIOUS)]
        (out / "cocoseg.json").write_text(json.dumps(report))
        assert [problem.category for problem in cocoseg.verify(out).failures] == ["verify.report"]

    def test_of_texts_that_lead_out_are_not_read(self, source: Path, tmp_path: Path, elsewhere: Path) -> None:
        made = tmp_path / "made.json"
        cocoseg.to_coco(source, made)
        clean = made.read_bytes()
        journal = tmp_path / "made.json.cocoseg" / page_name(0, 0)
        header, *lines = journal.read_bytes().splitlines()
        texts = [["../../elsewhere/victim", 0, len(PRECIOUS), digest(PRECIOUS)]] * 2
        rows = [json.loads(line) | {"texts": texts} for line in lines]
        journal.write_bytes(page("to-coco", [msgspec.json.encode(row) for row in rows], json.loads(header)["listed"]))
        assert category(lambda: cocoseg.to_coco(source, made)) == "out.exists"  # as if the page were not there
        assert cocoseg.to_coco(source, made, overwrite=True).kept == 0
        assert made.read_bytes() == clean
        assert (elsewhere / "victim").read_bytes() == PRECIOUS


class TestLinksThatWereThereBefore:
    @pytest.mark.parametrize("dry_run", [False, True])
    @pytest.mark.parametrize("name", ["lock", ""])
    def test_of_the_lock_or_the_journal(
        self, name: str, dry_run: bool, source: Path, out: Path, elsewhere: Path
    ) -> None:
        out.mkdir()
        if name:
            (out / ".cocoseg").mkdir()
        (out / ".cocoseg" / name).symlink_to(elsewhere / "victim" if name else elsewhere)
        assert category(lambda: cocoseg.to_semantic(source, out, dry_run=dry_run)) == "out.link"
        assert category(lambda: cocoseg.verify(out)) == "out.link"

    def test_of_the_lock_to_nothing(self, source: Path, out: Path, elsewhere: Path) -> None:
        (out / ".cocoseg").mkdir(parents=True)
        (out / ".cocoseg" / "lock").symlink_to(elsewhere / "new")
        with pytest.raises(OutputError, match="'.*/.cocoseg/lock' is a symbolic link, which is not followed") as caught:
            cocoseg.to_semantic(source, out)
        assert caught.value.category == "out.link"

    def test_a_hard_link_in_the_place_of_the_lock(self, source: Path, out: Path, elsewhere: Path) -> None:
        (out / ".cocoseg").mkdir(parents=True)
        os.link(elsewhere / "victim", out / ".cocoseg" / "lock")
        assert category(lambda: cocoseg.to_semantic(source, out)) == "out.link"

    def test_a_pipe_in_the_place_of_the_lock_is_not_waited_for(self, source: Path, out: Path) -> None:
        (out / ".cocoseg").mkdir(parents=True)
        os.mkfifo(out / ".cocoseg" / "lock")
        assert category(lambda: cocoseg.verify(out)) == "out.no_run"
        assert category(lambda: cocoseg.to_semantic(source, out)) == "out.link"

    @pytest.mark.parametrize("name", ["cocoseg.json", page_name(0, 0), page_name(1, 0), "a.png", "sub/b.png"])
    def test_of_a_file_are_replaced_or_foreign(self, name: str, source: Path, out: Path, elsewhere: Path) -> None:
        cocoseg.to_semantic(source, out)
        clean = content(out)
        (elsewhere / "victim").write_bytes(clean.get(name, PRECIOUS))
        (out / name).unlink(missing_ok=True)
        (out / name).symlink_to(elsewhere / "victim")
        assert not cocoseg.verify(out).whole
        cocoseg.to_semantic(source, out, dry_run=True)
        cocoseg.to_semantic(source, out, overwrite=True)
        assert content(out) == clean
        assert (elsewhere / "victim").read_bytes() == clean.get(name, PRECIOUS)
        (elsewhere / "victim").write_bytes(PRECIOUS)

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_of_a_subfolder(self, dry_run: bool, source: Path, out: Path, elsewhere: Path) -> None:
        out.mkdir()
        (out / "sub").symlink_to(elsewhere)
        summary = cocoseg.to_semantic(source, out, dry_run=dry_run)
        assert [(failure.category, failure.file) for failure in summary.failures] == [("path.escape", "sub/b.png")]
        assert "/out/sub' is a symbolic link, which is not followed" in summary.failures[0].message
        assert summary.images == 2

    def test_of_a_subfolder_with_the_right_file(self, source: Path, out: Path, tmp_path: Path) -> None:
        cocoseg.to_semantic(source, out)
        (out / "sub").rename(tmp_path / "moved")
        (out / "sub").symlink_to(tmp_path / "moved")
        before = content(tmp_path / "moved")
        assert [problem.category for problem in cocoseg.verify(out).failures] == ["verify.missing"]
        assert category(lambda: cocoseg.to_semantic(source, out)) == "path.escape"
        assert content(tmp_path / "moved") == before

    def test_to_a_name_of_a_temporary_file_are_not_written_through(
        self, source: Path, out: Path, elsewhere: Path
    ) -> None:
        out.mkdir()
        names = [f"{TEMPORARY}{os.getpid()}", f"{TEMPORARY}{os.getpid():x}-age", f"{TEMPORARY}{os.getpid():x}-0-0"]
        for name in names:
            (out / name).symlink_to(elsewhere / "victim")
        assert category(lambda: cocoseg.to_semantic(source, out)) == ""
        assert not {*names} & {*os.listdir(out)}


class TestOfAJson:
    @pytest.mark.parametrize("dry_run", [False, True])
    @pytest.mark.parametrize("there", [True, False])
    def test_a_link_in_the_place_of_its_folder(
        self, there: bool, dry_run: bool, source: Path, tmp_path: Path, elsewhere: Path
    ) -> None:
        (tmp_path / "a.json.cocoseg").symlink_to(elsewhere if there else tmp_path / "none")
        assert category(lambda: cocoseg.to_coco(source, tmp_path / "a.json", dry_run=dry_run)) == "out.link"
        assert category(lambda: cocoseg.verify(tmp_path / "a.json")) == "out.link"
        assert not (tmp_path / "none").exists()

    def test_a_link_in_its_own_place_is_foreign(self, source: Path, tmp_path: Path, elsewhere: Path) -> None:
        made = tmp_path / "a.json"
        made.symlink_to(elsewhere / "victim")
        assert category(lambda: cocoseg.to_coco(source, made)) == "out.exists"
        assert category(lambda: cocoseg.to_coco(source, made, overwrite=True)) == ""
        assert not made.is_symlink()

    def test_a_link_in_its_place_later_is_replaced(self, source: Path, tmp_path: Path, elsewhere: Path) -> None:
        made = tmp_path / "a.json"
        cocoseg.to_coco(source, made)
        clean = made.read_bytes()
        made.unlink()
        made.symlink_to(elsewhere / "victim")
        assert not cocoseg.verify(made).whole
        assert cocoseg.to_coco(source, made).kept == 0
        assert not made.is_symlink()
        assert made.read_bytes() == clean


class TestALinkThatComesDuringTheRun:
    def swap(self, folder: Path, elsewhere: Path) -> None:
        if folder.is_dir() and not folder.is_symlink():
            folder.rename(folder.with_name("was"))
            folder.symlink_to(elsewhere)

    @pytest.mark.parametrize("moment", ["replace", "fsync"])
    def test_in_the_place_of_a_subfolder(
        self, moment: str, source: Path, out: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = getattr(os, moment)

        def swapping(*args: Any, **at: Any) -> Any:
            self.swap(out / "sub", elsewhere)
            return original(*args, **at)

        monkeypatch.setattr(os, moment, swapping)
        summary = cocoseg.to_semantic(source, out)
        assert [failure.category for failure in summary.failures] == ["path.escape"]

    def test_while_files_are_written_stops_them_at_once(
        self, source: Path, out: Path, elsewhere: Path, tmp_path: Path
    ) -> None:
        folder = Folder.create(out)
        with folder.batch() as batch:
            batch.add("sub/a", b"1")
            (out / "sub").rename(tmp_path / "was")
            (out / "sub").symlink_to(elsewhere)
            with pytest.raises(SampleError, match="'.*/out/sub' is a symbolic link, which is not followed"):
                batch.add("sub/b", b"2")
            assert [error.category for error in batch.commit().values()] == ["path.escape"]
        assert len(content(tmp_path / "was")) == 1, "what was written before it was moved"

    def test_in_the_place_of_the_journal(
        self, source: Path, out: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = Lock.beat

        def swapping(lock: Lock) -> None:
            self.swap(out / ".cocoseg", elsewhere)
            original(lock)

        monkeypatch.setattr(Lock, "beat", swapping)
        assert category(lambda: cocoseg.to_semantic(source, out)) in ("out.link", "out.journal")


class TestOutBehindALink:
    def test_is_written_to_and_named(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        for dry_run in (True, False):
            summary = cocoseg.to_semantic(source, tmp_path / "link", dry_run=dry_run)
            note = f"OUT '{tmp_path}/link' is reached by a symbolic link; it is '{tmp_path}/real'"
            assert summary.notes == [note]
        assert (tmp_path / "real" / "sub" / "b.png").exists()
        assert cocoseg.verify(tmp_path / "link").whole

    def test_further_up_and_of_a_json(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        summary = cocoseg.to_coco(source, tmp_path / "link" / "a.json")
        note = f"OUT '{tmp_path}/link/a.json' is reached by a symbolic link; it is '{tmp_path}/real/a.json'"
        assert summary.notes == [note]
        assert cocoseg.to_semantic(source, tmp_path / "link" / "new").notes[0].endswith(f"it is '{tmp_path}/real/new'")

    def test_of_no_link_nothing_is_said(self, source: Path, out: Path) -> None:
        assert cocoseg.to_semantic(source, out).notes == []

    def test_that_leads_to_itself_is_an_error(self, source: Path, out: Path) -> None:
        out.symlink_to("out")
        assert category(lambda: cocoseg.to_semantic(source, out)) == "out.not_folder"


class TestTree:
    @pytest.mark.parametrize("name", ["", "..", "../x", "a/../../x", "/x", "a//x", "./x", "a/.", "a/"])
    def test_knows_names_that_lead_out(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "out" / "a").mkdir(parents=True)
        (tmp_path / "x").write_bytes(PRECIOUS)
        tree = Tree(str(tmp_path / "out"))
        assert not tree.has(name)
        with pytest.raises(SampleError):
            tree.read(name)
        with pytest.raises(OSError, match="leads out of the folder"):
            tree.unlink(name)

    def test_of_a_folder_that_is_not_there_yet(self, tmp_path: Path) -> None:
        tree = Tree(str(tmp_path / "out"))
        assert list(tree.names()) == []
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a").write_bytes(PRECIOUS)
        assert tree.read("a") == PRECIOUS
        assert pickle.loads(pickle.dumps(tree)).read_part("a", 3, 2) == PRECIOUS[3:5]

    def test_keeps_few_folders_open_and_closes_them(self, tmp_path: Path) -> None:
        gc.collect()  # what errors of earlier tests refer to
        before = len(os.listdir("/proc/self/fd"))
        tree = Tree(str(tmp_path))
        for number in range(5 * KEPT_OPEN):
            tree.folder(f"a/{number}/b", make=True)
        assert len(os.listdir("/proc/self/fd")) <= before + KEPT_OPEN + 1
        tree.close()
        assert len(os.listdir("/proc/self/fd")) == before

    def test_lists_a_folder_of_any_depth(self, tmp_path: Path) -> None:
        tree, deep = Tree(str(tmp_path)), "/".join("d" * 300)
        tree.folder(deep, make=True)
        os.close(tree.open(f"{deep}/a", os.O_CREAT | os.O_WRONLY))
        assert list(tree.names()) == [f"{deep}/a"]

    def test_of_the_whole_file_system(self) -> None:
        assert Tree("/").folder("tmp").status(".").st_ino == os.stat("/tmp").st_ino
