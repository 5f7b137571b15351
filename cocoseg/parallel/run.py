"""The rows of all parts, whoever does the work."""

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
    """``(number of the first item, rows)`` for all parts of ``whole``, as they get done.

    With one worker the work is done here, with more in processes of our own, with an ``executor`` wherever that has
    it done; ``workers`` is then how many it has, at a guess. ``lost`` makes the row of a part of one item that ends
    its process. Closing the iterator stops the workers after the item that each is at.

    Raises UsageError ``workers.start``, OutputError ``workers.gone`` where an executor gives up.
    """
    job = Job(work, whole, Queue(len(whole), workers), lost)
    if executor is not None:
        yield from _elsewhere(job, executor, 2 * workers)
    elif workers == 1:
        yield from job.here()
    else:
        yield from pool.run(job, workers)


_LET_END_SECONDS = 10.0  # for parts that nobody waits for any more


def _elsewhere(job: Job[P, R], executor: Executor, width: int) -> Rows[R]:
    advice = "start the same command again, which goes on where this one ended"
    try:
        if (yield from job.through(executor, width, _LET_END_SECONDS)) or job.queue.left:
            raise OutputError("workers.gone", f"the executor's workers have died; {advice}")
    except CancelledError:
        raise OutputError("workers.gone", f"the executor gave the work up; {advice}") from None
