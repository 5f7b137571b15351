"""What a run finished is left as it is; what has changed since, and nothing else, is made again."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

import badinput
import cocoseg
from cocoseg.errors import OutputError, Problem, SampleError
from cocoseg.model import Dataset, Entry, Loader, Refused
from cocoseg.parallel import TimeExceeded
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Journal, decode_row, page, page_name
from cocoseg.runs.writer import Converted, Part, Target, Writer

JOURNAL = ".cocoseg/page-0000-000000000.jsonl"
NAMES = ["a.png", "b.png", "c.png"]


@dataclass
class Place:
    """A data set of three images, and the folder that it is converted into."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "set" / "panoptic.json"

    @property
    def out(self) -> Path:
        return self.root / "out"

    def run(self, **options: Any) -> cocoseg.Summary:
        return cocoseg.to_semantic(self.source, self.out, **options)

    def states(self) -> dict[str, tuple[int, int]]:
        """Which file is under each name, and when it was written."""
        found = {name: os.stat(self.out / name) for name in NAMES if (self.out / name).exists()}
        return {name: (status.st_ino, status.st_mtime_ns) for name, status in found.items()}

    def bytes(self) -> dict[str, bytes]:
        files = (path for path in self.out.rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in files}

    def patch(self, *steps: Any) -> None:
        document = json.loads(self.source.read_text())
        for action, path, *value in steps:
            badinput.patch(document, action, path, *value)
        self.source.write_text(json.dumps(document))

    def redone(self, **options: Any) -> list[str]:
        """The names whose files a run has replaced; all others are the very same."""
        before = self.states()
        summary = self.run(**options)
        assert summary.failures == []
        after = self.states()
        changed = sorted(name for name in NAMES if before.get(name) != after[name])
        assert summary.kept == len(NAMES) - len(changed)
        return changed


@pytest.fixture
def place(tmp_path: Path) -> Place:
    badinput.lay_out({"input": {}}, tmp_path / "set")
    one = Place(tmp_path)
    assert one.run().failures == []
    for name in NAMES:
        os.utime(one.out / name, ns=(10**9, 10**9))
    return one


def class_map(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


class TestASecondRun:
    def test_touches_nothing(self, place: Place) -> None:
        before = place.bytes()
        assert place.redone() == []
        assert place.redone(workers=2) == []
        assert place.bytes() == before

    def test_makes_again_what_a_changed_png_decides(self, place: Place) -> None:
        swapped = badinput.build_png(8, 8, pixels=[[2, 0, 0] * 4 + [1, 0, 0] * 4] * 8)
        (place.root / "set" / "panoptic" / "b.png").write_bytes(swapped)
        assert place.redone() == ["b.png"]
        assert class_map(place.out / "b.png")[0].tolist() == [1] * 4 + [0] * 4
        assert place.redone() == []

    def test_sees_a_png_of_the_same_size_and_time(self, place: Place) -> None:
        path = place.root / "set" / "panoptic" / "b.png"
        data, status = path.read_bytes(), os.stat(path)
        at = data.index(b"IDAT") - 4
        path.write_bytes(data[:at] + badinput.chunk("tEXt", b"x\0y") + data[at:])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        summary = place.run()
        assert (summary.images, summary.kept) == (3, 2)

    @pytest.mark.parametrize("value", [2, 1])
    def test_makes_again_what_a_changed_entry_decides(self, place: Place, value: int) -> None:
        step = ("set", ["annotations", 2, "segments_info", 1 if value == 1 else 0, "category_id"], value)
        place.patch(step)
        assert place.redone() == ["c.png"]
        assert set(class_map(place.out / "c.png").ravel()) == {value - 1}

    def test_does_not_mind_where_in_the_document_an_entry_stands(self, place: Place) -> None:
        document = json.loads(place.source.read_text())
        document["annotations"].reverse()
        document["images"].reverse()
        place.source.write_text(json.dumps(document))
        assert place.redone() == []
        assert list(Journal(Folder(str(place.out))).load()) == ["c.png", "b.png", "a.png"]

    @pytest.mark.parametrize("options", [{"labels": "panopticapi"}, {"palette": True}])
    def test_makes_all_again_under_other_options(self, place: Place, options: Any) -> None:
        assert place.redone(**options) == NAMES
        assert place.redone(**options) == []
        twin = Place(place.root / "twin")
        twin.root.mkdir()
        cocoseg.to_semantic(place.source, twin.out, **options)
        assert place.bytes() == twin.bytes()

    def test_makes_nothing_again_for_a_scheme_of_another_name(self, place: Place) -> None:
        scheme = place.run().scheme
        assert place.redone(labels=replace(scheme, name="mine")) == []

    def test_does_not_mind_times(self, place: Place) -> None:
        for name in NAMES:
            os.utime(place.root / "set" / "panoptic" / name)
            os.utime(place.out / name)
        os.utime(place.source)
        assert place.redone() == []

    def test_takes_a_new_image_and_leaves_the_others(self, place: Place) -> None:
        document = json.loads(place.source.read_text())
        document["images"].append(document["images"][0] | {"id": 9, "file_name": "d.jpg"})
        document["annotations"].insert(0, document["annotations"][0] | {"image_id": 9, "file_name": "d.png"})
        place.source.write_text(json.dumps(document))
        (place.root / "set" / "panoptic" / "d.png").write_bytes(badinput.base_png())
        before = place.states()
        summary = place.run()
        assert (summary.images, summary.kept, place.states()) == (4, 3, before)
        assert (place.out / "d.png").exists()


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "missing": lambda path: path.unlink(),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:-3] + b"x" + path.read_bytes()[-2:]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_damaged_in_out_is_made_again(place: Place, name: str, damage: Callable[[Path], Any]) -> None:
    before = place.bytes()
    damage(place.out / name)
    assert place.redone() == [name]
    assert place.bytes() == before


