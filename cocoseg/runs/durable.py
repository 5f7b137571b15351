"""Bytes that are on the disk when a call returns, and not only on their way there."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable


def write_all(descriptor: int, data: bytes) -> None:
    """Write all the bytes, however few a call takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(root: str, paths: Iterable[str]) -> None:
    """Make files below ``root`` durable. Raises OSError.

    One call for the whole file system, where there is one, costs a hundredth of a call for each file.
    """
    if sync_all(root):
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_all(root: str) -> bool:
    """Whether Linux was asked to write out all that the file system holds. Raises OSError where that failed."""
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
