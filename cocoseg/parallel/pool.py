"""Worker processes. If one dies, only the item that killed it fails."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from cocoseg.errors import OutputError, UsageError, show, suggestion
from cocoseg.parallel.job import Job, P, R, Rows
from cocoseg.parallel.worker import begin, timed


class _NoMore(Exception):
    """The system does not let us start more processes."""


def run(job: Job[P, R], workers: int) -> Rows[R]:
    """Do a job in ``workers`` processes, or in as many as can be started.

    The parts that were under way when a worker died are done again, each in a separate process.
    """
    context = multiprocessing.get_context(_start_method())
    while workers > 1:
        try:
            with _processes(workers, context) as executor:
                unfinished = yield from job.through(executor, 2 * workers)
        except _NoMore:
            workers //= 2
            warnings.warn(f"so many processes can't be started; going on with {workers}", RuntimeWarning, stacklevel=2)
            continue
        if not unfinished and not job.queue.left:
            return
        for start, stop in unfinished:
            yield from _alone(job, start, stop, context)
    yield from job.here()


@contextlib.contextmanager
def _processes(workers: int, context: Any) -> Iterator[ProcessPoolExecutor]:
    """A pool of workers, which stop after their current items.

    They are asked to stop through a pipe that nobody reads from. An event has a lock: a worker killed while holding it
    would leave the others waiting forever.
    """
    try:
        stop, sender = context.Pipe(duplex=False)
    except OSError as error:
        raise _NoMore from error
    with stop, sender:
        try:
            executor = _Pool(workers, context, begin, (stop,))
        except OSError as error:
            raise _NoMore from error
        try:
            yield executor
        finally:
            sender.send_bytes(b"stop")
            executor.shutdown(wait=True, cancel_futures=True)


class _Pool(ProcessPoolExecutor):
    def submit(self, *args: Any, **options: Any) -> Any:
        try:
            return super().submit(*args, **options)
        except BrokenProcessPool:
            raise
        except (OSError, RuntimeError) as error:  # no process, or no thread to mind them
            raise _NoMore from error

    def check(self) -> None:
        """Raises _NoMore if the thread that minds the workers has died, as it does where it can't start another."""
        minder: Any = self._executor_manager_thread
        if minder is not None and not minder.is_alive():
            raise _NoMore


@contextlib.contextmanager
def _one_worker(context: Any) -> Iterator[ProcessPoolExecutor]:
    """A worker that has started; if none can start, no item is to blame.

    Raises UsageError ``workers.start``, OutputError ``workers.gone`` where the system does not let us start more.
    """
    try:
        with _processes(1, context) as executor:
            try:
                executor.submit(os.getpid).result()
            except BrokenProcessPool:
                reason = "worker processes can't start from this program"
                advice = "put the call under if __name__ == '__main__':, or take one worker"
                raise UsageError("workers.start", f"{reason}; {advice}") from None
            yield executor
    except _NoMore as error:
        text = f"a worker died, and no other can be started ({error.__cause__}); run the same command again to resume"
        raise OutputError("workers.gone", text) from None


def _alone(job: Job[P, R], start: int, stop: int, context: Any) -> Rows[R]:
    """Do a range in a separate process; if that dies too, do its halves, down to the item that kills it."""
    try:
        with _one_worker(context) as executor:
            while start < stop:
                rows, _ = executor.submit(timed, job.work, job.whole[start:stop]).result()
                yield start, rows
                start += len(rows)
        return
    except BrokenProcessPool:
        pass
    if stop - start == 1:
        yield start, job.lost(job.whole[start:stop])
        return
    half = (start + stop) // 2
    yield from _alone(job, start, half, context)
    yield from _alone(job, half, stop, context)


def _start_method() -> str | None:
    """Fork if this process has one thread, which makes it safe: a worker then starts at once. Raises UsageError."""
    if chosen := os.environ.get("COCOSEG_START"):
        known = multiprocessing.get_all_start_methods()
        if chosen not in known:
            text = f"COCOSEG_START is {show(chosen)}, expected one of {', '.join(known)}{suggestion(chosen, known)}"
            raise UsageError("workers.start", text)
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