class TestTheJournal:
    @pytest.mark.parametrize("damage", [DAMAGES[name] for name in ("missing", "cut", "empty", "a bit", "zeros")])
    def test_that_is_damaged_costs_work_and_no_file(self, place: Place, damage: Callable[[Path], Any]) -> None:
        before, states = place.bytes(), place.states()
        damage(place.out / JOURNAL)
        summary = place.run()
        assert (summary.images, summary.kept, summary.failures) == (3, 0, [])
        assert place.bytes() == before
        assert place.states() == states
        assert place.redone() == []

    def test_of_another_command_ends_the_run_before_anything_is_touched(self, place: Place) -> None:
        lines = (place.out / JOURNAL).read_bytes().splitlines()[1:]
        (place.out / JOURNAL).write_bytes(page("to-yolo", lines))
        before = place.bytes()
        with pytest.raises(OutputError, match="cocoseg to-yolo"):
            place.run(labels="panopticapi")
        assert place.bytes() == before

    @pytest.mark.parametrize("settings", [{}, {"labels": "panopticapi"}])
    def test_tells_of_files_that_did_not_get_their_names(self, place: Place, settings: Any) -> None:
        """As a power cut leaves it, between the page and the names of its files."""
        (place.out / JOURNAL).rename(place.out / page_name(1, 0))
        (place.out / "b.png").unlink()
        (place.out / "cocoseg.json").unlink()
        assert place.run(**settings).failures == []
        assert sorted(place.bytes()) == [JOURNAL, *NAMES, "cocoseg.json"]

    def test_gives_no_right_to_files_that_it_does_not_list(self, place: Place) -> None:
        lines = (place.out / JOURNAL).read_bytes().splitlines()[1:]
        (place.out / JOURNAL).write_bytes(page("to-semantic", [line for line in lines if b"b.png" not in line]))
        (place.out / "b.png").write_bytes(b"mine")
        summary = place.run(labels="panopticapi")
        assert [failure.category for failure in summary.failures] == ["out.exists"]
        assert (place.out / "b.png").read_bytes() == b"mine"
        assert place.run(labels="panopticapi", overwrite=True).failures == []

    def test_remembers_whose_the_file_of_a_failed_image_is(self, place: Place) -> None:
        """Its file is from before, and the same command must be able to replace it when the image is whole again."""
        path = place.root / "set" / "panoptic" / "b.png"
        data = path.read_bytes()
        path.write_bytes(data[:40])
        summary = place.run(labels="panopticapi")
        assert [failure.category for failure in summary.failures] == ["png.corrupt"]
        assert [problem.category for problem in summary.problems] == []
        path.write_bytes(data)
        assert place.run(labels="panopticapi").failures == []
        twin = Place(place.root / "twin")
        twin.root.mkdir()
        cocoseg.to_semantic(place.source, twin.out, labels="panopticapi")
        assert place.bytes() == twin.bytes()


# -- the writer itself, over a format that is made up -----------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    key: str
    problems: tuple[Problem, ...] = ()


class Told(msgspec.Struct):
    length: int


@dataclass(frozen=True)
class Shout:
    """A conversion to two files, with words among the keys that make it fail."""

    twice: bool = False

    def __call__(self, sample: Sample) -> Converted:
        if sample.key == "slow":
            time.sleep(600)
        if sample.key == "huge":
            raise MemoryError
        if sample.key == "wrong":
            raise SampleError("x.wrong", "wrong")
        files = {f"{sample.key}.txt": sample.key.upper().encode()}
        return Converted(files | ({f"more/{sample.key}": b"more"} if self.twice else {}), Told(len(sample.key)))

    def settings(self) -> bytes:
        return repr(self).encode()


