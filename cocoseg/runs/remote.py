"""An output folder in a storage, which does what ``Folder`` does.

The order of a part differs from that on a disk: its files wait in memory, its page of the journal is put first, and
then the files, many at a time. So here, too, the journal lists every object of a run that has its final name.

Object stores (S3, Google Cloud Storage, Azure) show an object under its name when all of it has arrived, and the old
one until then, so an object is put once and nothing is renamed; ``memory://`` does the same. fsspec's transactions are
not used: depending on the storage they put temporaries and copy them, or do nothing. On any other storage (sftp, smb
...) a file is written under a temporary name beside its final one and renamed; whether it appears whole then depends
on that storage.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, NamedTuple

from cocoseg.errors import CocosegError, OutputError, SampleError, show
from cocoseg.files import store, urls
from cocoseg.files.digests import digest
from cocoseg.files.names import LOCK, TEMPORARY
from cocoseg.files.prefetch import prefetch
from cocoseg.files.storage import Storage
from cocoseg.runs.batch import Batch
from cocoseg.runs.folder import Folder
from cocoseg.runs.lock import Holder
from cocoseg.runs.remote_lock import RemoteLock, holder_of
from cocoseg.runs.tree import Tree
from cocoseg.runs.write_errors import fatal, file_exists

_NUMBER = count()
_seen: set[str] = set()


@dataclass
class RemoteFolder(Folder):
    """An output folder behind a URL. ``empty``: nothing was there when the run began, so nothing is in the way."""

    files: ClassVar[Storage] = store

    empty: bool = False

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RemoteFolder:
        """The folder, which exists once an object is in it. Raises OutputError ``out.*``."""
        folder = cls.expect(path)
        if not store.is_whole(folder.root):
            store.make_folder(folder.root)
        return folder

    @classmethod
    def expect(cls, path: str | os.PathLike[str]) -> RemoteFolder:
        """The folder that ``create`` would make or take; nothing is written. Raises as ``create`` does."""
        root = os.fspath(path).rstrip("/")
        with fatal():
            found = store.info(root)
        if found and found.get("type") == "file":
            raise OutputError("out.not_folder", f"{show(root, 300)} is a file, expected a folder")
        return cls(root, empty=found is None)

    @classmethod
    def found(cls, path: str) -> RemoteFolder:
        """The folder as it is, to read from."""
        return cls(path.rstrip("/"))

    def is_seen(self) -> bool:
        """Whether this process sees the folder of a run; it looks until it has seen it once."""
        if self.root not in _seen and self.has(LOCK):
            _seen.add(self.root)
        return self.root in _seen

    def lock(self) -> RemoteLock:
        """Take the folder for one run, until ``release``. Raises OutputError ``out.locked``, ``out.write``."""
        return RemoteLock(self.root, self.token)

    def holder(self) -> Holder | None:
        """The process of a run that is writing to the folder now. Raises OutputError where the storage is silent."""
        return holder_of(self.root)

    def batch(self) -> Batch:
        """Files that are to appear together; a context manager, which drops what was not committed."""
        return RemoteBatch(self)

    def trial(self) -> Batch:
        """A batch that finds what is in the way of its files; nothing is put before ``commit``."""
        return RemoteBatch(self)

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises SampleError ``file.*``."""
        return store.read(self.path(name))

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Some bytes of a file in the folder, or fewer if it is shorter. Raises SampleError ``file.*``."""
        return store.read_part(self.path(name), start, size)

    def has(self, name: str) -> bool:
        """Whether something is there. Raises OutputError where the storage does not answer."""
        with fatal():
            return store.exists(self.path(name))

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in the folder and its subfolders, by its name with ``/``.

        Raises OutputError where the storage does not answer.
        """
        prefix = f"{under}/" if under else ""
        with fatal():
            yield from (f"{prefix}{name}" for name in store.names(self.path(under) if under else self.root))

    def leads(self, name: str, path: str) -> bool:
        """A storage has no links."""
        return False

    def _holds(self, name: str, size: int, known_by: str) -> bool:
        try:
            data = self.read(name)
        except SampleError as error:
            if error.category == "file.unreadable":  # the storage does not answer: the file may still be good
                raise OutputError("out.write", error.message) from None
            return False
        return len(data) == size and digest(data) == known_by

    def temporaries(self) -> list[str]:
        """Files that runs left unfinished which have ended: none, where objects are put whole."""
        return [] if store.is_whole(self.root) else super().temporaries()

    def left_by(self, _: Holder | None) -> list[str]:
        """The files in the folder itself that an ended run left unfinished; they are not looked for here."""
        return []

    def _parents(self) -> list[str]:
        scheme, _, rest = self.root.partition("://")
        steps = rest.split("/")
        return [f"{scheme}://{'/'.join(steps[:n])}" for n in range(1, len(steps)) if any(steps[:n])]

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of the run. Raises OutputError."""
        with fatal(), closing(prefetch(lambda name: store.remove(self.path(name)), names, self.at_once)) as removals:
            for removed in removals:
                removed()


class _Waiting(NamedTuple):
    """A file to be put: its bytes, or the path of a file on this machine that holds them."""

    data: bytes = b""
    path: str = ""
    overwrite: bool = True


class RemoteBatch(Batch):
    """Files on their way: in memory after ``add``, compared with what is there by ``settle``, put by ``commit``."""

    def __init__(self, folder: RemoteFolder) -> None:
        self._to = folder
        self._waiting: dict[str, _Waiting] = {}
        self._settled = False
        self._gathered = ExitStack()  # folders on this machine

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        self._gathered.close()

    def add(self, name: str, data: bytes, *, overwrite: bool = False, durable: bool = False) -> None:
        """Take a file's bytes."""
        self._waiting[name] = _Waiting(data, overwrite=overwrite)
        self._settled = False

    def add_link(self, name: str, path: str, *, overwrite: bool = False) -> None:
        """Raises OutputError, as a storage has no links."""
        raise OutputError("out.link", f"{show(self._to.path(name), 300)} can't be a link; copy the photos there")

    def add_chunks(self, name: str, chunks: Iterable[bytes]) -> None:
        """Gather a file on this machine, since an object is put whole. Raises as ``Batch`` does."""
        here = os.path.realpath(self._gathered.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY)))
        with Batch(Tree(here)) as local:
            local.add_chunks("document", chunks)
            local.commit()
        self._waiting[name] = _Waiting(path=os.path.join(here, "document"))

    def drop(self, names: Iterable[str]) -> None:
        """Take back files that were added."""
        for name in names:
            self._waiting.pop(name, None)

    def settle(self) -> dict[str, SampleError]:
        """Look what is there: files that have the bytes are left; returns the errors of those that differ."""
        if self._settled or self._to.empty:
            return {}
        asked = [name for name, waiting in self._waiting.items() if not waiting.overwrite]
        failed: dict[str, SampleError] = {}
        for name, found in self._for_each(self._in_the_way, asked):
            if isinstance(found, SampleError):
                failed[name] = found
            if found:
                del self._waiting[name]
        self._settled = True
        return failed

    def commit(self) -> dict[str, SampleError]:
        """Put the files, many at a time; returns the errors of those that failed.

        Raises OutputError for what would stop every file.
        """
        failed = self.settle()
        done = self._for_each(self._put, list(self._waiting))
        failed |= {name: error for name, error in done if isinstance(error, SampleError)}
        self._waiting.clear()
        self._gathered.close()
        return failed

    def _for_each(self, call: Callable[[str], object], names: list[str]) -> Iterator[tuple[str, object]]:
        """``(name, the result of the call or the SampleError that it raised)``."""
        with closing(prefetch(call, names, self._to.at_once if len(names) > 1 else 0)) as results:
            for name, result in zip(names, results, strict=True):
                try:
                    yield name, result()
                except SampleError as error:
                    yield name, error

    def _in_the_way(self, name: str) -> bool:
        """Whether the file is there with its bytes. Raises SampleError ``out.exists`` where it differs."""
        data = self._waiting[name].data
        if not self._to.has(name):
            return False
        if not self._to.holds(name, len(data), digest(data)):
            raise file_exists(self._to.path(name))
        return True

    def _put(self, name: str) -> None:
        waiting = self._waiting[name]

        def put(url: str) -> None:
            if waiting.path:
                store.put_file(url, waiting.path)
            else:
                store.put(url, waiting.data)

        url = self._to.path(name)
        if store.is_whole(url):
            put(url)
        else:
            _aside(url, put, self._to.token)


def _aside(url: str, put: Callable[[str], None], token: str) -> None:
    """Put a file under a temporary name beside its final one, and rename it."""
    folder = urls.parent(url)
    temporary = f"{folder}/{TEMPORARY}{token}-{secrets.token_hex(8)}-{next(_NUMBER):x}"
    store.make_folder(folder)
    try:
        put(temporary)
        store.rename(temporary, url)
    except BaseException:
        with suppress(CocosegError):
            store.remove(temporary)
        raise
