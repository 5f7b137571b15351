"""``verify``: OUT is whole, or what is not so is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import badinput
import cocoseg
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import page, page_name
from cocoseg.runs.tally import Tally
from cocoseg.tools.verify import verify
from command import cocoseg as run

# Python from 3.12 on warns of a fork of this test process, which has numpy's threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
JOURNAL = ".cocoseg/page-0000-000000000.jsonl"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    source = badinput.lay_out({"input": {}}, tmp_path / "set")
    assert cocoseg.to_semantic(source, tmp_path / "out").failures == []
    return tmp_path / "out"


def categories(out: Path, **options: Any) -> list[str]:
    found = verify(out, **options)
    assert found.whole == (not found.failures)
    return [failure.category for failure in found.failures]


@pytest.mark.parametrize("workers", [1, 2])
def test_of_a_whole_run_finds_nothing(out: Path, workers: int) -> None:
    found = verify(out, workers=workers)
    assert (found.whole, found.images, found.files, found.failures) == (True, 3, 3, [])
    assert found.folder == str(out.resolve())


def test_changes_nothing(out: Path) -> None:
    before = {path: os.stat(path)[1:9] for path in out.rglob("*")}
    verify(out)
    (out / "b.png").unlink()
    verify(out)
    before.pop(out / "b.png")
    after = {path: os.stat(path)[1:9] for path in out.rglob("*")}
    assert {path: (s[0], s[5], s[7]) for path, s in after.items() if path.is_file()} == {
        path: (s[0], s[5], s[7]) for path, s in before.items() if path.is_file()
    }


DAMAGES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "gone": ("verify.missing", lambda path: path.unlink()),
    "a bit": ("verify.changed", lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x")),
    "cut": ("verify.changed", lambda path: path.write_bytes(path.read_bytes()[:-1])),
    "empty": ("verify.changed", lambda path: path.write_bytes(b"")),
    "a folder": ("verify.changed", lambda path: (path.unlink(), path.mkdir())),
    "a link": ("verify.changed", lambda path: (path.rename(path.with_name("x")), path.symlink_to("x"))),
    "a link to nothing": ("verify.changed", lambda path: (path.unlink(), path.symlink_to("nothing"))),
}


@pytest.mark.parametrize(("category", "damage"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("workers", [1, 2])
def test_names_a_file_that_is_not_as_it_was(
    out: Path, category: str, damage: Callable[[Path], Any], workers: int
) -> None:
    damage(out / "b.png")
    found = verify(out, workers=workers)
    assert [failure.category for failure in found.failures] == [category]
    assert str(out / "b.png") in found.failures[0].message
    assert "the same command again" in found.failures[0].message
    assert (found.images, found.files) == (3, 3)


def test_what_it_says_helps(out: Path, tmp_path: Path) -> None:
    (out / "b.png").write_bytes(b"")
    (out / "c.png").unlink()
    assert len(categories(out)) == 2
    cocoseg.to_semantic(tmp_path / "set" / "panoptic.json", out)
    assert categories(out) == []


def test_does_not_mind_times_and_files_of_others(out: Path) -> None:
    os.utime(out / "a.png")
    (out / "mine.txt").write_text("mine")
    assert categories(out) == []


class TestTheJournal:
    def test_that_is_damaged_is_named(self, out: Path) -> None:
        (out / JOURNAL).write_bytes((out / JOURNAL).read_bytes()[:-5])
        assert categories(out) == ["verify.journal", "verify.report"]

    @pytest.mark.parametrize("row", [b"", b"[]", b'{"key":"b.png","made_from":"1","result":{"things":1}}'])
    def test_whose_rows_are_none_is_damaged(self, out: Path, row: bytes, tmp_path: Path) -> None:
        lines = (out / JOURNAL).read_bytes().splitlines()[1:]
        (out / JOURNAL).write_bytes(page("to-semantic", [*lines[:1], row, *lines[2:]]))
        assert categories(out) == ["verify.journal", "verify.report"]
        said = run("verify", out)
        assert (said.code, "is damaged" in said.stdout, said.stderr) == (1, True, "")
        again = run("to-semantic", tmp_path / "set" / "panoptic.json", out)
        assert (again.code, again.stderr) == (0, "")
        assert again.stdout.count("left out 1 damaged page of the journal") == 1
        assert "page-0000-000000000.jsonl" in again.stdout
        assert categories(out) == []
        assert (out / JOURNAL).read_bytes().splitlines()[1:] == lines

    def test_that_lost_a_page_does_not_fit_the_report(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = Folder(str(out))
        data = folder.read(JOURNAL)
        folder.save(JOURNAL, page("to-semantic", data.splitlines()[1:3]))
        assert categories(out) == ["verify.report"]
        assert "lists 3 images, the journal 2" in verify(out).failures[0].message

    def test_of_a_run_that_was_ended_is_told(self, out: Path) -> None:
        (out / JOURNAL).rename(out / page_name(1, 0))
        assert categories(out) == ["verify.unfinished"]
        assert verify(out).state == "unfinished"

    def test_of_an_older_version_does_not_say_how_many_images_there_are(self, out: Path) -> None:
        lines = Folder(str(out)).read(JOURNAL).splitlines()[1:]
        Folder(str(out)).save(JOURNAL, page("to-semantic", lines))
        assert (categories(out), verify(out).listed) == ([], None)
        (out / JOURNAL).rename(out / page_name(1, 0))
        assert "not finished; run" in verify(out).failures[0].message

    def test_that_was_not_cleared_away_yet_is_told(self, out: Path) -> None:
        (out / page_name(1, 0)).write_bytes((out / JOURNAL).read_bytes())
        assert categories(out) == ["verify.unfinished"]

    def test_of_an_image_that_failed_since_is_not_asked_for(self, out: Path, tmp_path: Path) -> None:
        (tmp_path / "set" / "panoptic" / "b.png").write_bytes(b"")
        summary = cocoseg.to_semantic(tmp_path / "set" / "panoptic.json", out)
        assert summary.failed == 1
        found = verify(out)
        assert (found.failures, found.images) == ([], 2)


class TestTheReport:
    @pytest.mark.parametrize(
        "data", [None, b"", b"{}", b"\xff", b'{"images":{"converted":"3"}}', b'{"images":"3"}', b"[]"]
    )
    def test_that_is_not_one_is_told(self, out: Path, data: bytes | None) -> None:
        (out / "cocoseg.json").unlink()
        if data is not None:
            (out / "cocoseg.json").write_bytes(data)
        assert categories(out) == ["verify.report"]
        assert verify(out).images == 3

    @pytest.mark.parametrize("levels", [970, 985, 1000, 100_000])
    @pytest.mark.parametrize("field", ["options", "more", "document", "masks"])
    def test_that_is_nested_deeply_is_told_or_does_not_matter(self, out: Path, field: str, levels: int) -> None:
        report = json.loads((out / "cocoseg.json").read_text()) | {field: "@"}
        (out / "cocoseg.json").write_text(json.dumps(report).replace('"@"', "[" * levels + "]" * levels))
        assert categories(out) in ([], ["verify.report"])
        assert levels < 100_000 or categories(out) == ["verify.report"]

    @pytest.mark.parametrize("name", ["../victim.txt", "/etc/passwd", "a\0b", ""])
    def test_that_names_a_document_outside_is_told(self, out: Path, name: str) -> None:
        report = json.loads((out / "cocoseg.json").read_text()) | {"document": [name, 1, "00"]}
        (out / "cocoseg.json").write_text(json.dumps(report))
        assert categories(out) == ["verify.report"]

    def test_that_tells_of_other_images_is_told(self, out: Path) -> None:
        report = json.loads((out / "cocoseg.json").read_text())
        report["images"] = 4
        (out / "cocoseg.json").write_text(json.dumps(report))
        assert categories(out) == ["verify.report"]


def test_an_older_report_is_read(out: Path) -> None:
    report = json.loads((out / "cocoseg.json").read_text())
    report["images"] = {"listed": 4, "converted": 3, "failed": 1}
    (out / "cocoseg.json").write_text(json.dumps(report))
    found = verify(out)
    assert (found.failures, found.images, found.refused) == ([], 3, 1)


class TestARunThatIsOn:
    def test_is_named_and_not_taken_for_one_that_ended(self, tmp_path: Path) -> None:
        found: list[cocoseg.Verification] = []
        source = badinput.lay_out({"input": {}}, tmp_path / "set")

        def look(tally: Tally) -> None:
            found.append(verify(tmp_path / "out"))
            assert run("verify", tmp_path / "out").stdout.startswith(f"{tmp_path / 'out'} is not finished: ")

        cocoseg.to_semantic(source, tmp_path / "out", on_done=look)
        assert [row.state for row in found] == ["running"] * len(found)
        assert (found[-1].images, found[-1].listed, found[-1].whole) == (3, 3, False)
        (failure,) = found[-1].failures
        assert failure.category == "verify.running"
        assert f"process {os.getpid()} on " in failure.message
        assert "ended" not in failure.message.replace("has ended", "")
        assert verify(tmp_path / "out").state == "finished"

    def test_that_has_no_page_yet(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        with Folder(str(tmp_path / "out")).lock():
            found = verify(tmp_path / "out")
        assert (found.state, found.images, found.listed) == ("running", 0, None)

    def test_that_died_is_one_that_ended(self, out: Path) -> None:
        (out / JOURNAL).rename(out / page_name(1, 0))
        (out / ".cocoseg" / "lock").write_text('{"pid":99999999,"host":"elsewhere","since":"2020-01-01"}')
        os.utime(out / ".cocoseg" / "lock", (0, 0))
        assert verify(out).state == "unfinished"

    def test_of_another_machine_is_named(self, out: Path) -> None:
        (out / ".cocoseg" / "lock").write_text('{"pid":1,"host":"elsewhere","since":"2020-01-01"}')
        assert "process 1 on 'elsewhere'" in verify(out).failures[0].message


def test_a_run_that_was_stopped_says_how_much_is_done(tmp_path: Path) -> None:
    source = badinput.lay_out({"input": {}}, tmp_path / "set")
    (tmp_path / "set" / "panoptic" / "b.png").write_bytes(b"")
    cocoseg.to_semantic(source, tmp_path / "out", on_error="stop")
    found = verify(tmp_path / "out")
    assert (found.state, found.images, found.listed) == ("unfinished", 1, 3)
    assert "1 of 3 images are done" in found.failures[0].message
    assert "is not finished: 1 of 3 images are done" in run("verify", tmp_path / "out").stdout


@pytest.mark.parametrize(("what", "said"), [("out", "does not exist"), ("made.json", "made.json.cocoseg")])
def test_what_is_not_there(what: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "made.json").write_text("{}")
    with pytest.raises(cocoseg.OutputError, match=said):
        verify(tmp_path / what)


@pytest.mark.parametrize("what", ["empty", "file", "journal"])
def test_where_no_run_was_it_says_so(tmp_path: Path, what: str) -> None:
    if what in ("empty", "journal"):
        (tmp_path / what).mkdir()
    if what == "journal":
        (tmp_path / what / ".cocoseg").mkdir()
    if what == "file":
        (tmp_path / what).write_bytes(b"")
    with pytest.raises(cocoseg.OutputError, match="holds no run of cocoseg") as caught:
        verify(tmp_path / what)
    assert caught.value.category == "out.no_run"


def test_a_worker_that_dies_is_told_not_passed_over(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, original = os.getpid(), Folder.holds

    def die(folder: Folder, name: str, *known: Any) -> bool:
        if name == "b.png" and os.getpid() != parent:
            os._exit(1)
        return original(folder, name, *known)

    monkeypatch.setattr(Folder, "holds", die)
    monkeypatch.setenv("COCOSEG_START", "fork")
    found = verify(out, workers=2)
    assert [failure.category for failure in found.failures] == ["worker.died"]
    assert found.failures[0].message.startswith("'b.png': ")


def test_the_command(out: Path) -> None:
    result = run("verify", out)
    assert (result.code, result.stdout) == (0, f"{out} is whole: 3 files of 3 images\n")
    (out / "b.png").unlink()
    result = run("verify", out, "--json")
    told = json.loads(result.stdout)
    assert (result.code, told["whole"], told["images"], told["files"]) == (1, False, 3, 3)
    assert set(told) == {*vars(verify(out)), "whole"}
    assert [failure["category"] for failure in told["failures"]] == ["verify.missing"]
    assert told["failures"][0]["file"] == "b.png"
    assert run("verify", out.parent).code == 4


def test_images_that_the_run_refused_are_said(tmp_path: Path) -> None:
    source = badinput.lay_out(badinput.load("png-025_truncated_ihdr"), tmp_path / "set")
    assert len(cocoseg.to_semantic(source, tmp_path / "out").failures) == 1
    found = verify(tmp_path / "out")
    assert (found.whole, found.images, found.refused) == (True, 2, 1)
    assert "is whole: 2 files of 2 images; the run refused 1 more image" in run("verify", tmp_path / "out").stdout


def test_a_report_without_its_journal(out: Path) -> None:
    shutil.rmtree(out / ".cocoseg")
    with pytest.raises(cocoseg.OutputError, match="holds cocoseg.json, but its journal .cocoseg is missing"):
        verify(out)
