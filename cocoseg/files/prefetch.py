"""Calls that wait for far storage, under way before their results are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(call: Callable[[T], R], items: Iterable[T], width: int) -> Generator[Callable[[], R], None, None]:
    """For each item a function that gives ``call(item)``, or raises as it does, in the items' order.

    With a ``width`` so many calls are under way in threads before they are asked for, without one none is. Closing
    the iterator forgets what was not begun.

    >>> [result() for result in ahead(abs, [-1, -2, -3], width=2)]
    [1, 2, 3]
    """
    if not width:
        yield from (partial(call, item) for item in items)
        return
    rest = iter(items)
    threads = ThreadPoolExecutor(width, "cocoseg-ahead")
    try:
        waiting: deque[Future[R]] = deque(threads.submit(call, item) for item in islice(rest, width))
        while waiting:
            yield waiting.popleft().result
            waiting.extend(threads.submit(call, item) for item in islice(rest, 1))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
