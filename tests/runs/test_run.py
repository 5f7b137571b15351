"""How every conversion goes: ended at any moment and started again, it comes to the same folder, byte for byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import pytest

import badinput
import cocoseg
from cocoseg.errors import OutputError, UsageError
from cocoseg.files.names import TEMPORARY
from cocoseg.runs import durable
from cocoseg.runs.document import Document, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Journal, Row
from cocoseg.runs.lock import Lock
from cocoseg.runs.run import How, Work, run
from cocoseg.runs.tally import Tally
from cocoseg.runs.writer import Converted
from command import cocoseg as command

# Python from 3.12 on warns of a fork of this test process, which has numpy's threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
JOURNAL = ".cocoseg/page-0000-000000000.jsonl"
PATIENCE = 20
COUNT, PIXELS = 30, 64


def data_set(root: Path, count: int = COUNT, bad: tuple[int, ...] = ()) -> Path:
    """Images by number, of which some can't be used."""
    document = badinput.base_document()
    row = document["annotations"][0]
    document["images"] = [{"id": n, "file_name": f"{n}.jpg", "height": 8, "width": 8} for n in range(count)]
    document["annotations"] = [row | {"image_id": n, "file_name": f"{n}.png"} for n in range(count)]
    (root / "panoptic").mkdir(parents=True)
    (root / "panoptic.json").write_text(json.dumps(document))
    for n in range(count):
        data = badinput.base_png()
        (root / "panoptic" / f"{n}.png").write_bytes(data[:30] if n in bad else data)
    return root / "panoptic.json"


def content(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data_set(tmp_path_factory.mktemp("good") / "set")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data_set(tmp_path_factory.mktemp("odd") / "set", bad=(0, 7, COUNT - 1))


@pytest.fixture(scope="module")
def fresh(source: Path, odd: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, bytes]]:
    """What a run that nothing disturbs leaves."""
    outs = {one: tmp_path_factory.mktemp("fresh") / "out" for one in (source, odd)}
    return {one: (cocoseg.to_semantic(one, out), content(out))[1] for one, out in outs.items()}


def test_leaves_files_journal_and_report(source: Path, fresh: dict[Path, dict[str, bytes]]) -> None:
    assert sorted(fresh[source]) == sorted([JOURNAL, "cocoseg.json", *(f"{n}.png" for n in range(COUNT))])


@pytest.mark.parametrize("make", ["to_semantic", "to_onehot", "to_masks", "to_panoptic"])
def test_a_folder_may_be_named_as_a_json(make: str, source: Path, tmp_path: Path) -> None:
    getattr(cocoseg, make)(source, tmp_path / "out.json")
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert (tmp_path / "out.json" / JOURNAL).exists()
    assert cocoseg.verify(tmp_path / "out.json").whole


class Cut(BaseException):
    """What ends a run."""


