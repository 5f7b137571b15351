"""Files on this machine, with the functions that ``store`` has for URLs.

Only regular files are read; pipes, devices and sockets are refused without waiting for them.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from cocoseg.errors import SampleError, show

# Opening a FIFO would wait for its writer: O_NONBLOCK returns at once, and fstat says what was opened.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

P = ParamSpec("P")
T = TypeVar("T")

join = os.path.join
exists = os.path.lexists  # true for a dangling link, which is in the way of a new file
is_file = os.path.isfile
is_folder = os.path.isdir
is_input_folder = os.path.isdir


def once_more(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call a function, a second time if too many files were open."""
    try:
        return call(*args, **options)
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
    time.sleep(0.05)
    return call(*args, **options)


def read(path: str, opening: Callable[[str, int], int] | None = None) -> bytes:
    """The bytes of a regular file, opened by ``opening``. Raises SampleError ``file.*``, ``path.invalid``."""
    return _read(path, _read_all, opening)


def read_head(path: str, size: int) -> bytes:
    """The first ``size`` bytes of a file, or fewer if it is shorter. Raises as ``read`` does."""
    return _read(path, lambda descriptor, _: os.read(descriptor, size))


def read_part(path: str, start: int, size: int, opening: Callable[[str, int], int] | None = None) -> bytes:
    """Bytes from the middle of a file, or fewer if it is shorter. Raises as ``read`` does."""

    def read(descriptor: int, _: int) -> bytes:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, size)

    return _read(path, read, opening)


def first_match(path: str, pattern: re.Pattern[bytes]) -> bytes:
    """The first match of a pattern of up to 64 bytes in a file, or b"". Raises as ``read`` does."""

    def search(descriptor: int, _: int) -> bytes:
        tail = b""
        while part := os.read(descriptor, 1 << 20):
            if match := pattern.search(tail + part):
                return match[0]
            tail = part[-64:]
        return b""

    return _read(path, search)


def names(folder: str) -> list[str]:
    """All files in a folder and its subfolders, by their names with ``/``."""
    return list(walk(os.path.realpath(folder)))


def walk(root: str, under: str = "") -> Iterator[str]:
    """Every file in a folder and its subfolders, by its name with ``/``; links are not followed.

    >>> sorted(walk("fixtures", "panoptic"))[0]
    'panoptic/crowd.png'
    """
    top = os.path.join(root, under) if under else root
    for parent, folders, files in os.walk(top):
        folders.sort()
        beside = os.path.relpath(parent, root).replace(os.sep, "/")
        yield from sorted(files) if beside == "." else (f"{beside}/{name}" for name in sorted(files))


def size(path: str) -> int:
    """Bytes of a file. Raises OSError."""
    return os.stat(path).st_size


def lookup(folder: str, exists: Callable[[str], bool]) -> Callable[[str], bool]:
    """A function that says whether a name is in the folder, by ``exists``."""
    return lambda name: exists(os.path.join(folder, name))


def at_once(_: str) -> int:
    """How many requests to have under way at a time: none, since a disk answers at once."""
    return 0


def base_name(path: str) -> str:
    """The last part of a path."""
    return Path(path).name


def parent(path: str) -> str:
    """The folder that a file is in."""
    return os.path.dirname(path) or "."


def without_suffix(path: str) -> str:
    """A path without the ending of its name."""
    return str(Path(path).with_suffix(""))


def lies_in(inner: str, outer: str) -> bool:
    """Whether a path is a folder or lies in it, also through links."""
    first, second = Path(os.path.realpath(inner)), Path(os.path.realpath(outer))  # resolve() raises at a loop of links
    return first.is_relative_to(second) or _same_inode(first, second)


def _same_inode(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _read(path: str, read: Callable[[int, int], bytes], opening: Callable[[str, int], int] | None = None) -> bytes:
    try:
        descriptor = once_more(opening or os.open, path, _FLAGS)
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeEncodeError:
        reason = "can't be named in this locale; set PYTHONUTF8=1, or a UTF-8 locale"
        raise SampleError("file.unreadable", f"{show(os.fspath(path), 300)} {reason}") from None
    except ValueError:
        raise SampleError("path.invalid", f"{show(os.fspath(path), 300)} is not the name of a file") from None
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
    return SampleError("file.unreadable", f"{name} can't be read ({error.strerror or os.strerror(error.errno or 0)})")


def _dangling(path: Path) -> SampleError:
    target = path.readlink()
    outside = path.parent.resolve() not in (path.parent / target).resolve().parents
    where = f"{show(str(path), 300)} is a symbolic link to {show(str(target), 300)}"
    if outside:
        return SampleError("path.escape", f"{where}, which leads out of its folder to nothing; replace it by the file")
    return SampleError("file.missing", f"{where}, which does not exist")


def _near_miss(path: Path) -> str:
    """A hint at the file that a user most likely meant."""
    as_png = path.with_suffix(".png") if path.name not in ("", ".", "..") else path
    if path.suffix and path.suffix != ".png" and as_png.is_file():
        return f", but {show(as_png.name)} does: file_name has to name the PNG, not the photo"
    try:
        twin = next(name for name in os.listdir(path.parent) if name.lower() == path.name.lower())
    except (OSError, StopIteration):
        return ""
    return f", but {show(twin)} does: upper and lower case differ"
