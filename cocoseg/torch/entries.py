"""The entries of a data set in a file, which workers share however they are started.

A forked worker shares its parent's memory until one of them writes to it. Python writes whenever it reads an object,
because reference counts are stored with the objects. A spawned worker gets a copy of everything. Entries in a file are
in the system's cache once, and in no process; each is read when it is needed.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

_LOCK = threading.Lock()


class FileEntries(Sequence[Any]):
    """Pickled entries in a temporary file, which is removed with the object in the process that wrote it."""

    def __init__(self, entries: Iterable[Any]) -> None:
        descriptor, self._path = tempfile.mkstemp(prefix="cocoseg-entries-")
        weakref.finalize(self, _remove, self._path, os.getpid())
        with os.fdopen(descriptor, "wb") as file:
            self._bounds: npt.NDArray[np.int64] = np.array([0, *_write(entries, file)], np.int64)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        start, stop = self._bounds[number : number + 2].tolist()
        return pickle.loads(_read(self._descriptor, start, stop - start))

    def __deepcopy__(self, memo: dict[int, Any]) -> FileEntries:
        return self  # entries never change, and the file is removed with the object that wrote it

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_bounds": self._bounds}

    @cached_property
    def _descriptor(self) -> int:
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, descriptor)
        return descriptor


def _read(descriptor: int, start: int, size: int) -> bytes:
    """Bytes of an open file, without moving its position, since forks and threads share the descriptor."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, start)
    with _LOCK:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)


def _write(entries: Iterable[Any], file: Any) -> Iterator[int]:
    """Write entries to the file one after another; yields the end of each."""
    for entry in entries:
        file.write(pickle.dumps(entry, pickle.HIGHEST_PROTOCOL))
        yield file.tell()


def _remove(path: str, owner: int) -> None:
    """Remove the file, but not in a fork of the process that wrote it."""
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            os.unlink(path)
