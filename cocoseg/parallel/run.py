"""The rows of all parts, by this process, by workers or by an executor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Executor

from cocoseg.errors import OutputError
from cocoseg.parallel import pool
from cocoseg.parallel.job import Job, P, R, Rows
from cocoseg.parallel.queue import Queue


def run(
    work: Callable[[P], list[R]],
    whole: P,
    *,
    lost: Callable[[P], list[R]],
    workers: int = 1,
    executor: Executor | None = None,
) -> Rows[R]:
    """``(index of the first item, rows)`` for all parts of ``whole``, as they finish.

    One worker means this process, more mean worker processes. An ``executor`` does the work instead if given;
    ``workers`` is then how many it has by now. ``lost`` makes the row of an item that ends its process.
    Closing the iterator stops each worker after its current item.

    Raises UsageError ``workers.start``, OutputError ``workers.gone`` where an executor gives up.
    """
    job = Job(work, whole, Queue(len(whole), workers), lost)
    if executor is not None:
        yield from _elsewhere(job, executor, max(_MORE_TO_COME, 2 * workers))
    elif workers == 1:
        yield from job.here()
    else:
        yield from pool.run(job, workers)


_MORE_TO_COME = 64  # parts under way at a time, as an executor may get more workers than it has now
# For parts whose results are no longer needed: most end after two, and the next run can do with what others leave.
_LET_END_SECONDS = 3.0


def _elsewhere(job: Job[P, R], executor: Executor, width: int) -> Rows[R]:
    advice = "run the same command again to resume"
    try:
        if (yield from job.through(executor, width, _LET_END_SECONDS)) or job.queue.left:
            raise OutputError("workers.gone", f"the executor's workers have died; {advice}")
    except CancelledError:
        raise OutputError("workers.gone", f"the executor cancelled the work; {advice}") from None
