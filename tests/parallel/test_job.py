"""A job through executors that are not ours: threads, processes, those that break, and those like Dask's."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing import get_context
from typing import Any

import pytest

from cocoseg.errors import OutputError
from cocoseg.parallel import run

PATIENCE = 20


class KilledWorker(Exception):
    """Named as Dask's, which is known by its name alone."""


class Here(Executor):
    """Does everything at once, in this process; ``spoil`` may raise instead."""

    def __init__(self, spoil: Callable[[Any], None] = lambda part: None) -> None:
        self.spoil = spoil
        self.parts: list[Any] = []

    def submit(self, call: Callable[..., Any], *args: Any, **_: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        self.parts.append(args[-1])
        try:
            self.spoil(args[-1])
            future.set_result(call(*args))
        except BaseException as error:
            future.set_exception(error)
        return future


def work(part: range) -> list[int]:
    """Two items, then time is up."""
    if -1 in part:
        raise LookupError("minus one")
    return [-number for number in part][:2]


def lost(part: range) -> list[str]:
    assert len(part) == 1
    return [f"lost {part[0]}"]


def rows(executor: Executor, whole: range, workers: int = 1) -> list[Any]:
    found = sorted(run(work, whole, lost=lost, workers=workers, executor=executor))
    assert [first + k for first, part in found for k in range(len(part))] == list(range(len(whole)))
    return [row for _, part in found for row in part]


def expected(length: int, *gone: int) -> list[Any]:
    return [f"lost {number}" if number in gone else -number for number in range(length)]


@pytest.fixture(params=["threads", "processes", "here"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "here":
        yield Here()
        return
    kind = ThreadPoolExecutor(3) if request.param == "threads" else ProcessPoolExecutor(2, get_context("forkserver"))
    with kind as made:
        yield made


class TestAnExecutor:
    @pytest.mark.parametrize("length", [0, 1, 2, 3, 100])
    @pytest.mark.parametrize("workers", [1, 2, 32])
    def test_gives_the_rows_of_this_process(self, executor: Executor, length: int, workers: int) -> None:
        assert rows(executor, range(length), workers) == expected(length)

    def test_passes_errors_of_the_work_on(self, executor: Executor) -> None:
        with pytest.raises(LookupError, match="minus one"):
            rows(executor, range(-5, 5))

    def test_may_be_used_again(self, executor: Executor) -> None:
        with pytest.raises(LookupError):
            rows(executor, range(-5, 5))
        assert rows(executor, range(30)) == expected(30)

    def test_is_not_shut_down(self, executor: Executor) -> None:
        rows(executor, range(3))
        assert executor.submit(max, 1, 2).result() == 2

    def test_is_given_no_more_than_it_is_asked_for(self) -> None:
        here = Here()
        running = run(work, range(1000), lost=lost, workers=2, executor=here)
        for done in range(1, 10):
            next(running)
            assert len(here.parts) <= done + 2 * 2 + 2
        running.close()
        assert len(here.parts) < 20


class TestAnExecutorThatBreaks:
    def test_ends_the_run_with_a_sentence(self) -> None:
        def spoil(part: range) -> None:
            if 5 in part:
                raise BrokenExecutor("a worker died")

        with pytest.raises(OutputError, match="have died; run the same command again to resume") as caught:
            rows(Here(spoil), range(100))
        assert caught.value.category == "workers.gone"

    def test_at_its_very_last_part_too(self) -> None:
        def spoil(part: range) -> None:
            if 99 in part:
                raise BrokenExecutor

        with pytest.raises(OutputError, match="have died"):
            rows(Here(spoil), range(100))

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_before_it_takes_a_part(self, after: int) -> None:
        class Breaks(Here):
            def submit(self, *args: Any, **options: Any) -> Future[Any]:  # type: ignore[override]
                if len(self.parts) >= after:
                    raise BrokenExecutor
                return super().submit(*args, **options)

        with pytest.raises(OutputError, match="have died"):
            rows(Breaks(), range(100))

    def test_for_real(self) -> None:
        with ProcessPoolExecutor(2, get_context("forkserver")) as processes, pytest.raises(OutputError) as caught:
            list(run(die, range(100), lost=lost, executor=processes))
        assert caught.value.category == "workers.gone"

    def test_that_gives_the_work_up_is_the_same(self) -> None:
        def spoil(part: range) -> None:
            raise CancelledError

        with pytest.raises(OutputError, match="cancelled the work"):
            rows(Here(spoil), range(100))

    def test_that_cancels_is_the_same(self) -> None:
        class Cancels(Here):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:  # type: ignore[override]
                future: Future[Any] = Future()
                future.cancel()
                future.set_running_or_notify_cancel()
                return future

        with pytest.raises(OutputError, match="cancelled the work"):
            rows(Cancels(), range(100))

    def test_that_does_not_take_parts_passes_its_reason_on(self) -> None:
        threads = ThreadPoolExecutor(1)
        threads.shutdown()
        with pytest.raises(RuntimeError, match="after shutdown"):
            rows(threads, range(3))


def die(part: range) -> list[int]:
    os._exit(1)


class TestAnExecutorThatReplacesItsWorkers:
    @pytest.mark.parametrize("killers", [(), (0,), (57,), (99,), (3, 4, 5), tuple(range(100))])
    def test_costs_the_items_that_kill(self, killers: tuple[int, ...]) -> None:
        def spoil(part: range) -> None:
            if set(part) & set(killers):
                raise KilledWorker

        here = Here(spoil)
        assert rows(here, range(100), workers=4) == expected(100, *killers)

    def test_asks_for_few_parts_more(self) -> None:
        def spoil(part: range) -> None:
            if 57 in part:
                raise KilledWorker

        good, bad = Here(), Here(spoil)
        rows(good, range(100), workers=4)
        rows(bad, range(100), workers=4)
        assert len(bad.parts) <= len(good.parts) + 16


class TestClosing:
    def test_calls_back_what_has_not_begun_and_lets_the_rest_end(self) -> None:
        """What still writes after the run is over would write into the next one."""
        begun, enough, ended = threading.Event(), threading.Event(), []

        def slowly(part: range) -> list[int]:
            if part[0] > 0:
                begun.set()
                enough.wait(PATIENCE)
                time.sleep(0.05)
            ended.append(part[0])
            return [0]

        with ThreadPoolExecutor(1) as threads:
            running = run(slowly, range(50), lost=lost, workers=4, executor=threads)
            next(running)
            assert begun.wait(PATIENCE)
            threading.Timer(0.05, enough.set).start()
            running.close()
            assert len(ended) == 2
        assert len(ended) == 2

    def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.modules["cocoseg.parallel.run"], "_LET_END_SECONDS", 0.05)
        enough = threading.Event()
        with ThreadPoolExecutor(2) as threads:
            running = run(lambda part: [enough.wait(PATIENCE) if part[0] else 0], range(9), lost=lost, executor=threads)
            next(running)
            running.close()
            assert not enough.is_set()
            enough.set()
