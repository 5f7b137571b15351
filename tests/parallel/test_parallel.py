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

from cocoseg.errors import OutputError
from cocoseg.parallel import pool, run, stopping

# Python from 3.12 on warns of a fork of this test process, which has numpy's threads.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")]
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


def one_at_a_time(part: list[Item]) -> list[Any]:
    """Work that returns after its first item, as one does whose time is up."""
    return [act(part[0])]


def lost(part: list[Item]) -> list[Any]:
    return [("lost", *item) for item in part]


def never(part: list[Item]) -> list[Any]:
    pytest.fail(f"{part} was given up")


def items(*values: Any) -> list[Item]:
    return [("plain", value) for value in values]


def rows(
    whole: list[Item], workers: int, give_up: Callable[[list[Item]], list[Any]] = never, do: Any = work
) -> list[Any]:
    """All rows in order, each item's once."""
    found = sorted(run(do, whole, workers=workers, lost=give_up), key=lambda numbered: numbered[0])
    assert [first + k for first, part in found for k in range(len(part))] == list(range(len(whole)))
    return [row for _, part in found for row in part]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    assert until(lambda: multiprocessing.active_children() == [])


@pytest.fixture
def _start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCOSEG_START", request.param)


every_start = pytest.mark.parametrize("_start", STARTS, indirect=True)


class TestOneWorker:
    def test_is_this_process(self) -> None:
        assert rows([("pid", 0)], workers=1) == [os.getpid()]

    def test_takes_a_part_when_it_is_asked_for_one(self) -> None:
        taken: list[Item] = []
        running = run(lambda part: [taken.append(part[0])], items(*range(5)), workers=1, lost=never)
        assert next(running) == (0, [None])
        running.close()
        assert taken == items(0)

    def test_passes_errors_on(self) -> None:
        with pytest.raises(LookupError, match="seven"):
            rows([("raise", "seven")], workers=1)

    def test_gives_items_out_again_that_there_was_no_time_for(self) -> None:
        assert rows(items(*range(20)), 1, do=one_at_a_time) == list(range(20))


@every_start
@pytest.mark.usefixtures("_start")
class TestEveryWayToStartAWorker:
    def test_gives_the_rows_of_one_worker(self) -> None:
        whole = items(*range(40))
        assert rows(whole, workers=2) == rows(whole, workers=1) == list(range(40))

    def test_gives_items_out_again_that_there_was_no_time_for(self) -> None:
        assert rows(items(*range(20)), 2, do=one_at_a_time) == list(range(20))

    def test_has_the_work_done_elsewhere(self) -> None:
        assert os.getpid() not in rows([("pid", 0)] * 4, workers=2)

    def test_leaves_ctrl_c_to_the_parent_and_ends_on_sigterm(self) -> None:
        assert rows([("signals", 0)], workers=2) == [[signal.SIG_IGN, signal.SIG_DFL]]

    def test_gives_up_the_one_item_that_kills_its_worker(self) -> None:
        whole: list[Item] = [*items(0, 1, 2), ("exit", 3), *items(4, 5, 6, 7)]
        assert rows(whole, 2, lost) == [0, 1, 2, ("lost", "exit", 3), 4, 5, 6, 7]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 17])
def test_any_number_of_items_gives_the_rows_of_one_worker(count: int, workers: int) -> None:
    assert rows(items(*range(count)), workers) == list(range(count))


class TestOrder:
    def test_a_part_that_takes_long_does_not_keep_the_others_waiting(self, tmp_path: Path) -> None:
        flag = tmp_path / "flag"
        whole: list[Item] = [("wait for", str(flag)), *items(*range(1, 10))]
        order = []
        for first, part in run(one_at_a_time, whole, workers=2, lost=never):
            assert "waited in vain" not in part
            order.append(first)
            if len(order) == 5:
                flag.touch()
        assert order.index(0) >= 5
        assert sorted(order) == list(range(10))

    def test_parts_are_taken_as_they_are_needed_not_all_at_once(self) -> None:
        class Watched(list[Item]):
            taken = 0

            def __getitem__(self, place: Any) -> Any:
                self.taken += 1
                return super().__getitem__(place)

        whole = Watched(items(*range(1000)))
        running = run(one_at_a_time, whole, workers=2, lost=never)
        for done in range(1, 20):
            next(running)
            assert whole.taken <= done + 2 * 2 + 2
        running.close()
        assert whole.taken < 30


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
        expected: list[Any] = list(range(10))
        expected[place] = ("lost", *killer)
        assert rows(plain, 2, lost) == expected

    def test_costs_every_item_that_kills(self) -> None:
        killer: Item = ("exit", 1)
        whole = [killer, killer, *items(1, 2), killer, *items(3), killer, *items(4, 5)]
        gone = ("lost", "exit", 1)
        assert rows(whole, 2, lost) == [gone, gone, 1, 2, gone, 3, gone, 4, 5]

    def test_may_be_all_of_them(self) -> None:
        whole: list[Item] = [("exit", number) for number in range(5)]
        assert rows(whole, 2, lost) == [("lost", "exit", number) for number in range(5)]

    def test_costs_that_one_of_many(self) -> None:
        whole = items(*range(300))
        whole[177] = ("signal", signal.SIGKILL)
        began = time.monotonic()
        found = rows(whole, 2, lost)
        assert [row for row in found if not isinstance(row, int)] == [("lost", "signal", signal.SIGKILL)]
        assert found[177] == ("lost", "signal", signal.SIGKILL)
        assert time.monotonic() - began < PATIENCE

    def test_while_its_rows_are_waited_for_elsewhere_costs_no_more(self, tmp_path: Path) -> None:
        """Whoever takes the rows may be slow: the pool is found dead when the next part is given to it."""
        flag = tmp_path / "flag"
        whole: list[Item] = [("exit when", str(flag)), *items(*range(1, 12))]
        found: dict[int, list[Any]] = {}
        for first, part in run(one_at_a_time, whole, workers=2, lost=lost):
            found[first] = part
            if not flag.exists():
                flag.touch()
                assert until(lambda: not multiprocessing.active_children())
        assert found == {n: [n] for n in range(12)} | {0: [("lost", "exit when", str(flag))]}


