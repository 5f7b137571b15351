"""Calls that wait for remote storage, begun before their results are needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def prefetch(call: Callable[[T], R], items: Iterable[T], width: int) -> Generator[Callable[[], R], None, None]:
    """Yield a function for each item, in order, that returns ``call(item)`` or raises as it does.

    Up to ``width`` calls are under way in threads before their results are asked for; with 0, none is begun early.
    Closing the iterator drops the calls that have not begun.

    >>> [result() for result in prefetch(abs, [-1, -2, -3], width=2)]
    [1, 2, 3]
    """
    if not width:
        yield from (partial(call, item) for item in items)
        return
    rest = iter(items)
    threads = ThreadPoolExecutor(width, "cocoseg-prefetch")
    try:
        waiting: deque[Future[R]] = deque(threads.submit(call, item) for item in islice(rest, width))
        while waiting:
            yield waiting.popleft().result
            waiting.extend(threads.submit(call, item) for item in islice(rest, 1))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
