"""Files that appear under their names whole or not at all, and never outside their folder.

The files of a batch are written under temporary names, made durable together, and then renamed: waiting for the disk
after every picture would take longer than all the work on it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from itertools import count

from cocoseg.errors import SampleError
from cocoseg.files.names import TEMPORARY
from cocoseg.runs.durable import sync, write_all
from cocoseg.runs.tree import Tree
from cocoseg.runs.write_errors import cannot_write, file_exists, system_errors

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Batch:
    """Files on their way into a folder: written by ``add``, durable after ``settle``, named by ``commit``.

    ``token`` is that of the run, by which its temporary files are known.
    """

    def __init__(self, tree: Tree, token: str = "") -> None:
        self._tree = tree
        self._staged: dict[str, tuple[str, bool]] = {}  # name → temporary in the same folder, may replace a file
        self._token = f"{TEMPORARY}{token}-{secrets.token_hex(8)}-"
        self._count = count()
        self._links: set[str] = set()  # temporaries that are links, which need no sync
        tree.forget()

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop(list(self._staged))

    def add(self, name: str, data: bytes, *, overwrite: bool = False, durable: bool = False) -> None:
        """Write a file's bytes. A file that has them is left; another one is replaced on ``overwrite``.

        Raises SampleError for what concerns this file alone, OutputError for what would stop every file.
        """
        target = self._tree.path(name)
        with system_errors(target, len(data)):
            self._make_parent(name)
            if self._tree.has(name):
                if _same(self._tree, name, data):
                    return
                if not overwrite:
                    raise file_exists(target)
            self._staged[name] = self._write(name, [data], durable), overwrite

    def add_link(self, name: str, path: str, *, overwrite: bool = False) -> None:
        """Make a symbolic link to a path of this machine. What is in the way is as for ``add``. Raises as it does."""
        target = self._tree.path(name)
        with system_errors(target):
            self._make_parent(name)
            if self._tree.has(name):
                if leads(self._tree, name, path):
                    return
                if not overwrite:
                    raise file_exists(target)
            self._staged[name] = self._link(name, path), overwrite

    def add_chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file's bytes durably as they come, replacing what is there. Raises as ``add`` does."""
        with system_errors(self._tree.path(name)):
            self._make_parent(name)
            self._staged[name] = self._write(name, chunks, durable=True), True

    def drop(self, names: Iterable[str]) -> None:
        """Take back files that were added."""
        for name in names:
            if staged := self._staged.pop(name, None):
                self._unlink(_beside(name, staged[0]))

    def settle(self) -> dict[str, SampleError]:
        """Make everything durable that was written so far; returns the errors of files that are dropped.

        Raises OutputError.
        """
        staged = ((name, temporary) for name, (temporary, _) in self._staged.items())
        written = (_beside(name, temporary) for name, temporary in staged if temporary not in self._links)
        try:
            sync(self._tree.root, written, lambda name: self._tree.open(name, os.O_RDWR))
        except OSError as error:
            raise cannot_write(self._tree.root, error) from None
        return {}

    def commit(self) -> dict[str, SampleError]:
        """Give the files their names, in the order in which they came; returns the errors of those that failed.

        Raises OutputError for what would stop every file.
        """
        self._tree.forget()  # a folder may have become a link
        failed: dict[str, SampleError] = {}
        while self._staged:
            name, (temporary, replaces) = next(iter(self._staged.items()))
            try:
                with system_errors(self._tree.path(name)):
                    if not replaces and self._tree.has(name):  # made meanwhile, by a run in another folder
                        self._check_same(name, temporary)
                    self._tree.rename(temporary, name)
            except SampleError as error:
                failed[name] = error
                self._unlink(_beside(name, temporary))
            del self._staged[name]
        return failed

    def _write(self, name: str, chunks: Iterable[bytes], durable: bool) -> str:
        # The temporary name is short and does not contain the target's name: it must not overflow NAME_MAX.
        temporary = f"{self._token}{next(self._count):x}"
        descriptor = self._tree.open(_beside(name, temporary), NEW)
        try:
            try:
                for data in chunks:
                    write_all(descriptor, data)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except BaseException:
            self._unlink(_beside(name, temporary))
            raise
        return temporary

    def _link(self, name: str, path: str) -> str:
        temporary = f"{self._token}{next(self._count):x}"
        self._tree.link(_beside(name, temporary), path)
        self._links.add(temporary)
        return temporary

    def _check_same(self, name: str, temporary: str) -> None:
        """Raises SampleError if the file that is there differs from the one that is to replace it."""
        if temporary in self._links:
            if not leads(self._tree, name, self._tree.leads_to(_beside(name, temporary))):
                raise file_exists(self._tree.path(name))
            return
        if not _same(self._tree, name, self._tree.read(_beside(name, temporary))):
            raise file_exists(self._tree.path(name))

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(OSError):
            self._tree.unlink(name)

    def _make_parent(self, name: str) -> None:
        """Make the folder that a file goes to, which may not be reached by a link."""
        self._tree.check(_parent(name))
        self._tree.folder(_parent(name), make=True)


class Trial(Batch):
    """A batch that finds what is in the way of its files, and writes none of them."""

    def _write(self, name: str, chunks: Iterable[bytes], durable: bool) -> str:
        if self._tree.has(name) and stat.S_ISDIR(self._tree.status(name).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return ""

    def _link(self, name: str, path: str) -> str:
        return self._write(name, (), durable=False)

    def _make_parent(self, name: str) -> None:
        """Find the nearest folder that is there. Raises NotADirectoryError, OSError ELOOP."""
        with contextlib.suppress(FileNotFoundError):
            self._tree.folder(_parent(name))

    def settle(self) -> dict[str, SampleError]:
        """Nothing was written, so nothing has to be made durable."""
        return {}


def is_temporary(name: str) -> bool:
    """Whether a file is one that a run has not finished."""
    return name.rpartition("/")[2].startswith(TEMPORARY)


def token_of(temporary: str) -> str:
    """The token of the run that a temporary file is of."""
    return temporary.rpartition("/")[2].removeprefix(TEMPORARY).partition("-")[0]


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _beside(name: str, other: str) -> str:
    """The name of a file in the same folder."""
    folder, slash, _ = name.rpartition("/")
    return f"{folder}{slash}{other}"


def leads(tree: Tree, name: str, path: str) -> bool:
    """Whether a symbolic link leads to a path, and something is there."""
    try:
        return tree.leads_to(name) == path and os.path.exists(path)
    except (OSError, ValueError):
        return False


def _same(tree: Tree, name: str, data: bytes) -> bool:
    try:
        return tree.status(name).st_size == len(data) and tree.read(name) == data
    except (OSError, SampleError):
        return False