class TestErrors:
    def test_of_the_work_reach_the_caller(self) -> None:
        with pytest.raises(LookupError, match="seven"):
            rows([*items(1), ("raise", "seven"), *items(2)], workers=2)

    def test_of_rows_that_can_not_be_sent_reach_the_caller(self) -> None:
        with pytest.raises((AttributeError, TypeError, ValueError, ImportError), match="(?i)pickle|local"):
            rows([("unpicklable", 1)], workers=2)

    def test_of_how_the_whole_is_cut_reach_the_caller(self) -> None:
        class Torn(list[Item]):
            def __getitem__(self, place: Any) -> Any:
                raise LookupError("no more")

        with pytest.raises(LookupError, match="no more"):
            list(run(work, Torn(items(1)), workers=2, lost=never))


class TestWhereProcessesCanNotBeStarted:
    """``fork`` starts all of a pool's processes with its first part, ``spawn`` one with each part."""

    @pytest.fixture
    def _allowed(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        start = multiprocessing.process.BaseProcess.start
        left = [request.param]

        def scarce(process: Any) -> None:
            if left[0] <= 0:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            left[0] -= 1
            start(process)

        monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", scarce)

    @pytest.mark.parametrize("_allowed", [0, 1, 2, 3], indirect=True)
    @pytest.mark.parametrize("_start", STARTS, indirect=True)
    @pytest.mark.usefixtures("_allowed", "_start")
    def test_fewer_do_the_work_and_no_item_is_lost(self) -> None:
        with pytest.warns(RuntimeWarning, match="going on with"):
            assert rows(items(*range(40)), 4, do=one_at_a_time) == list(range(40))

    @pytest.mark.parametrize("_allowed", [2], indirect=True)
    @pytest.mark.parametrize("_start", ["fork"], indirect=True)
    @pytest.mark.usefixtures("_allowed", "_start")
    def test_after_a_worker_died_the_run_ends_with_a_sentence(self) -> None:
        with pytest.raises(OutputError, match="no other can be started .*run the same command again to resume"):
            rows([("exit", 1), *items(*range(20))], 2, lost)

    def test_because_there_are_no_threads_is_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(pool.ProcessPoolExecutor, "submit", fail)
        with pytest.warns(RuntimeWarning, match="going on with 1"):
            assert rows(items(*range(9)), 2) == list(range(9))


class TestStopping:
    @pytest.mark.parametrize("how", ["close", "interrupt"])
    def test_ends_the_workers_and_takes_no_more_items(self, tmp_path: Path, how: str) -> None:
        busy = tmp_path / "busy"
        whole: list[Item] = [("work on", str(busy)), *items(*range(1, 100))]
        running = run(one_at_a_time, whole, workers=2, lost=never)
        assert next(running)[0] > 0
        assert until(busy.exists)
        if how == "close":
            running.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                running.throw(KeyboardInterrupt)
        assert multiprocessing.active_children() == []
        assert list(running) == []

    def test_is_never_asked_of_the_process_itself(self) -> None:
        assert not stopping()

    def test_is_not_asked_of_workers_that_are_needed(self) -> None:
        assert rows(items(1, 2, 3), workers=2) == [1, 2, 3]


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
        "    list(run(work, [1, 2, 3], workers=2, lost=list))\n"
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
        "def work(part): return [os._exit(1) if part[0] == 3 else part[0]]\n"
        "for _ in range(5):\n"
        "    print(sorted(run(work, range(8), workers=2, lost=lambda part: [('lost', part[0])])))\n"
    )

    def test_from_standard_input_lose_the_one_item_that_kills_and_no_other(self, tmp_path: Path) -> None:
        done = program(self.TEXT, "", on_stdin=True, folder=tmp_path)
        expected: list[Any] = [(n, [n]) for n in range(8)]
        expected[3] = (3, [("lost", 3)])
        assert done.stdout.splitlines() == [str(expected)] * 5

    @pytest.mark.parametrize("start", ["forkserver", "spawn"])
    def test_without_a_main_guard_are_told_so_and_lose_no_item(self, tmp_path: Path, start: str) -> None:
        done = program(self.TEXT, start, folder=tmp_path)
        assert "lost" not in done.stdout
        assert done.returncode != 0
        assert "__main__" in done.stderr.splitlines()[-1]


class TestHowWorkersStart:
    def test_is_never_by_fork_beside_another_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cocoseg.parallel.pool import _start_method

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
            rows(items(1), workers=2)


def test_tuning_the_memory_may_be_done_twice_and_changes_no_work(tmp_path: Path) -> None:
    """In a process of its own: one that keeps its memory would be large for all tests after it."""
    text = "from cocoseg.parallel import run, tune_memory\ntune_memory()\ntune_memory()\n"
    text += "print(list(run(list, [1, 2], workers=1, lost=list)))\n"
    assert program(text, "", folder=tmp_path).stdout == "[(0, [1]), (1, [2])]\n"
