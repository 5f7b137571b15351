"""What is different in a loader's worker: how errors travel, and what becomes of freed memory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from torch.utils.data import get_worker_info

from cocoseg.errors import SampleError
from cocoseg.parallel import tune_memory

T = TypeVar("T")


def in_worker_too(call: Callable[[], T]) -> T:
    """The result of ``call``; in a loader's worker, its SampleErrors are such that they can travel."""
    if get_worker_info() is None:
        return call()
    _settle_in(os.getpid())
    try:
        return call()
    except SampleError as error:
        raise WorkerSampleError(str(error.problem)) from error


class WorkerSampleError(SampleError):
    """A SampleError from a loader's worker, which ``DataLoader`` makes again from one text that has the traceback.

    >>> error = WorkerSampleError("png.corrupt: panoptic.json: annotations[3]: the PNG is cut off; get the file again")
    >>> error.category
    'png.corrupt'
    """

    def __init__(self, *args: str) -> None:
        super().__init__(*(args if len(args) == 2 else (_category(*args), *args)))


def _category(text: str) -> str:
    """The category before the message, which may stand at the end of a traceback."""
    found = re.search(r"(?:^|WorkerSampleError: )([a-z_]+\.[a-z_0-9]+): ", text)
    return found[1] if found else "worker.sample"


@cache
def _settle_in(process: int) -> None:
    """Keep freed memory between pictures, once in each of a loader's workers and in no other process."""
    tune_memory()
