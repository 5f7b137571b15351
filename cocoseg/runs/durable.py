"""Writes that have reached the disk when a call returns."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable


def write_all(descriptor: int, data: bytes) -> None:
    """Write all the bytes, even if one system call takes only some. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(root: str, names: Iterable[str], opening: Callable[[str], int]) -> None:
    """Make files below ``root`` durable, which ``opening`` opens by their names. Raises OSError.

    Where the system can sync a whole file system, this takes a hundredth of the time of a call for each file.
    """
    if sync_all(root):
        return
    for name in names:
        descriptor = opening(name)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_all(root: str) -> bool:
    """Sync the whole file system, on Linux; returns whether that was possible. Raises OSError where it failed."""
    if sys.platform != "linux":
        return False
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        if hasattr(libc, "syncfs") and libc.syncfs(descriptor) == 0:
            return True
    finally:
        os.close(descriptor)
    number = ctypes.get_errno()
    if number in (0, errno.ENOSYS):
        return False
    raise OSError(number, os.strerror(number))
