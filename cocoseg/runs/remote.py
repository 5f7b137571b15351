"""An output folder on other storage than this machine's, which does what ``Folder`` does.

The order of a part is another one than on a disk: its files wait in memory, its page of the journal is put first, and
then the files, many at a time. So here, too, every object of a run under its final name stands in the journal.

Object stores (S3, Google Cloud Storage, Azure) show an object under its name when all of it has arrived, and the old
one until then, so an object is put once and nothing is renamed; ``memory://`` does as they do. fsspec's transactions
would put temporaries and copy them, or do nothing, according to the storage, and are not used. On any other storage
(sftp, smb ...) a file is written under a temporary name beside its place and renamed; how whole it then appears is
that storage's promise.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count

from cocoseg.errors import CocosegError, OutputError, SampleError, show
from cocoseg.files import places, store
from cocoseg.files.digests import digest
from cocoseg.files.names import LOCK, TEMPORARY
from cocoseg.files.prefetch import ahead
from cocoseg.runs.batch import Batch
from cocoseg.runs.folder import Folder
from cocoseg.runs.write_errors import file_exists

_NUMBER = count()
_seen: set[str] = set()


@dataclass
class RemoteFolder(Folder):
    """An output folder behind a URL. ``empty``: nothing was there when the run began, so nothing can be in its way."""

    empty: bool = False

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RemoteFolder:
        """The folder, which need not be there: it is when an object is in it. Raises OutputError ``out.*``."""
        root = os.fspath(path).rstrip("/")
        try:
            found = store.info(root)
        except SampleError as error:
            raise OutputError("out.write", error.message) from None
        if found and found.get("type") == "file":
            raise OutputError("out.not_folder", f"{show(root, 300)} is a file, expected a folder")
        if not store.is_whole(root):
            store.make_folder(root)
        return cls(root, empty=found is None)

    @property
    def at_once(self) -> int:
        """How many requests are worth having under way."""
        return store.at_once(self.root)

    def path(self, name: str) -> str:
        """The URL of a file in the folder."""
        return places.join(self.root, name)

    def is_seen(self) -> bool:
        """Whether the folder of a run is there, as it is seen from this process; looked for once."""
        if self.root not in _seen and self.has(LOCK):
            _seen.add(self.root)
        return self.root in _seen

    def batch(self) -> Batch:
        """Files that are to appear together; a context manager, which drops what was not committed."""
        return RemoteBatch(self)

    def save_chunks(self, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Gathers the file on this machine first, for an object is put whole."""
        with tempfile.TemporaryDirectory(prefix=TEMPORARY) as here:
            known = Folder(os.path.realpath(here)).save_chunks("document", chunks)
            try:
                _put_file(self.path(name), os.path.join(here, "document"))
            except SampleError as error:
                raise OutputError("out.write", error.message) from None
        return known

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises SampleError ``file.*``."""
        return store.read(self.path(name))

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Some bytes of a file in the folder, or fewer where it is shorter. Raises SampleError ``file.*``."""
        return store.read_part(self.path(name), start, size)

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        try:
            return store.info(self.path(name)) is not None
        except SampleError as error:
            raise OutputError("out.write", error.message) from None

    def holds(self, name: str, size: int, known_by: str) -> bool:
        """Whether a file is there with this size and digest."""
        try:
            data = self.read(name)
        except SampleError as error:
            if error.category == "file.unreadable":  # the storage does not answer: no reason to make it again
                raise OutputError("out.write", error.message) from None
            return False
        return len(data) == size and digest(data) == known_by

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in the folder, or in one of its folders, by its name with ``/``."""
        prefix = f"{under}/" if under else ""
        try:
            yield from (f"{prefix}{name}" for name in store.names(self.path(under) if under else self.root))
        except SampleError as error:
            raise OutputError("out.write", error.message) from None

    def temporaries(self) -> list[str]:
        """What an ended run left half-done: nothing, where objects are put whole."""
        return [] if store.is_whole(self.root) else super().temporaries()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of the run's own. Raises OutputError."""
        with closing(ahead(lambda name: store.remove(self.path(name)), names, self.at_once)) as removals:
            for removed in removals:
                try:
                    removed()
                except SampleError as error:
                    raise OutputError("out.write", error.message) from None


class RemoteBatch(Batch):
    """Files on their way: in memory after ``add``, looked for after ``settle``, put by ``commit``."""

    def __init__(self, folder: RemoteFolder) -> None:
        self._to = folder
        self._waiting: dict[str, tuple[bytes, bool]] = {}
        self._settled = False

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()

    def add(self, name: str, data: bytes, *, overwrite: bool = False, durable: bool = False) -> None:
        """Take a file's bytes."""
        self._waiting[name] = data, overwrite
        self._settled = False

    def drop(self, names: Iterable[str]) -> None:
        """Take back files that were added."""
        for name in names:
            self._waiting.pop(name, None)

    def settle(self) -> dict[str, SampleError]:
        """Look what is in the way: files that have the bytes are left, those that may not be replaced returned."""
        if self._settled or self._to.empty:
            return {}
        asked = [name for name, (_, overwrite) in self._waiting.items() if not overwrite]
        failed: dict[str, SampleError] = {}
        for name, found in self._for_each(self._in_the_way, asked):
            if isinstance(found, SampleError):
                failed[name] = found
            if found:
                del self._waiting[name]
        self._settled = True
        return failed

    def commit(self) -> dict[str, SampleError]:
        """Put the files, many at a time; returns those that failed, and why.

        Raises OutputError for what would cost them all.
        """
        failed = self.settle()
        done = self._for_each(self._put, list(self._waiting))
        failed |= {name: error for name, error in done if isinstance(error, SampleError)}
        self._waiting.clear()
        return failed

    def _for_each(self, call: object, names: list[str]) -> Iterator[tuple[str, object]]:
        """``(name, what the call gave or which SampleError it raised)``."""
        assert callable(call)
        with closing(ahead(call, names, self._to.at_once if len(names) > 1 else 0)) as results:
            for name, result in zip(names, results, strict=True):
                try:
                    yield name, result()
                except SampleError as error:
                    yield name, error

    def _in_the_way(self, name: str) -> bool:
        """Whether the file is there with its bytes. Raises SampleError ``out.exists`` where another one is."""
        data, _ = self._waiting[name]
        if not self._to.has(name):
            return False
        if not self._to.holds(name, len(data), digest(data)):
            raise file_exists(self._to.path(name))
        return True

    def _put(self, name: str) -> None:
        url, (data, _) = self._to.path(name), self._waiting[name]
        if store.is_whole(url):
            store.put(url, data)
        else:
            _put_aside(url, data)


def _put_file(url: str, path: str) -> None:
    """Put a file of this machine under a URL, whole or not at all."""
    if store.is_whole(url):
        store.put_file(url, path)
    else:
        _aside(url, lambda temporary: store.put_file(temporary, path))


def _put_aside(url: str, data: bytes) -> None:
    _aside(url, lambda temporary: store.put(temporary, data))


def _aside(url: str, put: Callable[[str], None]) -> None:
    """Have a file written beside its place, and rename it."""
    folder = places.parent(url)
    temporary = f"{folder}/{TEMPORARY}{os.getpid():x}-{secrets.token_hex(4)}-{next(_NUMBER):x}"
    store.make_folder(folder)
    try:
        put(temporary)
        store.rename(temporary, url)
    except BaseException:
        with suppress(CocosegError):
            store.remove(temporary)
        raise
