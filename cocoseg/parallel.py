"""Work on the parts of a data set, here or in worker processes, in bounded memory.

A part is anything with a length and slices; the work is a picklable callable. A worker that dies costs no more than
the one item that kills it: the parts it may have been at are done again, each alone in a process of its own.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, Protocol, TypeVar

from cocoseg.errors import UsageError


class Sliceable(Protocol):
    """What a part is: a sequence whose slices are smaller parts."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: slice, /) -> Any: ...


P = TypeVar("P", bound=Sliceable)
R = TypeVar("R")

_stop: Any = None  # the event that tells a worker to finish; one a process, set by its initializer


def parts(whole: P, workers: int, largest: int = 64) -> Iterator[P]:
    """Slices of ``whole``, small enough that all workers end at about the same time."""
    size = max(1, min(largest, len(whole) // (8 * workers)))
    return (whole[start : start + size] for start in range(0, len(whole), size))


def run(
    work: Callable[[P], list[R]], pieces: Iterable[P], *, workers: int = 1, lost: Callable[[P], list[R]]
) -> Generator[tuple[int, list[R]], None, None]:
    """``(place of the part, work(part))`` for every part, as they get done.

    With one worker the work is done here. ``lost`` makes the rows of a part of one item that ends its process.
    Closing the iterator stops the workers after the item that each is at.
    """
    numbered = enumerate(pieces)
    if workers == 1:
        for place, part in numbered:
            yield place, work(part)
        return
    context = multiprocessing.get_context(_start_method())
    while unfinished := (yield from _in_processes(work, numbered, workers, context)):
        for place, part in unfinished:
            yield place, _alone(work, part, lost, context)


def stopping() -> bool:
    """Whether this worker was asked to end; work that takes long looks at it between two items."""
    return _stop is not None and _stop.is_set()


def _in_processes(
    work: Callable[[P], list[R]], numbered: Iterator[tuple[int, P]], workers: int, context: Any
) -> Generator[tuple[int, list[R]], None, list[tuple[int, P]]]:
    """Work until all is done, or a worker dies; returns the parts that were then in the pool."""
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (stop,))
    waiting: dict[Future[list[R]], tuple[int, P]] = {}
    broken: list[tuple[int, P]] = []
    try:
        while not broken:
            broken += _submit(pool, work, islice(numbered, 2 * workers - len(waiting)), waiting)
            if not waiting:
                break
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                place, part = waiting.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    broken.append((place, part))
                else:
                    yield place, future.result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    return [*broken, *waiting.values()]


def _submit(
    pool: ProcessPoolExecutor,
    work: Callable[[P], list[R]],
    numbered: Iterable[tuple[int, P]],
    waiting: dict[Future[list[R]], tuple[int, P]],
) -> list[tuple[int, P]]:
    """Give parts to the pool; returns the one that a pool with a dead worker did not take."""
    for place, part in numbered:
        try:
            waiting[pool.submit(work, part)] = (place, part)
        except BrokenProcessPool:
            return [(place, part)]
    return []


def _one_worker(context: Any) -> ProcessPoolExecutor:
    """A worker that has begun: where none can, that is no fault of an item. Raises UsageError ``workers.start``."""
    pool = ProcessPoolExecutor(1, context, _begin, (context.Event(),))
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        pool.shutdown()
        reason = "worker processes can't start from this program"
        advice = "put the call under if __name__ == '__main__':, or take one worker"
        raise UsageError("workers.start", f"{reason}; {advice}") from None
    return pool


def _alone(work: Callable[[P], list[R]], part: P, lost: Callable[[P], list[R]], context: Any) -> list[R]:
    with _one_worker(context) as pool:
        try:
            return pool.submit(work, part).result()
        except BrokenProcessPool:
            pass
    if len(part) == 1:
        return lost(part)
    return [row for place in range(len(part)) for row in _alone(work, part[place : place + 1], lost, context)]


def _start_method() -> str | None:
    """Fork where it is safe, which is where this process has one thread: a worker is then there at once."""
    if chosen := os.environ.get("COCOSEG_START"):
        return chosen
    if sys.platform != "linux":
        return None
    return "fork" if _is_alone() else "forkserver"


def _is_alone() -> bool:
    """Whether this process has one thread; one that has just ended is listed for a moment longer."""
    with contextlib.suppress(OSError):
        for _ in range(50):
            if len(os.listdir("/proc/self/task")) == 1:
                return True
            if threading.active_count() > 1:
                return False
            time.sleep(0.001)
    return False


def _begin(stop: Any) -> None:
    """A worker's first steps: leave Ctrl-C to the parent, and end when the parent ends."""
    global _stop
    _stop = stop
    tune_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    process = multiprocessing.parent_process()
    if process is not None:
        process.join()
    os._exit(1)


def tune_memory() -> None:
    """Tell glibc to keep freed arrays instead of giving them back after every picture.

    Fresh pages for each picture's arrays cost nearly as much as all the work on it (DESIGN.md, speed). A setting of
    the process, so only for processes that are cocoseg's own; nothing happens where there is no glibc.
    """
    import ctypes

    keep, trim_threshold, mmap_threshold = 1 << 28, -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(trim_threshold, keep)
    mallopt(mmap_threshold, keep)
