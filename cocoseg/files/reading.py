"""Regular files into bytes, here or behind a URL; what is no regular file is never opened for real."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from cocoseg.errors import SampleError, show
from cocoseg.files.places import is_url

# A FIFO would wait for its writer for ever: O_NONBLOCK returns at once, and fstat tells what was opened.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


T = TypeVar("T")


def once_more(call: Callable[[], T]) -> T:
    """The call, tried again a moment later where files that are open elsewhere were in its way."""
    try:
        return call()
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
    time.sleep(0.05)
    return call()


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file.

    Raises SampleError: ``file.missing``, ``file.not_regular``, ``file.unreadable``, ``file.changed``, ``path.invalid``.
    """
    if is_url(path):
        return bytes(_store().read(path))
    return _read(path, _read_all)


def read_head(path: str | os.PathLike[str], size: int) -> bytes:
    """The first ``size`` bytes of a regular file, or fewer if it has fewer. Raises as ``read_file`` does."""
    if is_url(path):
        return bytes(_store().read_head(path, size))
    return _read(path, lambda descriptor, _: os.read(descriptor, size))


def read_part(path: str | os.PathLike[str], start: int, size: int) -> bytes:
    """Bytes from the middle of a regular file, or fewer where it is shorter. Raises as ``read_file`` does."""
    if is_url(path):
        return bytes(_store().read_part(path, start, size))

    def read(descriptor: int, _: int) -> bytes:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)

    return _read(path, read)


def first_match(path: str | os.PathLike[str], pattern: re.Pattern[bytes]) -> bytes:
    """The first match of a pattern of up to 64 bytes in a regular file, or b"". Raises as ``read_file`` does."""
    if is_url(path):
        return bytes(_store().first_match(path, pattern))

    def search(descriptor: int, _: int) -> bytes:
        tail = b""
        while part := os.read(descriptor, 1 << 20):
            if match := pattern.search(tail + part):
                return match[0]
            tail = part[-64:]
        return b""

    return _read(path, search)


def _store() -> ModuleType:
    """What reads URLs; paths do without it."""
    from cocoseg.files import store

    return store


def _read(path: str | os.PathLike[str], read: Callable[[int, int], bytes]) -> bytes:
    try:
        descriptor = once_more(lambda: os.open(path, _FLAGS))
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeEncodeError:
        reason = "can't be named in this locale; set PYTHONUTF8=1, or a UTF-8 locale"
        raise SampleError("file.unreadable", f"{show(os.fspath(path), 300)} {reason}") from None
    except ValueError:
        raise SampleError("path.invalid", f"{show(os.fspath(path), 300)} is no name of a file") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(path)
        data = read(descriptor, status.st_size)
        now = os.fstat(descriptor)
        if (now.st_size, now.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            raise SampleError("file.changed", f"{show(os.fspath(path), 300)} was changed while it was read; run again")
        return data
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    """One read where the size holds, as it nearly always does; else until nothing comes any more."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _not_regular(path: str | os.PathLike[str]) -> SampleError:
    if Path(path).is_dir():
        return SampleError("path.invalid", f"{show(os.fspath(path), 300)} is a folder, expected a file")
    return SampleError("file.not_regular", f"{show(os.fspath(path), 300)} is a device, pipe or socket, expected a file")


def _unreadable(path: str | os.PathLike[str], error: OSError) -> SampleError:
    name = show(os.fspath(path), 300)
    if error.errno == errno.ENOENT and Path(path).is_symlink():
        return _dangling(Path(path))
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return SampleError("file.missing", f"{name} does not exist{_near_miss(Path(path))}")
    if error.errno == errno.ENAMETOOLONG:
        return SampleError("path.invalid", f"{name} is longer than the file system allows; shorten it")
    if error.errno == errno.ENXIO:
        return _not_regular(path)
    return SampleError("file.unreadable", f"{name} can't be read ({os.strerror(error.errno or 0)})")


def _dangling(path: Path) -> SampleError:
    target = path.readlink()
    outside = path.parent.resolve() not in (path.parent / target).resolve().parents
    where = f"{show(str(path), 300)} is a symbolic link to {show(str(target), 300)}"
    if outside:
        return SampleError("path.escape", f"{where}, which leads out of its folder to nothing; replace it by the file")
    return SampleError("file.missing", f"{where}, which does not exist")


def _near_miss(path: Path) -> str:
    """What a user most likely meant by a path that is not there."""
    as_png = path.with_suffix(".png") if path.name not in ("", ".", "..") else path
    if path.suffix and path.suffix != ".png" and as_png.is_file():
        return f", but {show(as_png.name)} does: file_name has to name the PNG, not the photo"
    try:
        twin = next(name for name in os.listdir(path.parent) if name.lower() == path.name.lower())
    except (OSError, StopIteration):
        return ""
    return f", but {show(twin)} does: upper and lower case differ"
