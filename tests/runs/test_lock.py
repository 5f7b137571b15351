"""One run at a time: between processes, after crashes, and where locks are not to be trusted."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cocoseg.errors import OutputError
from cocoseg.runs import lock
from cocoseg.runs.lock import BEAT, DEAD_AFTER, LOCK, Holder, Lock

PATIENCE = 20
HERE = socket.gethostname()
HOLD = "import sys, time; from cocoseg.runs.lock import Lock; held = Lock(sys.argv[1]); print('held', flush=True); "


def until(condition: Callable[[], Any]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def write(root: Path, data: bytes, seconds_ago: float = 0) -> None:
    (root / ".cocoseg").mkdir(exist_ok=True)
    (root / LOCK).write_bytes(data)
    os.utime(root / LOCK, (time.time() - seconds_ago,) * 2)


def held_by(pid: int, host: str) -> bytes:
    return msgspec.json.encode(Holder(pid, host, "2026-01-02 03:04:05"))


def refused(root: Path) -> str:
    with pytest.raises(OutputError) as caught:
        Lock(str(root))
    assert caught.value.category == "out.locked"
    return str(caught.value)


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is told to let go."""
    command = [sys.executable, "-c", HOLD + "sys.stdin.readline(); held.release(); sys.stdin.readline()", str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(params=["flock", "without"])
def _flock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems, or whole systems, that know no locks."""
    if request.param == "without":
        monkeypatch.setattr(lock, "_flock", lambda descriptor: None)


@pytest.mark.usefixtures("_flock")
class TestAlone:
    def test_is_there_while_it_is_held_and_says_by_whom(self, tmp_path: Path) -> None:
        with Lock(str(tmp_path)):
            holder = msgspec.json.decode((tmp_path / LOCK).read_bytes(), type=Holder)
            assert (holder.pid, holder.host) == (os.getpid(), HERE)
        assert list((tmp_path / ".cocoseg").iterdir()) == []

    def test_can_be_taken_again(self, tmp_path: Path) -> None:
        for _ in range(3):
            with Lock(str(tmp_path)):
                pass

    def test_is_let_go_of_when_an_error_ends_the_run(self, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt), Lock(str(tmp_path)):
            raise KeyboardInterrupt
        Lock(str(tmp_path)).release()

    @pytest.mark.parametrize("data", [b"", b"\0" * 200, b"\xff{", b"[]", b"{}", b'{"pid":"7"}', b"x" * 9999])
    def test_garbage_is_nobodys(self, tmp_path: Path, data: bytes) -> None:
        write(tmp_path, data)
        with Lock(str(tmp_path)):
            assert msgspec.json.decode((tmp_path / LOCK).read_bytes(), type=Holder).pid == os.getpid()

    def test_of_a_process_that_has_ended_is_free(self, tmp_path: Path, dead: int) -> None:
        write(tmp_path, held_by(dead, HERE))
        Lock(str(tmp_path)).release()

    @pytest.mark.parametrize("seconds", [0, DEAD_AFTER - 60])
    def test_of_another_machine_is_believed(self, tmp_path: Path, seconds: float, dead: int) -> None:
        write(tmp_path, held_by(dead, "node\x1b17"), seconds)
        before = (tmp_path / LOCK).read_bytes()
        message = refused(tmp_path)
        assert f"process {dead} on 'node\\x1b17', since 2026-01-02 03:04:05" in message
        assert "if it has died, remove" in message
        assert (tmp_path / LOCK).read_bytes() == before
        assert [path.name for path in (tmp_path / ".cocoseg").iterdir()] == ["lock"]

    def test_of_another_machine_that_gives_no_sign_of_life_is_free(self, tmp_path: Path) -> None:
        write(tmp_path, held_by(os.getpid(), "node17"), DEAD_AFTER + 60)
        Lock(str(tmp_path)).release()

    def test_a_process_long_gone_has_any_number(self, tmp_path: Path) -> None:
        write(tmp_path, held_by(10**15, "node17"), DEAD_AFTER + 60)
        Lock(str(tmp_path)).release()


def test_of_a_running_process_is_believed_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_flock", lambda descriptor: None)
    write(tmp_path, held_by(os.getppid(), HERE), DEAD_AFTER + 60)
    assert f"process {os.getppid()} on {HERE!r}" in refused(tmp_path)


def test_a_number_that_another_process_has_by_now_is_not_believed_where_there_are_locks(tmp_path: Path) -> None:
    write(tmp_path, held_by(os.getppid(), HERE))
    Lock(str(tmp_path)).release()


class TestTwo:
    def test_the_second_is_refused_and_told_of_the_first(self, tmp_path: Path, other: subprocess.Popen[str]) -> None:
        message = refused(tmp_path)
        assert f"another run writes to {str(tmp_path)!r} (process {other.pid} on {HERE!r}, since 2" in message
        assert "wait for it, end it, or choose another folder" in message
        assert "remove" not in message

    def test_in_one_process_too(self, tmp_path: Path) -> None:
        with Lock(str(tmp_path)):
            assert f"process {os.getpid()}" in refused(tmp_path)
        Lock(str(tmp_path)).release()

    def test_the_second_is_let_in_after_the_first(self, tmp_path: Path, other: subprocess.Popen[str]) -> None:
        assert other.stdin is not None
        print(file=other.stdin, flush=True)
        until(lambda: not (tmp_path / LOCK).exists())
        Lock(str(tmp_path)).release()

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_the_second_is_let_in_when_the_first_was_killed(
        self, tmp_path: Path, other: subprocess.Popen[str], number: int
    ) -> None:
        other.send_signal(number)
        other.wait()
        assert (tmp_path / LOCK).exists()
        Lock(str(tmp_path)).release()

    def test_a_stopped_one_still_holds_it(self, tmp_path: Path, other: subprocess.Popen[str]) -> None:
        other.send_signal(signal.SIGSTOP)
        try:
            refused(tmp_path)
        finally:
            other.send_signal(signal.SIGCONT)

    def test_workers_of_a_killed_run_are_waited_for(self, tmp_path: Path) -> None:
        """A forked worker has its parent's lock until it ends, which is a moment later."""
        script = HOLD + "import os; child = os.fork(); time.sleep(0.5 if child == 0 else 600)"
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.kill()
        process.wait()
        with Lock(str(tmp_path)):
            pass
        process.stdout.close()

    def test_workers_that_do_not_end_are_not_waited_for_for_ever(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: int, other: subprocess.Popen[str]
    ) -> None:
        monkeypatch.setattr(lock, "PATIENCE", 0.1)
        (tmp_path / LOCK).write_bytes(held_by(dead, HERE))  # and yet it is locked
        assert f"process {dead}" in refused(tmp_path)

    def test_what_is_locked_and_says_nothing_is_another_runs(
        self, tmp_path: Path, other: subprocess.Popen[str]
    ) -> None:
        (tmp_path / LOCK).write_bytes(b"")
        assert refused(tmp_path).startswith(f"another run writes to {str(tmp_path)!r}; wait")


def contend(root: str, inside: Any, most: Any, times: int) -> None:
    done = 0
    while done < times:
        try:
            held = Lock(root)
        except OutputError as error:
            assert error.category == "out.locked", error
            time.sleep(0.0002)
            continue
        with inside.get_lock():
            inside.value += 1
            most.value = max(most.value, inside.value)
        time.sleep(0.0005)
        with inside.get_lock():
            inside.value -= 1
        held.release()
        done += 1


def test_of_many_that_want_it_one_has_it(tmp_path: Path) -> None:
    """A lock that is removed while another waits at it, and taken anew by a third."""
    context = multiprocessing.get_context("spawn")
    inside, most = context.Value("i", 0), context.Value("i", 0)
    ours = [context.Process(target=contend, args=(str(tmp_path), inside, most, 60)) for _ in range(4)]
    for process in ours:
        process.start()
    for process in ours:
        process.join(3 * PATIENCE)
    assert ([process.exitcode for process in ours], most.value, inside.value) == ([0] * 4, 1, 0)


def test_one_that_was_removed_while_it_was_being_taken_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, times = lock._flock, [0]

    def removed(descriptor: int) -> bool | None:
        times[0] += 1
        if times[0] == 1:
            os.write(descriptor, held_by(1, "node17"))
            os.unlink(tmp_path / LOCK)
        return original(descriptor)

    monkeypatch.setattr(lock, "_flock", removed)
    with Lock(str(tmp_path)):
        assert (tmp_path / LOCK).exists()
    assert times == [2]


class TestBeat:
    def test_touches_the_lock_now_and_then(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with Lock(str(tmp_path)) as held:
            os.utime(tmp_path / LOCK, (0, 0))
            held.beat()
            assert os.stat(tmp_path / LOCK).st_mtime == 0
            now = time.monotonic()
            monkeypatch.setattr(time, "monotonic", lambda: now + BEAT + 1)
            held.beat()
            assert os.stat(tmp_path / LOCK).st_mtime > 0

    def test_of_a_lock_that_is_gone_is_no_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with Lock(str(tmp_path)) as held:
            (tmp_path / LOCK).unlink()
            now = time.monotonic()
            monkeypatch.setattr(time, "monotonic", lambda: now + BEAT + 1)
            held.beat()


def test_a_lock_that_another_machine_took_is_left_to_it(tmp_path: Path) -> None:
    held = Lock(str(tmp_path))
    (tmp_path / LOCK).write_bytes(held_by(1, "node17"))
    held.release()
    assert (tmp_path / LOCK).read_bytes() == held_by(1, "node17")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_where_nothing_can_be_written_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(OutputError, match=os.strerror(number)) as caught:
        Lock(str(tmp_path))
    assert caught.value.category == "out.write"


def test_a_file_in_the_journals_place_is_told(tmp_path: Path) -> None:
    (tmp_path / ".cocoseg").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        Lock(str(tmp_path))
    assert caught.value.category == "out.write"


def test_no_descriptor_is_left_open_where_it_is_refused(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    gc.collect()  # what errors of earlier tests refer to
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        refused(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_the_module_for_locks_it_can_be_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: nothing to lock with, and an open file can't be removed."""
    unlink, opened = os.unlink, {}
    original = os.open
    monkeypatch.setattr(lock, "fcntl", None)
    monkeypatch.setattr(os, "open", lambda path, *rest, **at: opened.setdefault(str(path), original(path, *rest, **at)))

    def busy(path: Any, **at: int) -> None:
        if (number := opened.get(str(path))) is not None:
            with pytest.raises(OSError, match="Bad file"):
                os.fstat(number)
        unlink(path, **at)

    monkeypatch.setattr(os, "unlink", busy)
    Lock(str(tmp_path)).release()
    assert not (tmp_path / LOCK).exists()
