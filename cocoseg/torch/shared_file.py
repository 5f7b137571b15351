"""A temporary file that the processes of a data loader share, however they are started; nothing stays behind."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import reduction
from multiprocessing.context import get_spawning_popen
from typing import Any

if sys.platform != "win32":
    import fcntl

_LOCK = threading.Lock()


class SharedFile:
    """A file without a name, which ends with the last process that has it open, even one that is killed.

    Forked and spawned children read and write the same file. Any other pickle carries the content, so that it can be
    loaded anywhere and at any time.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._keeper = tempfile.TemporaryFile(prefix="cocoseg-")  # noqa: SIM115, it lives as long as this object
        weakref.finalize(self, self._keeper.close)
        self._keeper.writelines(pieces)
        self._keeper.flush()
        self._descriptor = self._keeper.fileno()

    def read(self, start: int, size: int) -> bytes:
        """Bytes of the file, without moving its position, since forks and threads share it."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, start)
        with _LOCK:
            os.lseek(self._descriptor, start, os.SEEK_SET)
            return os.read(self._descriptor, size)

    def write(self, start: int, data: bytes) -> None:
        """Replace bytes of the file."""
        if hasattr(os, "pwrite"):
            os.pwrite(self._descriptor, data, start)
            return
        with _LOCK:
            os.lseek(self._descriptor, start, os.SEEK_SET)
            os.write(self._descriptor, data)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among the processes that share the file; Windows has no such lock."""
        if sys.platform == "win32":
            yield
            return
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def __reduce__(self) -> tuple[Any, ...]:
        if get_spawning_popen() is None:
            return SharedFile, ([self.read(0, os.fstat(self._descriptor).st_size)],)
        return _inherited, (self._handle(),)

    def _handle(self) -> Any:
        """What a child that is being spawned opens the file by."""
        return self._keeper.name if sys.platform == "win32" else reduction.DupFd(self._descriptor)


def _inherited(handle: Any) -> SharedFile:
    """The parent's file in a spawned child, which keeps it open to its end."""
    file = SharedFile.__new__(SharedFile)
    if sys.platform == "win32":
        file._descriptor = os.open(handle, os.O_RDWR | os.O_BINARY | os.O_TEMPORARY)
    else:
        file._descriptor = handle.detach()
    return file
