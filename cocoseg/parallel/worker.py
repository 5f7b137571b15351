"""What goes on in a worker: when to end a part, when to end altogether, and how long one item may take."""

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

GRACE_SECONDS = 1.5  # from being asked to end, or from the end of an item's time, to being ended
_TICK = 0.2
_LONGEST = 1e8  # seconds, three years; timers know no infinity

_stopping = False  # whether this worker was asked to end
_item_ends = float("inf")
_part = threading.local()  # an executor may do several parts in one process


class TimeExceeded(BaseException):
    """An item took longer than it may. No ``Exception``, so that no decoder takes it for one of its own."""


def timed(work: Callable[[P], list[R]], part: P) -> tuple[list[R], float]:
    """The rows of a part, and the seconds that it took."""
    began = time.monotonic()
    _part.ends = began + 2 * PART_SECONDS
    rows = work(part)
    return rows, time.monotonic() - began


def stopping() -> bool:
    """Whether this worker was asked to end."""
    return _stopping


def time_is_up() -> bool:
    """Whether the part in hand has taken long enough, or the worker was asked to end: look at it between two items."""
    return time.monotonic() > getattr(_part, "ends", float("inf")) or stopping()


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Give what is done in here that much time, then raise TimeExceeded in it.

    What can't be interrupted ends its process a moment later, if that is a worker. Without effect in a thread, and in
    the main process on systems that have no alarm signal.
    """
    global _item_ends
    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        _item_ends = time.monotonic() + seconds
        try:
            yield
        finally:
            _item_ends = float("inf")
        return
    before = signal.signal(alarm, _exceeded)
    _item_ends = time.monotonic() + seconds
    try:
        signal.setitimer(signal.ITIMER_REAL, min(seconds, _LONGEST))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        _item_ends = float("inf")
        signal.signal(alarm, before)


def _exceeded(*_: Any) -> None:
    raise TimeExceeded


def begin(stop: Any) -> None:
    """A worker's first steps: leave Ctrl-C to the parent, and end when the parent ends or says so through ``stop``."""
    tune_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()


def _watch(stop: Any) -> None:
    """End this process with its parent, and where it is too long at an item after its time, or after being stopped."""
    global _stopping
    parent = multiprocessing.parent_process()
    asked = float("inf")
    while parent is not None:
        told = wait([parent.sentinel] if _stopping else [parent.sentinel, stop], _TICK)
        now = time.monotonic()
        if stop in told:
            _stopping, asked = True, now
        if parent.sentinel in told or now > min(asked, _item_ends) + GRACE_SECONDS:
            break
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
