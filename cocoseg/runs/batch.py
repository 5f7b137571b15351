"""Files that appear under their names whole or not at all, and never outside their folder.

The files of a batch are written under temporary names, made durable together, and then renamed: waiting for the disk
after every picture would take longer than all the work on it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable
from itertools import count

from cocoseg.errors import SampleError, show
from cocoseg.files.disk import once_more
from cocoseg.files.names import TEMPORARY
from cocoseg.files.reading import read_file
from cocoseg.runs.durable import sync, write_all
from cocoseg.runs.write_errors import cannot_write, file_exists, system_errors

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0)


class Batch:
    """Files on their way into a folder: written by ``add``, durable after ``settle``, named by ``commit``.

    ``known`` is shared by the batches of a folder: its subfolders that are there and lie inside.
    """

    def __init__(self, root: str, known: set[str]) -> None:
        self._root = root
        self._known = known
        self._staged: dict[str, str] = {}  # name → temporary
        self._token = f"{TEMPORARY}{os.getpid():x}-{secrets.token_hex(4)}-"
        self._count = count()

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop(list(self._staged))

    def add(self, name: str, data: bytes, *, overwrite: bool = False, durable: bool = False) -> None:
        """Write a file's bytes. A file that has them is left; another one is replaced on ``overwrite``.

        Raises SampleError for what concerns this file alone, OutputError for what would stop every file.
        """
        target = os.path.join(self._root, name)
        with system_errors(target, len(data)):
            self._make_parent(target)
            if os.path.lexists(target):
                if _same(target, data):
                    return
                if not overwrite:
                    raise file_exists(target)
            self._staged[name] = self._write(target, [data], durable)

    def add_chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file's bytes durably as they come, replacing what is there. Raises as ``add`` does."""
        target = os.path.join(self._root, name)
        with system_errors(target):
            self._make_parent(target)
            self._staged[name] = self._write(target, chunks, durable=True)

    def drop(self, names: Iterable[str]) -> None:
        """Take back files that were added."""
        for name in names:
            if temporary := self._staged.pop(name, None):
                with contextlib.suppress(OSError):
                    os.unlink(temporary)

    def settle(self) -> dict[str, SampleError]:
        """Make everything durable that was written so far; returns the errors of files that are dropped.

        Raises OutputError.
        """
        try:
            sync(self._root, self._staged.values())
        except OSError as error:
            raise cannot_write(self._root, error) from None
        return {}

    def commit(self) -> dict[str, SampleError]:
        """Give the files their names, in the order in which they came; returns the errors of those that failed.

        Raises OutputError for what would stop every file.
        """
        failed: dict[str, SampleError] = {}
        while self._staged:
            name, temporary = next(iter(self._staged.items()))
            target = os.path.join(self._root, name)
            try:
                with system_errors(target):
                    os.replace(temporary, target)
            except SampleError as error:
                failed[name] = error
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            del self._staged[name]
        return failed

    def _write(self, target: str, chunks: Iterable[bytes], durable: bool) -> str:
        # The temporary name is short and does not contain the target's name: it must not overflow NAME_MAX.
        temporary = os.path.join(os.path.dirname(target), f"{self._token}{next(self._count):x}")
        descriptor = once_more(os.open, temporary, _FLAGS, 0o666)
        try:
            try:
                for data in chunks:
                    write_all(descriptor, data)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return temporary

    def _make_parent(self, target: str) -> None:
        """Make the folder that a file goes to, which may not be reached by a link out of this one."""
        parent = os.path.dirname(target)
        if parent in self._known:
            return
        if os.path.realpath(parent) != os.path.normpath(parent):
            raise SampleError(
                "path.escape", f"{show(parent, 300)} goes through a symbolic link out of the output folder; remove it"
            )
        self._make_folder(parent)
        self._known.add(parent)

    def _make_folder(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)


class Trial(Batch):
    """A batch that finds what is in the way of its files, and writes none of them."""

    def _write(self, target: str, chunks: Iterable[bytes], durable: bool) -> str:
        if os.path.isdir(target) and not os.path.islink(target):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return ""

    def _make_folder(self, folder: str) -> None:
        """Find the nearest folder that is there. Raises NotADirectoryError."""
        while not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        if not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    def settle(self) -> dict[str, SampleError]:
        """Nothing was written, so nothing has to be made durable."""
        return {}


def _same(target: str, data: bytes) -> bool:
    try:
        return not os.path.islink(target) and os.path.getsize(target) == len(data) and read_file(target) == data
    except (OSError, SampleError):
        return False