def make(entry: Entry, files: Any, place: str) -> Sample:
    return Sample(entry.key, (Problem("x.odd", f"{place} is odd"),) if entry.key == "odd" else ())


def part(*keys: str) -> Part:
    entries = [Entry(key, 1, f"entry {key}") for key in keys]
    return Part(Dataset((), entries, Loader("a.json", (), make)), [None] * len(keys))  # type: ignore[arg-type]


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    (tmp_path / ".cocoseg").mkdir()
    return Writer(Shout(), Target(Folder(str(tmp_path)), "shout", 1))  # type: ignore[arg-type]


def files(root: Path) -> dict[str, bytes]:
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".cocoseg/")}


def pages(root: Path) -> dict[str, dict[str, bytes]]:
    folder = Folder(str(root))
    return {
        name: {decode_row(line).key: line for line in Journal(folder)._lines(name) or ()}
        for name in Journal(folder).pages()
    }


class TestPart:
    def test_slices_into_parts_that_know_their_place(self) -> None:
        whole = Part(part(*"abcdef").dataset, [b"a", None, b"c", None, b"e", None])
        middle = whole[1:5][1:3]
        assert (len(middle), middle.first, list(middle.lines)) == (2, 2, [b"c", None])
        assert [(entry.key, line) for entry, line in middle] == [("c", b"c"), ("d", None)]

    def test_may_know_of_no_journal(self) -> None:
        assert [(entry.key, line) for entry, line in Part(part(*"ab").dataset)[1:]] == [("b", None)]


