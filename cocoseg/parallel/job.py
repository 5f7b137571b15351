"""A piece of work, and its way through an executor."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from cocoseg.parallel.queue import Queue, Range
from cocoseg.parallel.worker import timed


class Sliceable(Protocol):
    """What a part is: a sequence whose slices are smaller parts."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: slice, /) -> Any: ...


P = TypeVar("P", bound=Sliceable)
R = TypeVar("R")
Rows = Generator[tuple[int, list[R]], None, None]


@dataclass(frozen=True)
class Job(Generic[P, R]):
    """The work, the whole that it is done on, the ranges of it that are left, and what stands for a lost item."""

    work: Callable[[P], list[R]]
    whole: P
    queue: Queue
    lost: Callable[[P], list[R]]

    def done(self, taken: Range, rows: list[R], seconds: float) -> tuple[int, list[R]]:
        """Take note of the rows of a range; what they leave of it comes next."""
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
        """Have what is left done, ``width`` parts at a time, until it is or the executor breaks.

        Returns the ranges that were then under way; where it ends otherwise, they are left again, and those that
        can't be called back are given ``patience`` seconds to end. Raises CancelledError where the executor gave up.
        """
        waiting: dict[Future[tuple[list[R], float]], Range] = {}
        try:
            while self._fill(executor, width, waiting):
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
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
        """A range whose worker died: the row of a lost item, if it is one, else its halves come again."""
        if stop - start == 1:
            yield start, self.lost(self.whole[start:stop])
        else:
            half = (start + stop) // 2
            self.queue.give_back(half, stop)
            self.queue.give_back(start, half)

    def _fill(self, executor: Executor, width: int, waiting: dict[Future[tuple[list[R], float]], Range]) -> bool:
        """Give parts to the executor; whether any is under way, and it takes them."""
        while len(waiting) < width and (taken := self.queue.take()):
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
    """Whether an executor that replaces its dead workers gave a part up, as Dask does after some tries."""
    return type(error).__name__ == "KilledWorker"
