"""A worker: when to end a part, when to exit, and how long one item may take."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from typing import Any, TypeVar

from cocoseg.parallel.queue import PART_SECONDS

P = TypeVar("P")
R = TypeVar("R")

GRACE_SECONDS = 1.5  # from the request to stop, or the end of an item's time, to the end of the process
_TICK = 0.2
_LONGEST = 1e8  # seconds, three years; timers do not take infinity

_stopping = False  # whether this worker was asked to stop
_heard = False  # whether an alarm is heard already
_item_ends = float("inf")
_part = threading.local()  # an executor may do several parts in one process


class TimeExceeded(BaseException):
    """An item took too long. This is not an ``Exception``, so that a decoder does not catch it."""


def timed(work: Callable[[P], list[R]], part: P) -> tuple[list[R], float]:
    """The rows of a part, and the seconds that it took."""
    began = time.monotonic()
    _part.ends = began + 2 * PART_SECONDS
    with _alarm():
        rows = work(part)
    return rows, time.monotonic() - began


def stopping() -> bool:
    """Whether this worker was asked to stop."""
    return _stopping


def time_is_up() -> bool:
    """Whether the current part has taken long enough, or the worker was asked to stop; to check between items."""
    return time.monotonic() > getattr(_part, "ends", float("inf")) or stopping()


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeExceeded in the body if it takes longer than that.

    A worker that can't be interrupted exits a moment later. This has no effect in a thread, or in the main process of
    a system without alarm signals.
    """
    global _item_ends
    with _alarm() as heard:
        _item_ends = time.monotonic() + seconds
        try:
            if heard:
                signal.setitimer(signal.ITIMER_REAL, float(min(seconds, _LONGEST)))
            try:
                yield
            finally:
                if heard:
                    signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            _item_ends = float("inf")


@contextlib.contextmanager
def _alarm() -> Iterator[bool]:
    """A body in which an alarm raises TimeExceeded; whether it can. Bodies of a part inside it cost nothing."""
    global _heard
    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield False
        return
    if _heard:
        yield True
        return
    before, _heard = signal.signal(alarm, _exceeded), True
    try:
        yield True
    finally:
        _heard = False
        signal.signal(alarm, before)


def _exceeded(*_: Any) -> None:
    if _item_ends < float("inf"):
        raise TimeExceeded


def begin(stop: Any) -> None:
    """Set up a worker: it leaves Ctrl-C to the parent, and exits when the parent does or asks for it by ``stop``."""
    tune_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()


def _watch(stop: Any) -> None:
    """End this process with its parent, or if an item goes on too long after its time or a request to stop."""
    global _stopping
    parent = multiprocessing.parent_process()
    asked = float("inf")
    while parent is not None:
        ready = wait([parent.sentinel] if _stopping else [parent.sentinel, stop], _TICK)
        now = time.monotonic()
        if stop in ready:
            _stopping, asked = True, now
        if parent.sentinel in ready or now > min(asked, _item_ends) + GRACE_SECONDS:
            break
    os._exit(1)


def tune_memory() -> None:
    """Make glibc keep freed arrays instead of returning them to the system after every picture.

    Fresh pages for each picture's arrays take nearly as long as all the work on it (benchmarks/RESULTS.md). This
    setting holds for the whole process, so it is for processes that cocoseg starts. Without glibc it does nothing.
    """
    import ctypes

    keep, trim_threshold, mmap_threshold = 1 << 28, -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(trim_threshold, keep)
    mallopt(mmap_threshold, keep)