class TestWriter:
    def test_writes_files_and_their_page(self, writer: Writer, tmp_path: Path) -> None:
        rows = writer(part("a", "b"))
        assert [(row.key, row.failure, row.kept, bytes(row.result)) for row in rows] == [
            ("a", None, False, b'{"length":1}'),
            ("b", None, False, b'{"length":1}'),
        ]
        assert files(tmp_path) == {"a.txt": b"A", "b.txt": b"B"}
        assert {name: list(rows) for name, rows in pages(tmp_path).items()} == {page_name(1, 0): ["a", "b"]}

    def test_writes_the_page_before_any_name_is_given(
        self, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = os.replace

        def look(old: str, new: str, **at: int) -> None:
            if new.endswith(".txt"):
                assert list(pages(tmp_path)[page_name(1, 0)]) == ["a", "b"]
            original(old, new, **at)

        monkeypatch.setattr(os, "replace", look)
        writer(part("a", "b"))
        assert files(tmp_path) == {"a.txt": b"A", "b.txt": b"B"}

    @pytest.mark.parametrize("at", ["settle", "page", "names"])
    @pytest.mark.parametrize("kind", [KeyboardInterrupt, OutputError])
    def test_ended_at_any_moment_every_file_stands_in_the_journal(
        self, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, kind: type[BaseException]
    ) -> None:
        from cocoseg.runs.batch import Batch

        def fail(*_: Any, **__: Any) -> None:
            raise kind("out.write", "full")

        original = os.replace
        if at == "settle":
            monkeypatch.setattr(Batch, "settle", fail)
        elif at == "page":
            monkeypatch.setattr(Folder, "save", fail)
        else:
            monkeypatch.setattr(os, "replace", lambda o, n, **at: fail() if n == "b.txt" else original(o, n, **at))
        with pytest.raises(kind):
            writer(part("a", "b"))
        monkeypatch.undo()
        known = {key for rows in pages(tmp_path).values() for key in rows}
        assert {name.removesuffix(".txt") for name in files(tmp_path)} <= known
        assert files(tmp_path) == ({"a.txt": b"A"} if at == "names" else {})

    def test_keeps_what_is_finished(self, writer: Writer, tmp_path: Path) -> None:
        writer(part("a", "odd"))
        lines = pages(tmp_path)[page_name(1, 0)]
        again = replace(writer, target=replace(writer.target, run=2))  # type: ignore[type-var]
        rows = again(replace(part("a", "odd"), lines=[lines["a"], lines["odd"]]))
        assert [(row.kept, len(row.problems)) for row in rows] == [(True, 0), (True, 1)]
        assert list(pages(tmp_path)) == [page_name(1, 0)], "nothing new, no new page"

    def test_a_page_has_what_was_kept_too(self, writer: Writer, tmp_path: Path) -> None:
        writer(part("a"))
        line = pages(tmp_path)[page_name(1, 0)]["a"]
        again = replace(writer, target=replace(writer.target, run=2))  # type: ignore[type-var]
        again(replace(part("a", "b"), lines=[line, None], first=7))
        assert pages(tmp_path)[page_name(2, 7)]["a"] == line

    @pytest.mark.parametrize(
        ("key", "category", "words"),
        [
            ("slow", "limit.time", "took longer than 0.05 s; allow more with --time-limit"),
            ("huge", "limit.memory", "not enough memory"),
            ("wrong", "x.wrong", "wrong"),
        ],
    )
    def test_names_the_image_that_fails(
        self, writer: Writer, tmp_path: Path, key: str, category: str, words: str
    ) -> None:
        rows = replace(writer, seconds=0.05)(part("a", key, "b"))
        assert [row.failure is None for row in rows] == [True, False, True]
        assert rows[1].failure is not None
        assert rows[1].failure.category == category
        assert words in rows[1].failure.message
        assert category == "x.wrong" or rows[1].failure.message.startswith(f"a.json: entry {key}: ")
        assert files(tmp_path) == {"a.txt": b"A", "b.txt": b"B"}
        assert list(pages(tmp_path)[page_name(1, 0)]) == ["a", "b"]

    def test_of_failures_only_writes_no_page(self, writer: Writer, tmp_path: Path) -> None:
        writer(part("wrong", "huge"))
        assert pages(tmp_path) == {}

    def test_stops_at_the_first_failure_if_told_to(self, writer: Writer, tmp_path: Path) -> None:
        rows = replace(writer, stop_on_error=True)(part("a", "wrong", "b"))
        assert [row.key for row in rows] == ["a", "wrong"]
        assert files(tmp_path) == {"a.txt": b"A"}

    def test_ends_a_part_when_its_time_is_up(self, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cocoseg.runs.writer.time_is_up", lambda: True)
        assert [row.key for row in writer(part("a", "b"))] == ["a"]

    def test_without_a_target_writes_nothing(self, writer: Writer, tmp_path: Path) -> None:
        rows = replace(writer, target=None)(part("a", "wrong"))
        assert [row.failure is None for row in rows] == [True, False]
        assert list((tmp_path / ".cocoseg").iterdir()) == []
        assert files(tmp_path) == {}

    def test_that_does_not_see_the_folder_says_so(self, writer: Writer, tmp_path: Path) -> None:
        (tmp_path / ".cocoseg").rmdir()
        with pytest.raises(OutputError, match="is not visible to a worker") as caught:
            writer(part("a"))
        assert caught.value.category == "out.unseen"

    def test_passes_a_refused_entrys_reason_on(self, writer: Writer) -> None:
        refused = Refused("entry 1", Problem("id.type", "a.json: entry 1: no id"))
        whole = Part(replace(part("a").dataset, entries=[refused]))
        assert [row.failure for row in writer(whole)] == [Problem("id.type", "a.json: entry 1: no id")]

    def test_says_at_which_image_a_worker_died(self, writer: Writer) -> None:
        (row,) = writer.lost(part("a"))
        assert (row.key, row.failure and row.failure.category) == ("a", "worker.died")
        assert str(row.failure).startswith("worker.died: a.json: entry a: the worker process died")


class TestNamesThatFail:
    def spoil(self, monkeypatch: pytest.MonkeyPatch, *ends: str) -> None:
        original = os.replace

        def fail(old: str, new: str, **at: int) -> None:
            if new.endswith(ends):
                raise OSError(errno.EACCES, "Permission denied")
            original(old, new, **at)

        monkeypatch.setattr(os, "replace", fail)

    def test_cost_their_image(self, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spoil(monkeypatch, "b.txt")
        rows = writer(part("a", "b", "c"))
        assert [row.failure and row.failure.category for row in rows] == [None, "out.write", None]
        assert str(rows[1].failure).startswith("out.write: a.json: entry b: ")
        assert files(tmp_path) == {"a.txt": b"A", "c.txt": b"C"}
        assert list(pages(tmp_path)[page_name(1, 0)]) == ["a", "c"]

    def test_of_all_leave_none_in_the_journal(
        self, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.spoil(monkeypatch, ".txt")
        assert all(row.failure for row in writer(part("a", "b")))
        assert pages(tmp_path) == {page_name(1, 0): {}}
        assert files(tmp_path) == {}

    def test_one_of_two_files_costs_the_image(
        self, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.spoil(monkeypatch, "b")  # more/b
        rows = replace(writer, convert=Shout(twice=True))(part("a", "b"))  # type: ignore[arg-type]
        assert [row.failure is None for row in rows] == [True, False]
        assert {"a.txt", "more/a"} <= set(files(tmp_path))

    def test_that_are_taken_cost_all_files_of_the_image(self, writer: Writer, tmp_path: Path) -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "b").write_bytes(b"mine")
        rows = replace(writer, convert=Shout(twice=True))(part("a", "b"))  # type: ignore[arg-type]
        assert [row.failure and row.failure.category for row in rows] == [None, "out.exists"]
        assert files(tmp_path) == {"a.txt": b"A", "more/a": b"more", "more/b": b"mine"}


def test_time_limits_are_no_errors_that_a_conversion_could_swallow() -> None:
    assert not issubclass(TimeExceeded, Exception)
