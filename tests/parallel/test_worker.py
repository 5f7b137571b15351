"""What goes on in a worker: parts end in time, an item that takes too long is ended, whatever it does."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocoseg.parallel import TimeExceeded, limited, queue, run, time_is_up, worker
from cocoseg.parallel.worker import timed

# Python from 3.12 on warns of a fork of this test process, which has numpy's threads.
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")]
FOREVER = 600.0


@pytest.fixture(autouse=True)
def _leaves_alarms_as_they_were() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert worker._item_ends == float("inf")


class TestLimited:
    def test_lets_be_what_ends_in_time(self) -> None:
        with limited(FOREVER):
            assert signal.getitimer(signal.ITIMER_REAL)[0] > 0

    @pytest.mark.parametrize("doing", [lambda: time.sleep(FOREVER), lambda: [None for _ in iter(int, 1)]])
    def test_ends_what_does_not(self, doing: Callable[[], Any]) -> None:
        with pytest.raises(TimeExceeded), limited(0.01):
            doing()

    def test_is_not_taken_by_decoders_for_an_error_of_their_own(self) -> None:
        def decode() -> None:
            try:
                time.sleep(FOREVER)
            except Exception:
                pytest.fail("swallowed")

        with pytest.raises(TimeExceeded), limited(0.01):
            decode()

    def test_passes_errors_on(self) -> None:
        with pytest.raises(LookupError, match="mine"), limited(FOREVER):
            raise LookupError("mine")

    def test_may_be_used_again_and_again(self) -> None:
        for _ in range(3):
            with pytest.raises(TimeExceeded), limited(0.005):
                time.sleep(FOREVER)
            with limited(FOREVER):
                pass

    def test_gives_the_signal_back_to_who_had_it(self) -> None:
        def mine(*_: Any) -> None: ...

        signal.signal(signal.SIGALRM, mine)
        try:
            with pytest.raises(TimeExceeded), limited(0.005):
                time.sleep(FOREVER)
            assert signal.getsignal(signal.SIGALRM) is mine
        finally:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def test_has_no_effect_in_a_thread(self) -> None:
        seen: list[str] = []

        def work() -> None:
            with limited(0.001):
                time.sleep(0.02)
            seen.append("through")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert seen == ["through"]

    def test_does_nothing_where_there_is_no_alarm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(signal, "SIGALRM")
        with limited(0.001):
            time.sleep(0.005)
        monkeypatch.undo()


class TestTimed:
    def test_gives_the_rows_and_their_seconds(self) -> None:
        rows, seconds = timed(lambda part: [time.sleep(0.01) or item for item in part], [1, 2])
        assert rows == [1, 2]
        assert 0.02 <= seconds < FOREVER

    def test_a_part_has_its_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [100.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])

        def work(part: list[float]) -> list[bool]:
            said = []
            for seconds in part:
                now[0] += seconds
                said.append(time_is_up())
            return said

        assert timed(work, [queue.PART_SECONDS, queue.PART_SECONDS, 0.1])[0] == [False, False, True]
        assert timed(work, [0.1])[0] == [False]

    def test_parts_of_other_threads_have_their_own(self) -> None:
        worker._part.ends = time.monotonic() - 1
        try:
            assert time_is_up()
            said: list[bool] = []
            thread = threading.Thread(target=lambda: said.append(time_is_up()))
            thread.start()
            thread.join()
            assert said == [False]
        finally:
            del worker._part.ends


def slow(part: list[str]) -> list[str]:
    """Rows, as a writer makes them: each item has a tenth of a second."""
    rows = []
    for item in part:
        try:
            with limited(0.1):
                act(item)
            rows.append(item)
        except TimeExceeded:
            rows.append(f"{item}: too long")
    return rows


def act(item: str) -> None:
    if item == "sleep":
        time.sleep(FOREVER)
    elif item == "stubborn":  # as a decoder that never comes back to Python
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(FOREVER)


def lost(part: list[str]) -> list[str]:
    return [f"{item}: died" for item in part]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_an_item_that_takes_too_long_is_ended_and_named(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCOSEG_START", start)
    whole = ["a", "sleep", "b", "c", "sleep", "d"]
    rows = [row for _, part in sorted(run(slow, whole, workers=2, lost=lost)) for row in part]
    assert rows == ["a", "sleep: too long", "b", "c", "sleep: too long", "d"]


def test_one_that_can_not_be_interrupted_ends_its_process_and_is_named() -> None:
    whole = ["a", "stubborn", "b", "c"]
    rows = [row for _, part in sorted(run(slow, whole, workers=2, lost=lost)) for row in part]
    assert rows == ["a", "stubborn: died", "b", "c"]


def test_a_worker_that_is_asked_to_stop_and_does_not_is_ended() -> None:
    running = run(deaf, ["a", "b", "sleep", "sleep"], workers=2, lost=lost)
    next(running)
    began = time.monotonic()
    running.close()
    assert time.monotonic() - began < 20


def deaf(part: list[str]) -> list[str]:
    act(part[0])
    return part[:1]
