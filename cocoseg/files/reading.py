"""Regular files into bytes, on disk or behind a URL."""

from __future__ import annotations

import os
import re

from cocoseg.files.storage import storage


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file.

    Raises SampleError: ``file.missing``, ``file.not_regular``, ``file.unreadable``, ``file.changed``, ``path.invalid``.
    """
    return storage(path).read(os.fspath(path))


def read_head(path: str | os.PathLike[str], size: int) -> bytes:
    """The first ``size`` bytes of a regular file, or fewer if it is shorter. Raises as ``read_file`` does."""
    return storage(path).read_head(os.fspath(path), size)


def read_part(path: str | os.PathLike[str], start: int, size: int) -> bytes:
    """Bytes from the middle of a regular file, or fewer if it is shorter. Raises as ``read_file`` does."""
    return storage(path).read_part(os.fspath(path), start, size)


def first_match(path: str | os.PathLike[str], pattern: re.Pattern[bytes]) -> bytes:
    """The first match of a pattern of up to 64 bytes in a regular file, or b"". Raises as ``read_file`` does."""
    return storage(path).first_match(os.fspath(path), pattern)
