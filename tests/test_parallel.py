"""Parallel work: the same rows as without it, and a worker that dies costs the one item that killed it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoseg.parallel import parts, run, stopping, tune_memory

PATIENCE = 20  # seconds after which a test gives up waiting; none comes near it
STARTS = ["fork", "forkserver", "spawn"]

Item = tuple[str, Any]


def until(condition: Callable[[], Any]) -> bool:
    ends = time.monotonic() + PATIENCE
    while not (met := bool(condition())) and time.monotonic() < ends:
        time.sleep(0.002)
    return met


def act(item: Item) -> Any:
    """What an item does to the worker that it is given to, and its row."""
    what, value = item
    if what == "exit":
        os._exit(value)
    elif what == "signal":
        os.kill(os.getpid(), value)
    elif what == "exit when":
        until(Path(value).exists)
        os._exit(1)
    elif what == "wait for":
        return value if until(Path(value).exists) else "waited in vain"
    elif what == "work on":
        Path(value).touch()
        return "stopped" if until(stopping) else "never asked to stop"
    elif what == "raise":
        raise LookupError(value)
    elif what == "pid":
        return os.getpid()
    elif what == "signals":
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    elif what == "unpicklable":
        return lambda: value
    return value


def work(part: list[Item]) -> list[Any]:
    return [act(item) for item in part]


def lost(part: list[Item]) -> list[Any]:
    return [("lost", *item) for item in part]


def never(part: list[Item]) -> list[Any]:
    pytest.fail(f"{part} was given up")


def items(*values: Any) -> list[Item]:
    return [("plain", value) for value in values]


def rows(pieces: list[list[Item]], workers: int, give_up: Callable[[list[Item]], list[Any]] = never) -> list[Any]:
    """All rows in the order of the parts, each part once."""
    found = list(run(work, pieces, workers=workers, lost=give_up))
    assert sorted(place for place, _ in found) == list(range(len(pieces)))
    return [row for _, part in sorted(found, key=lambda numbered: numbered[0]) for row in part]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


@pytest.fixture
def _start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCOSEG_START", request.param)


every_start = pytest.mark.parametrize("_start", STARTS, indirect=True)


class TestParts:
    def test_are_the_whole_in_order_and_none_too_large(self) -> None:
        for length in range(130):
            for workers in (1, 2, 3, 8, 64):
                pieces = list(parts(range(length), workers, largest=5))
                assert [number for part in pieces for number in part] == list(range(length))
                assert all(1 <= len(part) <= 5 for part in pieces)

    def test_are_many_enough_for_all_workers_to_end_together(self) -> None:
        assert len(list(parts(range(1000), 4))) >= 32
        assert {len(part) for part in list(parts(range(100_000), 2))[:-1]} == {64}

    def test_of_nothing_are_none(self) -> None:
        assert list(parts([], 2)) == []


class TestOneWorker:
    def test_is_this_process(self) -> None:
        assert rows([[("pid", 0)]], workers=1) == [os.getpid()]

    def test_takes_a_part_when_it_is_asked_for_one(self) -> None:
        taken: list[int] = []
        pieces = (taken.append(number) or items(number) for number in range(5))
        running = run(work, pieces, workers=1, lost=never)
        assert (next(running), taken) == ((0, [0]), [0])
        running.close()
        assert taken == [0]

    def test_passes_errors_on(self) -> None:
        with pytest.raises(LookupError, match="seven"):
            rows([[("raise", "seven")]], workers=1)


@every_start
@pytest.mark.usefixtures("_start")
class TestEveryWayToStartAWorker:
    PIECES = [items(*range(start, min(start + 3, 40))) for start in range(0, 40, 3)]

    def test_gives_the_rows_of_one_worker(self) -> None:
        assert rows(self.PIECES, workers=2) == rows(self.PIECES, workers=1) == list(range(40))

    def test_has_the_work_done_elsewhere(self) -> None:
        assert os.getpid() not in rows([[("pid", 0)]] * 4, workers=2)

    def test_leaves_ctrl_c_to_the_parent_and_ends_on_sigterm(self) -> None:
        assert rows([[("signals", 0)]], workers=2) == [[signal.SIG_IGN, signal.SIG_DFL]]

    def test_gives_up_the_one_item_that_kills_its_worker(self) -> None:
        pieces = [items(0, 1), [("plain", 2), ("exit", 3), ("plain", 4)], items(5, 6), items(7)]
        assert rows(pieces, 2, lost) == [0, 1, 2, ("lost", "exit", 3), 4, 5, 6, 7]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 17])
def test_any_number_of_parts_gives_the_rows_of_one_worker(count: int, workers: int) -> None:
    pieces = [items(number, -number) for number in range(count)]
    assert rows(pieces, workers) == rows(pieces, 1)


class TestOrder:
    def test_a_part_that_takes_long_does_not_keep_the_others_waiting(self, tmp_path: Path) -> None:
        flag = tmp_path / "flag"
        pieces = [[("wait for", str(flag))], *[items(number) for number in range(1, 10)]]
        order = []
        for place, part in run(work, pieces, workers=2, lost=never):
            order.append(place)
            if len(order) == 9:
                flag.touch()
        assert (order[-1], part) == (0, [str(flag)])
        assert sorted(order) == list(range(10))

    def test_parts_are_taken_as_they_are_needed_not_all_at_once(self) -> None:
        taken: list[int] = []
        pieces = (taken.append(number) or items(number) for number in range(1000))
        running = run(work, pieces, workers=2, lost=never)
        for done in range(1, 20):
            next(running)
            assert len(taken) <= done + 2 * 2 + 2
        running.close()
        assert len(taken) < 30


class TestAWorkerThatDies:
    @pytest.mark.parametrize(
        "killer",
        [("exit", 0), ("exit", 3), ("signal", signal.SIGKILL), ("signal", signal.SIGTERM)],
        ids=["exit 0", "exit 3", "kill", "terminate"],
    )
    @pytest.mark.parametrize("place", [0, 4, 9])
    def test_costs_the_item_that_killed_it(self, killer: Item, place: int) -> None:
        plain = items(*range(10))
        plain[place] = killer
        pieces = [plain[start : start + 2] for start in range(0, 10, 2)]
        expected: list[Any] = list(range(10))
        expected[place] = ("lost", *killer)
        assert rows(pieces, 2, lost) == expected

    def test_costs_every_item_that_kills(self) -> None:
        killer: Item = ("exit", 1)
        pieces = [[killer, killer], items(1), [("plain", 2), killer, ("plain", 3)], [killer], items(4, 5)]
        gone = ("lost", "exit", 1)
        assert rows(pieces, 2, lost) == [gone, gone, 1, 2, gone, 3, gone, 4, 5]

    def test_may_be_all_of_them(self) -> None:
        pieces: list[list[Item]] = [[("exit", number)] for number in range(5)]
        assert rows(pieces, 2, lost) == [("lost", "exit", number) for number in range(5)]

    def test_while_its_rows_are_waited_for_elsewhere_costs_no_more(self, tmp_path: Path) -> None:
        """Whoever takes the rows may be slow: the pool is found dead when the next part is given to it."""
        flag = tmp_path / "flag"
        pieces: list[list[Item]] = [items(0), [("exit when", str(flag))], *[items(n) for n in range(2, 12)]]
        found: dict[int, list[Any]] = {}
        for place, part in run(work, pieces, workers=2, lost=lost):
            found[place] = part
            if not flag.exists():
                flag.touch()
                assert until(lambda: not multiprocessing.active_children())
        expected = {n: [n] for n in range(12)} | {1: [("lost", "exit when", str(flag))]}
        assert found == expected


class TestErrors:
    def test_of_the_work_reach_the_caller(self) -> None:
        with pytest.raises(LookupError, match="seven"):
            rows([items(1), [("raise", "seven")], items(2)], workers=2)

    def test_of_rows_that_can_not_be_sent_reach_the_caller(self) -> None:
        with pytest.raises((AttributeError, TypeError, ValueError, ImportError), match="(?i)pickle|local"):
            rows([[("unpicklable", 1)]], workers=2)

    def test_of_where_the_parts_come_from_reach_the_caller(self) -> None:
        def pieces() -> Iterator[list[Item]]:
            yield items(1)
            raise LookupError("no more")

        with pytest.raises(LookupError, match="no more"):
            list(run(work, pieces(), workers=2, lost=never))


class TestStopping:
    @pytest.mark.parametrize("how", ["close", "interrupt"])
    def test_ends_the_workers_and_takes_no_more_parts(self, tmp_path: Path, how: str) -> None:
        busy = tmp_path / "busy"
        taken: list[int] = []
        long: list[list[Item]] = [[("work on", str(busy))], *[items(number) for number in range(1, 100)]]
        pieces = (taken.append(number) or part for number, part in enumerate(long))
        running = run(work, pieces, workers=2, lost=never)
        next(running)
        assert until(busy.exists)
        if how == "close":
            running.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                running.throw(KeyboardInterrupt)
        assert multiprocessing.active_children() == []
        assert len(taken) < 20
        assert list(running) == []

    def test_is_never_asked_of_the_process_itself(self) -> None:
        assert not stopping()

    def test_is_not_asked_of_workers_that_are_needed(self) -> None:
        assert rows([items(1)] * 5, workers=2) == [1] * 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("start", STARTS)
def test_workers_end_with_their_parent(tmp_path: Path, start: str, number: int) -> None:
    """The pipe ends when the last process that holds it is gone."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, time\n"
        "from cocoseg.parallel import run\n"
        "def work(part):\n"
        "    os.write(1, b'busy\\n')\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    list(run(work, [[1], [2], [3]], workers=2, lost=list))\n"
    )
    environment = os.environ | {"COCOSEG_START": start, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    began = [process.stdout.readline() for _ in range(2)]
    process.send_signal(number)
    rest, _ = process.communicate(timeout=PATIENCE)
    assert (began, process.returncode, rest) == (["busy\n"] * 2, -number, "")


def program(text: str, start: str, *, on_stdin: bool = False, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program that calls ``run`` with the given text around it, as users write programs."""
    environment = {name: value for name, value in os.environ.items() if name != "COCOSEG_START"}
    # Workers that die while they start leave semaphores, of which Python's own tracker warns at a moment of its own.
    environment |= {"PYTHONPATH": os.getcwd(), "PYTHONWARNINGS": "ignore"} | ({"COCOSEG_START": start} if start else {})
    script = folder / "program.py"
    script.write_text(text)
    return subprocess.run(
        [sys.executable, "-" if on_stdin else str(script)],
        input=text if on_stdin else None,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )


class TestPrograms:
    """A worker that can't start is no fault of the item that it was started for."""

    TEXT = (
        "import os\n"
        "from cocoseg.parallel import run\n"
        "def work(part): return [os._exit(1) if item == 3 else item for item in part]\n"
        "pieces = [[number, number + 0.5] for number in range(8)]\n"
        "for _ in range(5):\n"
        "    print(sorted(run(work, pieces, workers=2, lost=lambda part: [('lost', part[0])])))\n"
    )

    def test_from_standard_input_lose_the_one_item_that_kills_and_no_other(self, tmp_path: Path) -> None:
        done = program(self.TEXT, "", on_stdin=True, folder=tmp_path)
        expected = [(n, [n, n + 0.5]) for n in range(8)]
        expected[3] = (3, [("lost", 3), 3.5])
        assert done.stdout.splitlines() == [str(expected)] * 5

    @pytest.mark.parametrize("start", ["forkserver", "spawn"])
    def test_without_a_main_guard_are_told_so_and_lose_no_item(self, tmp_path: Path, start: str) -> None:
        done = program(self.TEXT, start, folder=tmp_path)
        assert "lost" not in done.stdout
        assert done.returncode != 0
        assert "__main__" in done.stderr.splitlines()[-1]


class TestHowWorkersStart:
    def test_is_never_by_fork_beside_another_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cocoseg.parallel import _start_method

        monkeypatch.delenv("COCOSEG_START", raising=False)
        enough = threading.Event()
        thread = threading.Thread(target=enough.wait)
        thread.start()
        try:
            assert multiprocessing.get_context(_start_method()).get_start_method() != "fork"
        finally:
            enough.set()
            thread.join()

    def test_is_what_the_environment_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COCOSEG_START", "no such way")
        with pytest.raises(ValueError, match="no such way"):
            rows([items(1)], workers=2)


def test_tuning_the_memory_may_be_done_twice_and_changes_no_work() -> None:
    tune_memory()
    tune_memory()
    assert work(items(1)) == [1]
