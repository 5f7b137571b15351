"""The rows of the fault matrix (see ``tests/README.md``) that have no better place."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import badinput
from cocoseg.files.names import JOURNAL, REPORT, TEMPORARY
from cocoseg.runs.lock import LOCK, Lock
from command import without_progress
from conftest import FIXTURES
from injection import HERE, Fault, tree, with_fault

pytestmark = pytest.mark.long

SOURCE = FIXTURES / "panoptic.json"
MIB = 1 << 20


class Done:
    """A run that has ended: its exit code and words."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.code, self.stdout = process.returncode, process.stdout
        self.stderr = without_progress(process.stderr.encode()).decode()
        assert "Traceback" not in self.stderr, self.stderr

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    @property
    def failures(self) -> list[tuple[str, str]]:
        return [(failure["category"], failure["message"]) for failure in self.summary["failures"]]


def run(
    source: Path,
    out: Path,
    *args: object,
    start: list[str] | None = None,
    env: dict[str, str] | None = None,
    limits: dict[int, int] | None = None,
    workers: int = 1,
) -> Done:
    """A whole run, with ``start`` in the place of ``cocoseg``, and under limits of the system."""

    def limit() -> None:
        for kind, value in (limits or {}).items():
            resource.setrlimit(kind, (value, value))

    command = start or [sys.executable, "-m", "cocoseg"]
    words = ["to-semantic", source, out, "--workers", workers, "--json", *args]
    process = subprocess.run(
        [*command, *map(str, words)],
        capture_output=True,
        text=True,
        errors="replace",
        env=os.environ | (env or {}),
        preexec_fn=limit,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Done(process)


def poisoned(what: str, key: str) -> list[str]:
    return [sys.executable, str(HERE / "poison.py"), what, key]


def only_line(done: Done, category: str) -> str:
    """The one line of a run that could not write."""
    assert done.code == 4
    (line,) = done.stderr.splitlines()
    assert line == f"cocoseg: {done.summary['message']} [{done.summary['category']}]"
    assert done.summary["category"] == category
    return line


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("matrix") / "out"
    assert run(SOURCE, out).code == 0
    return tree(out)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data set of one's own to change: three images a, b, c."""
    return badinput.lay_out({"input": {}}, tmp_path / "set")


class TestNoRoom:
    def test_says_how_much_is_needed_and_free(self, out: Path, clean: dict[str, str]) -> None:
        start, env = with_fault(Fault("write", 3, errno.ENOSPC, sticky=True), out)
        line = only_line(run(SOURCE, out, start=start, env=env), "out.write")
        assert " bytes needed, " in line
        assert "No space left on device" in line
        assert [name for name in tree(out) if TEMPORARY in name or name.endswith(".png")] == []
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean

    def test_a_limit_to_the_size_of_files_is_as_a_full_disk(self, source: Path, out: Path) -> None:
        draw = random.Random(1)
        for name in "abc":
            rows = [[sample for _ in range(300) for sample in (draw.choice((1, 2)), 0, 0)] for _ in range(300)]
            (source.parent / "panoptic" / f"{name}.png").write_bytes(badinput.build_png(300, 300, pixels=rows))
        document = json.loads(source.read_text())
        for image in document["images"]:
            image.update(width=300, height=300)
        for annotation in document["annotations"]:
            for segment in annotation["segments_info"]:
                del segment["area"]
        source.write_text(json.dumps(document))
        only_line(run(source, out, "--no-check-areas", limits={resource.RLIMIT_FSIZE: 2048}), "out.write")
        assert [name for name in tree(out) if TEMPORARY in name] == []
        assert run(source, out, "--no-check-areas").code == 0

    def test_a_full_device_in_the_place_of_stdout_is_told(self, out: Path, clean: dict[str, str]) -> None:
        with open("/dev/full", "w") as full:
            command = [sys.executable, "-m", "cocoseg", "to-semantic", str(SOURCE), str(out)]
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
        assert done.returncode == 4
        assert tree(out) == clean


class TestNoRights:
    @pytest.mark.parametrize("how", [errno.EROFS, errno.EACCES])
    @pytest.mark.parametrize("call", ["mkdir", "open"])
    def test_are_found_out_before_the_work(self, call: str, how: int, out: Path) -> None:
        start, env = with_fault(Fault(call, 1, how, sticky=True), out)
        line = only_line(run(SOURCE, out, start=start, env=env), "out.write")
        assert "choose a folder that you may write to" in line
        assert not out.exists() or list(out.iterdir()) == []


class TestAPoisonedImage:
    """It is named, the others are done, and the next run, without poison, does it."""

    @pytest.mark.parametrize(
        ("what", "category", "workers", "most"),
        [
            ("kill", "worker.died", 2, 10),
            ("memory", "limit.memory", 1, 5),
            ("memory", "limit.memory", 2, 5),
            ("allocate", "limit.memory", 2, 5),
            ("hang", "limit.time", 1, 5),
            ("hang", "limit.time", 2, 5),
            ("hang for good", "limit.time", 2, 12),
        ],
    )
    def test_costs_itself(
        self, what: str, category: str, workers: int, most: int, out: Path, clean: dict[str, str]
    ) -> None:
        began = time.monotonic()
        limits = {resource.RLIMIT_AS: 2048 * MIB} if what == "allocate" else {}
        env = {"COCOSEG_START": "fork"}
        start = poisoned(what, "crowd.png")
        done = run(SOURCE, out, "--time-limit", 0.5, start=start, env=env, workers=workers, limits=limits)
        assert time.monotonic() - began < most
        assert done.code == 1
        ((found, message),) = done.failures
        assert found == category
        assert "'crowd.png'" in message
        assert done.stderr == ""
        names = tree(out)
        assert {name for name in clean if name.endswith(".png")} - names.keys() == {"crowd.png"}
        assert [name for name in names if TEMPORARY in name] == []
        assert run(SOURCE, out).summary["kept"] == 2
        assert tree(out) == clean


class TestTheInput:
    """What has changed is done again, and nothing else."""

    def test_that_was_only_touched_is_the_same(self, source: Path, out: Path) -> None:
        assert run(source, out).code == 0
        before = tree(out)
        for path in [source, *source.parent.rglob("*.png")]:
            os.utime(path, (4e9, 4e9))  # in the future
        assert run(source, out).summary["kept"] == 3
        assert tree(out) == before

    def test_picture_that_changed_is_done_again(self, source: Path, out: Path) -> None:
        assert run(source, out).code == 0
        before = tree(out)
        swapped = badinput.build_png(8, 8, pixels=[[2, 0, 0] * 4 + [1, 0, 0] * 4] * 8)
        path = source.parent / "panoptic" / "b.png"
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        path.write_bytes(swapped)
        os.utime(path, ns=times)  # the time does not tell
        again = run(source, out)
        assert (again.code, again.summary["kept"]) == (0, 2)
        changed = {name for name, known in tree(out).items() if before[name] != known}
        assert {name for name in changed if name.endswith(".png")} == {"b.png"}
        assert tree(out) == self.anew(source)

    def test_annotation_that_changed_is_done_again(self, source: Path, out: Path) -> None:
        assert run(source, out).code == 0
        document = json.loads(source.read_text())
        document["annotations"][1]["segments_info"][0]["category_id"] = 2
        source.write_text(json.dumps(document))
        assert run(source, out).summary["kept"] == 2
        assert tree(out) == self.anew(source)

    def test_option_that_changed_makes_all_anew(self, source: Path, out: Path) -> None:
        assert run(source, out).code == 0
        again = run(source, out, "--palette")
        assert (again.code, again.summary["kept"]) == (0, 0)
        assert tree(out) == self.anew(source, "--palette")

    def test_category_that_changed_makes_all_anew(self, source: Path, out: Path) -> None:
        assert run(source, out).code == 0
        document = json.loads(source.read_text())
        document["categories"].reverse()
        document["categories"][0]["id"], document["categories"][1]["id"] = 1, 2
        source.write_text(json.dumps(document))
        assert run(source, out).code == 0
        assert tree(out) == self.anew(source)

    def test_that_changes_while_it_is_read_costs_the_image(self, source: Path, out: Path) -> None:
        done = run(source, out, start=poisoned("change", "b.png"))
        assert [category for category, _ in done.failures] == ["file.changed"]
        assert run(source, out).summary["kept"] == 2

    def anew(self, source: Path, *args: object) -> dict[str, str]:
        """A run that knows of none before."""
        out = source.parent.parent / "anew"
        assert run(source, out, *args).code == 0
        return tree(out)


class TestWhatIsThere:
    def test_half_of_a_result_is_kept(self, out: Path, clean: dict[str, str]) -> None:
        assert run(SOURCE, out).code == 0
        (out / "crowd.png").unlink()
        (out / "touching.png").write_bytes(b"junk")
        (out / REPORT).unlink()
        assert run(SOURCE, out).summary["kept"] == 1
        assert tree(out) == clean

    def test_foreign_files_are_not_replaced_unasked_and_strays_are_named(self, out: Path) -> None:
        out.mkdir()
        (out / "crowd.png").write_bytes(b"mine")
        (out / "stray.png").write_bytes(b"mine too")
        done = run(SOURCE, out)
        assert [category for category, _ in done.failures] == ["out.exists"]
        assert [warning["category"] for warning in done.summary["warnings"]] == ["out.stray"]
        assert (out / "crowd.png").read_bytes() == b"mine"
        assert run(SOURCE, out, "--overwrite").code == 0
        assert (out / "stray.png").read_bytes() == b"mine too"

    def test_old_temporaries_are_removed(self, out: Path, clean: dict[str, str]) -> None:
        (out / "thin").mkdir(parents=True)
        for name in (f"{TEMPORARY}1-2-3", f"thin/{TEMPORARY}1-2-4"):
            (out / name).write_bytes(b"half of a")
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean

    def test_a_damaged_journal_costs_work(self, out: Path, clean: dict[str, str]) -> None:
        assert run(SOURCE, out).code == 0
        (page,) = (out / JOURNAL).glob("page-*")
        page.write_bytes(page.read_bytes()[:-40])
        assert run(SOURCE, out).summary["kept"] == 0
        assert tree(out) == clean

    def test_a_link_that_leads_away_is_not_followed(self, out: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        out.mkdir()
        (out / "thin").symlink_to(elsewhere)
        (out / "crowd.png").symlink_to(elsewhere / "crowd.png")
        done = run(SOURCE, out)
        assert {category for category, _ in done.failures} <= {"path.escape", "out.exists"}
        assert done.code == 1
        assert list(elsewhere.iterdir()) == []

    def test_a_link_in_the_journals_place_is_not_followed(self, out: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        out.mkdir()
        (out / JOURNAL).symlink_to(tmp_path / "elsewhere")
        assert run(SOURCE, out).code == 4
        assert list((tmp_path / "elsewhere").iterdir()) == []


class TestTheLock:
    def fake(self, out: Path, pid: int, host: str) -> Path:
        (out / JOURNAL).mkdir(parents=True)
        (out / LOCK).write_text(json.dumps({"pid": pid, "host": host, "since": "2026-01-01 00:00:00"}))
        return out / LOCK

    def dead(self) -> int:
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        return process.pid

    def test_of_a_dead_process_is_taken_over(self, out: Path, clean: dict[str, str]) -> None:
        self.fake(out, self.dead(), socket.gethostname())
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean

    def test_of_another_machine_holds_while_it_is_fresh(self, out: Path, clean: dict[str, str]) -> None:
        lock = self.fake(out, 1, "elsewhere")
        line = only_line(run(SOURCE, out), "out.locked")
        assert "process 1 on 'elsewhere'" in line
        os.utime(lock, (time.time() - 3600,) * 2)
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean

    def test_of_a_dead_process_whose_workers_are_just_ending_is_waited_for(self, out: Path) -> None:
        lock = self.fake(out, self.dead(), socket.gethostname())
        text = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, 2); print(flush=True); time.sleep(0.7)"
        with subprocess.Popen([sys.executable, "-c", text, str(lock)], stdout=subprocess.PIPE) as worker:
            assert worker.stdout
            worker.stdout.readline()
            assert run(SOURCE, out).code == 0

    def test_where_the_system_has_no_locks(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def none(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr("fcntl.flock", none)
        out.mkdir()
        holder = self.fake(out / "x", self.dead(), socket.gethostname())
        with Lock(str(out / "x")):
            assert json.loads(holder.read_text())["pid"] == os.getpid()
        self.fake(out / "y", os.getppid(), socket.gethostname())
        with pytest.raises(OSError, match="another run writes"):
            Lock(str(out / "y"))


class TestFewResources:
    @pytest.mark.parametrize("number", [12, 24])
    @pytest.mark.parametrize("workers", [1, 2])
    def test_file_descriptors(self, number: int, workers: int, out: Path, clean: dict[str, str]) -> None:
        done = run(SOURCE, out, limits={resource.RLIMIT_NOFILE: number}, workers=workers)
        assert done.code in ((0,) if number == 24 or workers == 1 else (0, 1, 4)), done.stderr
        assert len(done.stderr.splitlines()) <= 3
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean

    def test_address_space(self, out: Path, clean: dict[str, str]) -> None:
        assert run(SOURCE, out, limits={resource.RLIMIT_AS: 1024 * MIB}, workers=2).code == 0
        assert tree(out) == clean

    @pytest.mark.parametrize(
        "what", ["os.fork", "multiprocessing.context.BaseContext.Pipe", "_multiprocessing.SemLock"]
    )
    def test_processes(self, what: str, out: Path, clean: dict[str, str]) -> None:
        """No process, no pipe, no semaphore (no /dev/shm): the work is done here."""
        module, _, name = what.rpartition(".")
        place = f"__import__('{module.partition('.')[0]}')" + module[len(module.partition(".")[0]) :]
        text = (
            "import multiprocessing.synchronize, sys\n"
            "def none(*args, **options): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
            f"setattr({place}, '{name}', none)\n"
            "from cocoseg.cli import main\n"
            "main()\n"
        )
        done = run(SOURCE, out, start=[sys.executable, "-c", text], workers=4, env={"COCOSEG_START": "fork"})
        assert done.code == 0, done.stderr
        assert "can't be started; going on with 1" in done.stderr
        assert tree(out) == clean


class TestTheEnvironment:
    def test_without_home_and_temporary_folder(self, out: Path, clean: dict[str, str]) -> None:
        env = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}
        assert run(SOURCE, out, env=env, workers=2).code == 0
        assert tree(out) == clean

    def test_names_in_a_locale_without_unicode(self, source: Path, out: Path) -> None:
        document = json.loads(source.read_text())
        for number, name in enumerate(["ä.png", "b\x1b[2J.png"]):
            document["annotations"][number]["file_name"] = name
            shutil.copy(source.parent / "panoptic" / "a.png", source.parent / "panoptic" / name)
        source.write_text(json.dumps(document))
        env = {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"}
        done = run(source, out, env=env)
        assert done.code == 1
        assert {category for category, _ in done.failures} <= {"path.invalid", "file.unreadable", "out.write"}
        assert "\x1b" not in done.stdout + done.stderr
        assert run(source, out).summary["images"] == 2

    @pytest.mark.parametrize("length", [240, 250, 255])
    def test_long_names(self, length: int, source: Path, out: Path) -> None:
        name = "x" * (length - 4) + ".png"
        document = json.loads(source.read_text())
        document["annotations"][1]["file_name"] = name
        (source.parent / "panoptic" / "b.png").rename(source.parent / "panoptic" / name)
        source.write_text(json.dumps(document))
        assert run(source, out).code == 0
        assert (out / name).exists()

    @pytest.mark.parametrize("streams", ["0<&-", "</dev/null | cat"])
    def test_no_terminal_and_no_width(self, streams: str, out: Path, clean: dict[str, str]) -> None:
        env = os.environ | {"COLUMNS": "1", "LINES": "1"}
        env.pop("TERM", None)
        command = f"exec {sys.executable} -m cocoseg to-semantic {SOURCE} {out} {streams}"
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=env, timeout=30, check=False)
        assert (done.returncode, without_progress(done.stderr.encode())) == (0, b"")
        assert tree(out) == clean

    def test_a_terminal_that_is_one_column_wide(self, out: Path, clean: dict[str, str]) -> None:
        import pty

        parent, child = pty.openpty()
        command = [sys.executable, "-m", "cocoseg", "to-semantic", str(SOURCE), str(out)]
        env = os.environ | {"COLUMNS": "1", "TERM": "dumb"}
        process = subprocess.Popen(command, stdin=child, stdout=subprocess.DEVNULL, stderr=child, env=env)
        os.close(child)
        assert process.wait(30) == 0
        os.close(parent)
        assert tree(out) == clean

    @pytest.mark.parametrize(
        "flags", [("-O",), ("-OO",), ("-W", "error"), ("-X", "dev", "-W", "error"), ("-X", "utf8=0"), ("-I",), ("-B",)]
    )
    def test_interpreters(self, flags: tuple[str, ...], out: Path, clean: dict[str, str]) -> None:
        done = run(SOURCE, out, start=[sys.executable, *flags, "-m", "cocoseg"], workers=2)
        assert (done.code, done.stderr) == (0, "")
        assert tree(out) == clean

    def test_a_rename_across_devices_is_an_error_of_the_item(self, out: Path, clean: dict[str, str]) -> None:
        start, env = with_fault(Fault("rename", 2, errno.EXDEV), out)
        done = run(SOURCE, out, start=start, env=env)
        assert [category for category, _ in done.failures] == ["out.write"]
        assert run(SOURCE, out).code == 0
        assert tree(out) == clean


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_workers_starts_and_hash_seeds_make_one_tree(seed: str, out: Path, clean: dict[str, str]) -> None:
    for start in ("fork", "spawn", "forkserver"):
        for workers in (1, 2, 4):
            done = run(SOURCE, out, workers=workers, env={"COCOSEG_START": start, "PYTHONHASHSEED": seed})
            assert (done.code, done.stderr) == (0, "")
            assert tree(out) == clean, (start, workers)
            shutil.rmtree(out)