def cutting(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """End the run at the ``at``-th thing that it does to the disk."""
    left = [at]

    def counted(original: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Cut
            return original(*args, **options)

        return call

    for name in ("replace", "unlink", "ftruncate", "fsync"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    monkeypatch.setattr(durable, "sync_all", counted(durable.sync_all))


class TestEndedAndStartedAgain:
    @pytest.mark.parametrize("at", [*range(1, 12), *range(14, 90, 5)])
    @pytest.mark.parametrize("which", ["source", "odd"])
    def test_comes_to_the_same_bytes(
        self,
        at: int,
        which: str,
        request: pytest.FixtureRequest,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        fresh: dict[Path, dict[str, bytes]],
    ) -> None:
        one = request.getfixturevalue(which)
        with monkeypatch.context() as patch:
            cutting(patch, at)
            try:
                cocoseg.to_semantic(one, tmp_path / "out")
            except Cut:
                known = {name for name in content(tmp_path / "out") if name.endswith(".png")}
                assert known <= set(Journal(Folder(str(tmp_path / "out"))).load())
        (tmp_path / "out" / ".cocoseg" / "lock").unlink(missing_ok=True)
        cocoseg.to_semantic(one, tmp_path / "out")
        assert content(tmp_path / "out") == fresh[one]

    @pytest.mark.parametrize("workers", [1, 2])
    def test_by_kill_again_and_again_comes_to_the_same_bytes(
        self, odd: Path, tmp_path: Path, fresh: dict[Path, dict[str, bytes]], workers: int
    ) -> None:
        out = tmp_path / "out"
        for number in range(4):
            script = f"import cocoseg; cocoseg.to_semantic({str(odd)!r}, {str(out)!r}, workers={workers})"
            process = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"COCOSEG_START": "fork"})
            seen = len(list(out.glob("*.png")))
            ends = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < ends:
                if len(list(out.rglob("*"))) > seen + 3 * number:
                    break
                time.sleep(0.0005)
            process.kill()
            process.wait()
        cocoseg.to_semantic(odd, out)
        assert content(out) == fresh[odd]

    def test_keeps_what_was_finished(self, source: Path, tmp_path: Path) -> None:
        def stop(summary: cocoseg.Summary) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            cocoseg.to_semantic(source, tmp_path / "out", on_done=stop)
        done = {path: os.stat(path).st_ino for path in (tmp_path / "out").glob("*.png")}
        assert 0 < len(done) < COUNT
        summary = cocoseg.to_semantic(source, tmp_path / "out")
        assert (summary.images, summary.kept) == (COUNT, len(done))
        assert {path: os.stat(path).st_ino for path in done} == done

    def test_stopped_at_a_failure_goes_on_from_there(
        self, odd: Path, tmp_path: Path, fresh: dict[Path, dict[str, bytes]]
    ) -> None:
        for _ in range(2):
            summary = cocoseg.to_semantic(odd, tmp_path / "out", on_error="stop")
            assert (summary.failed, summary.complete) == (1, False)
            assert (tmp_path / "out" / "cocoseg.json").exists()
        cocoseg.to_semantic(odd, tmp_path / "out")
        assert content(tmp_path / "out") == fresh[odd]


class TestOnDone:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_that_raises_ends_the_run_and_lets_go_of_the_folder(
        self, source: Path, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COCOSEG_START", "forkserver")

        def fail(summary: cocoseg.Summary) -> None:
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            cocoseg.to_semantic(source, tmp_path / "out", workers=workers, on_done=fail)
        assert not list((tmp_path / "out").rglob(f"{TEMPORARY}*"))
        Lock(str(tmp_path / "out")).release()


class TestWhatLiesInOut:
    def test_temporaries_of_an_ended_run_are_removed_and_told(
        self, source: Path, tmp_path: Path, fresh: dict[Path, dict[str, bytes]]
    ) -> None:
        for name in (f"{TEMPORARY}1f-0-0", f"sub/{TEMPORARY}1f-0-1", f".cocoseg/{TEMPORARY}1f-0-2"):
            path = tmp_path / "out" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"half")
        summary = cocoseg.to_semantic(source, tmp_path / "out")
        assert summary.notes == ["removed 3 temporary files of an ended run"]
        assert summary.problems == []
        assert content(tmp_path / "out") == fresh[source]

    def test_temporaries_of_a_worker_that_died_are_removed(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: dict[Path, dict[str, bytes]]
    ) -> None:
        parent, original = os.getpid(), os.replace
        flag = tmp_path / "died"

        def die(old: str, new: str, **at: int) -> None:
            if os.getpid() != parent and new.endswith("7.png") and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            original(old, new, **at)

        monkeypatch.setattr(os, "replace", die)
        monkeypatch.setenv("COCOSEG_START", "fork")
        summary = cocoseg.to_semantic(source, tmp_path / "out", workers=2)
        assert flag.exists()
        assert (summary.failures, summary.problems) == ([], [])
        assert content(tmp_path / "out") == fresh[source]

    def test_strays_are_listed_and_left(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        (out / "sub").mkdir(parents=True)
        for number in range(7):
            (out / "sub" / f"old{number}.png").write_bytes(b"mine")
        summary = cocoseg.to_semantic(source, out)
        (problem,) = summary.problems
        assert problem.category == "out.stray"
        assert "not of this run: 7 files: 'sub/old0.png', " in problem.message
        assert problem.message.endswith(", ...")
        assert len(list(out.glob("sub/old*.png"))) == 7

    def test_class_maps_of_images_that_are_no_longer_listed_are_strays(self, source: Path, tmp_path: Path) -> None:
        cocoseg.to_semantic(source, tmp_path / "out")
        fewer = data_set(tmp_path / "set", COUNT - 1)
        summary = cocoseg.to_semantic(fewer, tmp_path / "out")
        assert [problem.category for problem in summary.problems] == ["out.stray"]
        assert f"'{COUNT - 1}.png'" in summary.problems[0].message

    def test_a_run_that_is_on_is_not_disturbed(self, source: Path, tmp_path: Path) -> None:
        folder = Folder.create(tmp_path / "out")
        with Lock(folder.root), folder.batch() as batch:
            batch.add("a.png", b"1")
            before = content(tmp_path / "out")
            with pytest.raises(OutputError) as caught:
                cocoseg.to_semantic(source, tmp_path / "out")
            assert caught.value.category == "out.locked"
            assert content(tmp_path / "out") == before
        assert command("to-semantic", source, tmp_path / "out").code == 0


class TestNothingCouldBeWritten:
    def spoil(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original = os.replace

        def fail(old: str, new: str, **at: int) -> None:
            if new.endswith(".png"):
                raise PermissionError(13, "Permission denied")
            original(old, new, **at)

        monkeypatch.setattr(os, "replace", fail)

    def test_is_an_error_after_the_report(self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spoil(monkeypatch)
        with pytest.raises(OutputError, match="Permission denied") as caught:
            cocoseg.to_semantic(source, tmp_path / "out")
        assert caught.value.category == "out.write"
        report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
        assert [report[name] for name in ("listed", "images", "failed")] == [COUNT, 0, COUNT]
        assert not list((tmp_path / "out").rglob(f"{TEMPORARY}*"))
        Lock(str(tmp_path / "out")).release()

    def test_is_none_where_an_image_has_another_fault(
        self, odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.spoil(monkeypatch)
        summary = cocoseg.to_semantic(odd, tmp_path / "out")
        assert {failure.category for failure in summary.failures} == {"out.write", "png.corrupt"}

    def test_can_be_tried_again(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: dict[Path, dict[str, bytes]]
    ) -> None:
        with monkeypatch.context() as patch:
            self.spoil(patch)
            with pytest.raises(OutputError):
                cocoseg.to_semantic(source, tmp_path / "out")
        cocoseg.to_semantic(source, tmp_path / "out")
        assert content(tmp_path / "out") == fresh[source]


class TestExecutors:
    @pytest.mark.parametrize("kind", ["threads", "processes"])
    def test_come_to_the_same_bytes(
        self, kind: str, odd: Path, tmp_path: Path, fresh: dict[Path, dict[str, bytes]]
    ) -> None:
        made: Any = ThreadPoolExecutor(3) if kind == "threads" else ProcessPoolExecutor(2, get_context("forkserver"))
        with made as executor:
            summary = cocoseg.to_semantic(odd, tmp_path / "out", executor=executor)
        assert (summary.images, summary.failed) == (COUNT - 3, 3)
        assert content(tmp_path / "out") == fresh[odd]

    @pytest.mark.parametrize(
        ("answer", "category"),
        [
            (ModuleNotFoundError("No module named 'cocoseg'"), "workers.version"),
            (AttributeError("module has no attribute '_probe'"), "workers.version"),
            (("0.0.1", True), "workers.version"),
            (BrokenExecutor("a worker died"), "workers.gone"),
            ((cocoseg.__version__, False), "out.unseen"),
        ],
        ids=["no cocoseg", "another cocoseg", "an older cocoseg", "broken", "another disk"],
    )
    def test_that_can_not_do_the_work_are_told_before_it(
        self, source: Path, tmp_path: Path, answer: Any, category: str
    ) -> None:
        class Answers(ThreadPoolExecutor):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:  # type: ignore[override]
                future: Future[Any] = Future()
                (future.set_exception if isinstance(answer, BaseException) else future.set_result)(answer)
                return future

        with Answers(1) as executor, pytest.raises(cocoseg.CocosegError) as caught:
            cocoseg.to_semantic(source, tmp_path / "out", executor=executor)
        assert caught.value.category == category
        assert content(tmp_path / "out") == {}

    def test_stopped_at_a_failure_write_nothing_more(self, odd: Path, tmp_path: Path) -> None:
        with ThreadPoolExecutor(3) as executor:
            summary = cocoseg.to_semantic(odd, tmp_path / "out", executor=executor, on_error="stop")
            before = content(tmp_path / "out")
            time.sleep(0.2)
            assert content(tmp_path / "out") == before
        assert summary.failed >= 1

    def test_in_a_thread_of_a_program_work_too(self, source: Path, tmp_path: Path) -> None:
        found: list[int] = []
        thread = threading.Thread(
            target=lambda: found.append(cocoseg.to_semantic(source, tmp_path / "out", workers=2).images)
        )
        thread.start()
        thread.join(PATIENCE)
        assert found == [COUNT]


@pytest.mark.parametrize(
    ("options", "category"),
    [
        ({"workers": 0}, "usage.workers"),
        ({"time_limit": 0}, "usage.time_limit"),
        ({"time_limit": float("nan")}, "usage.time_limit"),
        ({"on_error": "go on"}, "usage.on_error"),
    ],
)
def test_a_wrong_call_is_told(options: Any, category: str) -> None:
    with pytest.raises(UsageError) as caught:
        How(**options)
    assert caught.value.category == category


def test_an_unlimited_time_is_one(source: Path, tmp_path: Path) -> None:
    assert cocoseg.to_semantic(source, tmp_path / "out", time_limit=float("inf")).images == COUNT
    assert cocoseg.to_semantic(source, tmp_path / "out", time_limit=1e12).images == COUNT


def test_the_lock_is_touched_while_the_work_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []
    monkeypatch.setattr(Lock, "beat", lambda lock: beats.append(1))
    cocoseg.to_semantic(source, tmp_path / "out")
    assert len(beats) >= 2


class Length(msgspec.Struct):
    """What a conversion to nothing measures."""

    pixels: int


@dataclass
class Total(Tally):
    """A tally of pixels, as an evaluation would have one."""

    pixels: int = 0

    def count(self, row: Row) -> None:
        self.pixels += msgspec.json.decode(row.result, type=Length).pixels

    def results(self) -> dict[str, Any]:
        return {"pixels": self.pixels}


@dataclass(frozen=True)
class Measure:
    """A conversion that makes no files: a result for the tally, and a line for the document, if there is one."""

    texts: bool = False

    def __call__(self, sample: cocoseg.Sample) -> Converted:
        pixels = sample.size[0] * sample.size[1]
        return Converted({}, Length(pixels), (f"{sample.key},{pixels}\n".encode(),) if self.texts else ())

    def settings(self) -> bytes:
        return repr(self).encode()


class TestWithoutFiles:
    """The same engine for commands that measure: rows, a tally, a result at the end."""

    def work(self, source: Path, **more: Any) -> Work[Total]:
        dataset = cocoseg.read(source)
        return Work("measure", dataset, Measure(**more.pop("how", {})), Total(len(dataset)), **more)

    def test_a_tally_is_all_that_comes_of_it(self, source: Path, tmp_path: Path) -> None:
        before = content(tmp_path)
        found = run(self.work(source), How(workers=2))
        assert (found.images, found.pixels) == (COUNT, COUNT * PIXELS)
        assert content(tmp_path) == before

    def test_with_a_folder_it_goes_on_where_it_was_ended(self, source: Path, tmp_path: Path) -> None:
        def stop(tally: Total) -> None:
            raise KeyboardInterrupt

        out = tmp_path / "out"
        with pytest.raises(KeyboardInterrupt):
            run(self.work(source, out=out), How(on_done=stop))
        found = run(self.work(source, out=out), How())
        assert 0 < found.kept < COUNT
        assert (found.images, found.pixels) == (COUNT, COUNT * PIXELS)
        report = json.loads((out / "cocoseg.json").read_text())
        assert (report["command"], report["pixels"]) == ("measure", COUNT * PIXELS)
        assert run(self.work(source, out=out), How()).kept == COUNT

    def test_a_document_may_be_other_text_than_json(self, source: Path, tmp_path: Path) -> None:
        def table(folder: Folder) -> Document:
            return Document(Place(folder, "sizes.csv", folder), (b"image,pixels\n", Texts(0), b""))

        work = self.work(source, out=tmp_path / "out", document=table, how={"texts": True})
        run(work, How(workers=2))
        lines = (tmp_path / "out" / "sizes.csv").read_text().splitlines()
        assert lines[0] == "image,pixels"
        assert lines[1:] == [f"{entry.key},{PIXELS}" for entry in work.dataset.entries]
        assert cocoseg.verify(tmp_path / "out").whole


def foreign(out: Path) -> None:
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")


def foreign_journal(out: Path) -> None:
    cocoseg.to_masks(out.parent / "set" / "panoptic.json", out)


def earlier(out: Path) -> None:
    cocoseg.to_semantic(out.parent / "set" / "panoptic.json", out)


def earlier_and_changed(out: Path) -> None:
    earlier(out)
    (out / "b.png").write_bytes(b"mine")
    (out.parent / "set" / "panoptic" / "c.png").write_bytes(badinput.build_png(8, 8, pixels=[[2, 0, 0] * 8] * 8))


MEETS: dict[str, Any] = {
    "nothing": lambda out: None,
    "no parent": lambda out: None,
    "an empty folder": lambda out: out.mkdir(),
    "a file": lambda out: out.write_bytes(b"mine"),
    "a link to nothing": lambda out: out.symlink_to("nothing"),
    "foreign files": foreign,
    "a folder in a file's place": lambda out: (out / "a.png").mkdir(parents=True),
    "another command's run": foreign_journal,
    "an earlier run": earlier,
    "an earlier run and changes": earlier_and_changed,
    "a damaged journal": lambda out: (earlier(out), (out / JOURNAL).write_bytes(b"x")),
}


def outcome(source: Path, out: Path, **options: Any) -> Any:
    """What a run says: what was made, kept and refused, or the error that ended it."""
    try:
        summary = cocoseg.to_semantic(source, out, **options)
    except cocoseg.CocosegError as error:
        return error.category, error.message
    return summary.made, summary.kept, summary.failures


class TestADryRun:
    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("meets", MEETS)
    def test_says_what_a_run_does(self, meets: str, overwrite: bool, tmp_path: Path) -> None:
        source = badinput.lay_out({"input": {}}, tmp_path / "set")
        out = tmp_path / ("no/out" if meets == "no parent" else "out")
        MEETS[meets](out)
        before = content(tmp_path)
        said = outcome(source, out, overwrite=overwrite, dry_run=True)
        assert content(tmp_path) == before
        assert said == outcome(source, out, overwrite=overwrite)

    @pytest.mark.parametrize("exists", [False, True])
    def test_of_a_document_says_what_a_run_does(self, exists: bool, tmp_path: Path) -> None:
        source = badinput.lay_out({"input": {}}, tmp_path / "set")
        if exists:
            (tmp_path / "made.json").write_text("{}")
            with pytest.raises(OutputError, match="exists already"):
                cocoseg.to_coco(source, tmp_path / "made.json", dry_run=True)
        found = cocoseg.to_coco(source, tmp_path / "made.json", overwrite=True, dry_run=True)
        assert (found.made, found.kept) == (3, 0)
        cocoseg.to_coco(source, tmp_path / "made.json", overwrite=True)
        found = cocoseg.to_coco(source, tmp_path / "made.json", dry_run=True)
        assert (found.made, found.kept) == (0, 3)

    def test_names_a_run_that_is_on(self, tmp_path: Path) -> None:
        source = badinput.lay_out({"input": {}}, tmp_path / "set")
        (tmp_path / "out").mkdir()
        with Lock(str(tmp_path / "out")), pytest.raises(OutputError, match=f"process {os.getpid()}") as caught:
            cocoseg.to_semantic(source, tmp_path / "out", dry_run=True)
        assert caught.value.category == "out.locked"

    @pytest.mark.parametrize("out", ["out", "no/out"])
    def test_finds_that_there_are_no_rights(self, out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = badinput.lay_out({"input": {}}, tmp_path / "set")
        monkeypatch.setattr(os, "access", lambda path, _: str(path) != str(tmp_path))
        with pytest.raises(OutputError, match="Permission denied") as caught:
            cocoseg.to_semantic(source, tmp_path / out, dry_run=True)
        assert caught.value.category == "out.write"

    @pytest.mark.parametrize("workers", [1, 2])
    def test_counts_in_words(self, workers: int, tmp_path: Path) -> None:
        source = badinput.lay_out({"input": {}}, tmp_path / "set")
        earlier(tmp_path / "out")
        (tmp_path / "out" / "b.png").unlink()
        (tmp_path / "set" / "panoptic" / "c.png").write_bytes(b"")
        said = command("to-semantic", source, tmp_path / "out", "--dry-run", "--workers", workers).stdout
        words = "Nothing was written (--dry-run); a run would make 1, keep 1 and refuse 1 of 3 images"
        assert said.splitlines()[-1] == words

    def test_in_a_storage(self) -> None:
        source, out = "fixtures/panoptic.json", "memory://dry/out"
        assert cocoseg.to_semantic(source, out, dry_run=True).made == 3
        cocoseg.to_semantic(source, out)
        assert outcome(Path(source), out, dry_run=True)[:2] == (0, 3)  # type: ignore[arg-type]
        assert outcome(Path(source), out, palette=True, dry_run=True)[:2] == (3, 0)  # type: ignore[arg-type]


def test_the_rate_counts_what_this_run_converted(tmp_path: Path) -> None:
    source = badinput.lay_out({"input": {}}, tmp_path / "set")
    earlier(tmp_path / "out")
    assert cocoseg.to_semantic(source, tmp_path / "out").images_per_second == 0
    said = command("to-semantic", source, tmp_path / "out").stdout
    assert said.startswith("3 of 3 images in ")
    assert "images/s" not in said
