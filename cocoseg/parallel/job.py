"""A piece of work, in this process or through an executor."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from cocoseg.parallel.queue import Queue, Range
from cocoseg.parallel.worker import timed


class Sliceable(Protocol):
    """A part: a sequence whose slices are smaller parts."""

    def __len__(self) -> int: ...
    def __getitem__(self, chosen: slice, /) -> Any: ...


@runtime_checkable
class Minded(Protocol):
    """An executor whose futures can be left without anyone to finish them."""

    def check(self) -> None:
        """Raises if that has happened."""


P = TypeVar("P", bound=Sliceable)
R = TypeVar("R")
_LOOK_SECONDS = 1.0
Rows = Generator[tuple[int, list[R]], None, None]


@dataclass(frozen=True)
class Job(Generic[P, R]):
    """Work on the parts of a whole."""

    work: Callable[[P], list[R]]
    whole: P
    queue: Queue  # of what is left to do
    lost: Callable[[P], list[R]]  # makes the row of an item during which a worker died

    def done(self, taken: Range, rows: list[R], seconds: float) -> tuple[int, list[R]]:
        """Note the rows of a range; the items without a row come next."""
        start, stop = taken
        self.queue.learn(len(rows), seconds)
        self.queue.give_back(start + len(rows), stop)
        return start, rows

    def here(self) -> Rows[R]:
        """Do what is left in this process."""
        while taken := self.queue.take():
            yield self.done(taken, *timed(self.work, self.whole[slice(*taken)]))

    def through(
        self, executor: Executor, width: int, patience: float = 0.0
    ) -> Generator[tuple[int, list[R]], None, list[Range]]:
        """Have the executor do what is left, ``width`` parts at a time, until all is done or the executor breaks.

        Returns the ranges that were under way when it broke. If this ends in another way, they go back to the queue,
        and those that can't be cancelled get ``patience`` seconds to end. Raises CancelledError where the executor
        cancelled a part.
        """
        waiting: dict[Future[tuple[list[R], float]], Range] = {}
        try:
            while self._fill(executor, width, waiting):
                done = wait(waiting, _LOOK_SECONDS, FIRST_COMPLETED).done
                if not done and isinstance(executor, Minded):
                    executor.check()
                for future in done:
                    error = future.exception()
                    if isinstance(error, BrokenExecutor):
                        return _emptied(waiting)
                    taken = waiting.pop(future)
                    if _says_lost(error):
                        yield from self.blame(*taken)
                    else:
                        yield self.done(taken, *future.result())
            return _emptied(waiting)
        finally:
            under_way = [future for future in waiting if not future.cancel()]
            wait(under_way, timeout=patience)
            for taken in waiting.values():
                self.queue.give_back(*taken)

    def blame(self, start: int, stop: int) -> Rows[R]:
        """A range whose worker died: the row of a lost item if it is a single one, else its halves are done again."""
        if stop - start == 1:
            yield start, self.lost(self.whole[start:stop])
        else:
            half = (start + stop) // 2
            self.queue.give_back(half, stop)
            self.queue.give_back(start, half)

    def _fill(self, executor: Executor, width: int, waiting: dict[Future[tuple[list[R], float]], Range]) -> bool:
        """Submit parts; returns whether any is under way and the executor still takes parts."""
        while len(waiting) < self.queue.at_once(width) and (taken := self.queue.take()):
            try:
                waiting[executor.submit(timed, self.work, self.whole[slice(*taken)])] = taken
            except BaseException as error:
                self.queue.give_back(*taken)
                if isinstance(error, BrokenExecutor):
                    return False
                raise
        return bool(waiting)


def _emptied(waiting: dict[Any, Range]) -> list[Range]:
    ranges = list(waiting.values())
    waiting.clear()
    return ranges


def _says_lost(error: BaseException | None) -> bool:
    """Whether an executor that replaces dead workers gave up on a part, as Dask does after some tries."""
    return type(error).__name__ == "KilledWorker"
