"""The files of a folder, reached from its descriptor step by step, so that no link in the folder is followed.

Where the system has no calls relative to a folder (Windows), each step is checked right before its path is used. A link
that appears between the two is not noticed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from cocoseg.files import disk

T = TypeVar("T")

_CALLS = {os.open, os.mkdir, os.stat, os.unlink, os.rename, os.symlink, os.readlink}
RELATIVE = os.supports_dir_fd >= _CALLS and hasattr(os, "O_NOFOLLOW")
KEPT_OPEN = 16
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _FILE
_AT_A_LINK = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)}  # by system
_GONE = {errno.ENOENT, errno.ENOTDIR}
_CLOSED = {errno.EACCES, errno.EPERM, errno.ELOOP}
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
_NO_STEP = frozenset(("", ".", ".."))


class Opened:
    """A folder at ``where``, closed as soon as nobody uses it. Where paths are used instead, its ``number`` is None."""

    def __init__(self, where: str, number: int | None) -> None:
        self.where = where
        self.number = number
        self._known: os.stat_result | None = None

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if self.number is not None:
            with contextlib.suppress(OSError):
                close(self.number)

    def path(self, step: str) -> str:
        """What names a file of the folder in a call that gets ``number`` as ``dir_fd``."""
        return step if self.number is not None else os.path.join(self.where, step)

    def status(self, step: str) -> os.stat_result:
        """What lies there; a link is not followed. Raises OSError."""
        return os.stat(self.path(step), dir_fd=self.number, follow_symlinks=False)

    def is_at(self, root: Opened, name: str) -> bool:
        """Whether a name in the root still leads to this folder."""
        if self.number is None:
            return False
        self._known = self._known or os.fstat(self.number)
        try:
            return os.path.samestat(self._known, root.status(name))
        except OSError:
            return False

    def enter(self, step: str, make: bool = False) -> Opened:
        """A subfolder, made if it is missing and is to be. Raises OSError, ELOOP for a link."""
        try:
            return self._subfolder(step)
        except FileNotFoundError:
            if not make:
                raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.path(step), dir_fd=self.number)
        return self._subfolder(step)

    def open(self, step: str, flags: int, mode: int = 0o666) -> int:
        """A descriptor of a file in the folder. Raises OSError, ELOOP for a link."""
        if self.number is None:
            self._check_link(step)
        try:
            return os.open(self.path(step), flags | _FILE, mode, dir_fd=self.number)
        except OSError as error:
            if error.errno in _AT_A_LINK:
                self._check_link(step)
            raise

    def _subfolder(self, step: str) -> Opened:
        where = os.path.join(self.where, step)
        if self.number is not None:
            return Opened(where, self.open(step, _FOLDER))
        self._check_link(step)
        if not stat.S_ISDIR(self.status(step).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), where)
        return Opened(where, None)

    def _check_link(self, step: str) -> None:
        """Raises OSError ELOOP if there is a link, or on Windows a junction."""
        try:
            status = self.status(step)
        except OSError:
            return
        if _is_link(status):
            raise OSError(errno.ELOOP, "a symbolic link, which is not followed", os.path.join(self.where, step))


class Tree:
    """The files of the folder ``root``, by their names with ``/``. It is opened when it is first used.

    A few subfolders stay open until ``forget``, so that not every file costs a walk. All methods raise OSError, with
    ELOOP where a link is in the way, or where a name leads out.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._top: Opened | None = None
        self._open: dict[str, Opened] = {}

    def __reduce__(self) -> tuple[type[Tree], tuple[str]]:
        return Tree, (self.root,)

    def path(self, name: str) -> str:
        """The path of a file, for messages."""
        return os.path.join(self.root, name)

    def forget(self) -> None:
        """Close the subfolders, to find out by the next walk whether one of them became a link."""
        self._open = {}

    def close(self) -> None:
        """Close the folder too. It is opened again when it is used again."""
        self._top = None
        self.forget()

    def check(self, name: str) -> None:
        """Close the subfolders if this one was moved, or became a link, since it was opened."""
        if (found := self._open.get(name)) and not found.is_at(self._root(), name):
            self.forget()

    def folder(self, name: str = "", make: bool = False) -> Opened:
        """A folder by its name, made with its parents if it is missing and is to be."""
        if found := self._open.get(name):
            return found
        return self._with_room(lambda: self._walk(name, make))

    def open(self, name: str, flags: int) -> int:
        """A descriptor of a file."""
        folder, step = self._reach(name)
        return self._with_room(lambda: folder.open(step, flags))

    def status(self, name: str) -> os.stat_result:
        """What lies at a name; a link is not followed."""
        folder, step = self._reach(name)
        return folder.status(step)

    def unlink(self, name: str) -> None:
        """Remove a file, or a link itself."""
        folder, step = self._reach(name)
        os.unlink(folder.path(step), dir_fd=folder.number)

    def link(self, name: str, path: str) -> None:
        """Make a symbolic link to a path."""
        folder, step = self._reach(name)
        os.symlink(path, folder.path(step), dir_fd=folder.number)

    def leads_to(self, name: str) -> str:
        """Where a symbolic link leads."""
        folder, step = self._reach(name)
        return os.readlink(folder.path(step), dir_fd=folder.number)

    def rename(self, step: str, name: str) -> None:
        """Give the file ``step``, which lies beside it, a name, replacing a file or link that has it."""
        self.check(name.rpartition("/")[0])
        folder, last = self._reach(name)
        there = folder.number
        os.replace(folder.path(step), folder.path(last), src_dir_fd=there, dst_dir_fd=there)

    def has(self, name: str) -> bool:
        """Whether something is there, even a dangling link; nothing is where it can't be looked at."""
        try:
            self.status(name)
        except (OSError, ValueError):
            return False
        return True

    def read(self, name: str) -> bytes:
        """The bytes of a regular file. Raises SampleError ``file.*``, ``path.invalid``."""
        return disk.read(self.path(name), lambda _, flags: self.open(name, flags))

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Bytes from the middle of a file, or fewer if it is shorter. Raises as ``read`` does."""
        return disk.read_part(self.path(name), start, size, lambda _, flags: self.open(name, flags))

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in a folder, if it is there, and in its subfolders. Links are not followed.

        A subfolder that may not be read is left out, and so is what is removed meanwhile.
        """
        waiting = [under]
        while waiting:
            name = waiting.pop()
            prefix = f"{name}/" if name else ""
            try:
                files, folders = self._entries(name)
            except OSError as error:
                if error.errno not in _GONE and (name == under or error.errno not in _CLOSED):
                    raise
                continue
            yield from (prefix + file for file in files)
            waiting += [prefix + folder for folder in reversed(folders)]

    def files(self) -> list[str]:
        """The files in the folder itself."""
        return self._entries("")[0]

    def _entries(self, name: str) -> tuple[list[str], list[str]]:
        """The files of a folder, and its subfolders; a link to a folder is neither."""
        folder = self.folder(name)
        with os.scandir(folder.where if folder.number is None else folder.number) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if not _leads_on(entry)]
        return sorted(n for n, is_folder in found if not is_folder), sorted(n for n, is_folder in found if is_folder)

    def _reach(self, name: str) -> tuple[Opened, str]:
        """The folder that a file is in, and its name there."""
        parent, slash, step = name.rpartition("/")
        self._check_step(step if parent or not slash else "", name)
        return self.folder(parent), step

    def _walk(self, name: str, make: bool) -> Opened:
        at, way = self._root(), ""
        for step in name.split("/") if name else ():
            self._check_step(step, name)
            way = f"{way}/{step}" if way else step
            at = self._open.get(way) or self._keep(way, at.enter(step, make))
        return at

    def _root(self) -> Opened:
        if self._top is None:
            parent, step = os.path.split(self.root)
            above = Opened(parent, None)
            step = step or os.curdir  # of the root of the file system
            self._top = Opened(self.root, above.open(step, _FOLDER)) if RELATIVE else above.enter(step)
        return self._top

    def _keep(self, way: str, folder: Opened) -> Opened:
        if len(self._open) >= KEPT_OPEN:
            self._open.pop(next(iter(list(self._open)), ""), None)  # a copy, for another thread may change it
        self._open[way] = folder
        return folder

    def _check_step(self, step: str, name: str) -> None:
        if step in _NO_STEP or (os.name == "nt" and (set(step) & set(":\\") or not step.strip(" ."))):
            raise OSError(errno.ELOOP, "a name that leads out of the folder", self.path(name))

    def _with_room(self, call: Callable[[], T]) -> T:
        """Call again with the subfolders closed, if too many files were open."""
        try:
            return call()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
        self.forget()
        time.sleep(0.05)
        return call()


def is_link(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a symbolic link, or on Windows a junction."""
    try:
        return _is_link(os.lstat(path))
    except (OSError, ValueError):
        return False


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def _leads_on(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and entry.is_dir()
