"""Files that appear under their name whole or not at all, and never outside their folder.

The files of a batch are written under temporary names, made durable together, and then renamed: a picture of its own
would wait longer for the disk than all the work on it takes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING

from cocoseg.errors import SampleError
from cocoseg.files.disk import once_more
from cocoseg.files.names import TEMPORARY
from cocoseg.files.reading import read_file
from cocoseg.runs.durable import sync, write_all
from cocoseg.runs.write_errors import cannot_write, file_exists, telling

if TYPE_CHECKING:
    from cocoseg.runs.folder import Folder

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0)


class Batch:
    """Files on their way: written by ``add``, durable after ``settle``, seen under their names after ``commit``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._staged: dict[str, str] = {}  # name → temporary
        self._token = f"{TEMPORARY}{os.getpid():x}-{secrets.token_hex(4)}-"
        self._count = count()

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop(list(self._staged))

    def add(self, name: str, data: bytes, *, overwrite: bool = False, durable: bool = False) -> None:
        """Write a file's bytes. One that has them is left, another one only replaced if told so.

        Raises SampleError for what costs the one item, OutputError for what would cost them all.
        """
        target = self._folder.path(name)
        with telling(target, len(data)):
            self._folder.make_parent(target)
            if os.path.lexists(target):
                if _same(target, data):
                    return
                if not overwrite:
                    raise file_exists(target)
            self._staged[name] = self._write(target, [data], durable)

    def add_chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file's bytes durably as they come, in place of what may be there. Raises as ``add`` does."""
        target = self._folder.path(name)
        with telling(target):
            self._folder.make_parent(target)
            self._staged[name] = self._write(target, chunks, durable=True)

    def drop(self, names: Iterable[str]) -> None:
        """Take back files that were added."""
        for name in names:
            if temporary := self._staged.pop(name, None):
                with contextlib.suppress(OSError):
                    os.unlink(temporary)

    def settle(self) -> dict[str, SampleError]:
        """Make durable what was written so far, all of it at once; returns files that can't go on, and why.

        Raises OutputError.
        """
        try:
            sync(self._folder.root, self._staged.values())
        except OSError as error:
            raise cannot_write(self._folder.root, error) from None
        return {}

    def commit(self) -> dict[str, SampleError]:
        """Give the files their names, in the order in which they came; returns those that failed, and why.

        Raises OutputError for what would cost them all.
        """
        failed: dict[str, SampleError] = {}
        while self._staged:
            name, temporary = next(iter(self._staged.items()))
            target = self._folder.path(name)
            try:
                with telling(target):
                    os.replace(temporary, target)
            except SampleError as error:
                failed[name] = error
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            del self._staged[name]
        return failed

    def _write(self, target: str, chunks: Iterable[bytes], durable: bool) -> str:
        # The temporary's name is short and the target's own never part of it: it must not overflow NAME_MAX.
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


def _same(target: str, data: bytes) -> bool:
    try:
        return not os.path.islink(target) and os.path.getsize(target) == len(data) and read_file(target) == data
    except (OSError, SampleError):
        return False
