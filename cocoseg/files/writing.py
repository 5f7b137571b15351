"""Files that appear under their name whole or not at all, and never outside their folder.

The files of a batch are written under temporary names, made durable together, and then renamed: a picture of its own
would wait longer for the disk than all the work on it takes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cocoseg.errors import OutputError, SampleError, show
from cocoseg.files.names import JOURNAL, TEMPORARY
from cocoseg.files.places import is_url
from cocoseg.files.reading import once_more, read_file, read_part

# Errors that every later item would meet too: the run stops.
_FATAL = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0)
_PIECE = 1 << 20


def digest(data: bytes) -> str:
    """What a file's bytes are known by: the first half of their SHA-256, 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]


@dataclass
class Folder:
    """An output folder. Names given to it have gone through ``relative_name``."""

    root: str
    _known: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Folder:
        """Make the folder, whose parent must be there, or take the one that is; a URL makes a ``RemoteFolder``.

        Raises OutputError ``out.*``.
        """
        if is_url(path):
            from cocoseg.files.remote import RemoteFolder

            return RemoteFolder.create(path)
        folder = Path(path)
        if os.path.exists(folder) and not os.path.isdir(folder):  # unlike Path's, these raise nothing
            raise OutputError("out.not_folder", f"{show(os.fspath(path), 300)} is a file, expected a folder")
        if not os.path.isdir(folder.absolute().parent):
            raise OutputError(
                "out.parent", f"{show(str(folder.absolute().parent), 300)} does not exist; make that folder first"
            )
        try:
            folder.mkdir(exist_ok=True)
            _probe(folder)
        except OSError as error:
            raise cannot_write(folder, error) from None
        except ValueError:
            raise OutputError("out.write", f"{show(os.fspath(path), 300)} is no name of a folder") from None
        return cls(os.path.realpath(folder))

    @staticmethod
    def found(path: str) -> Folder:
        """The folder as it is, to read from."""
        if is_url(path):
            from cocoseg.files.remote import RemoteFolder

            return RemoteFolder(path.rstrip("/"))
        return Folder(os.path.realpath(path))

    @property
    def at_once(self) -> int:
        """How many requests to its storage are worth having under way at a time; 0: they are done one by one."""
        return 0

    def path(self, name: str) -> str:
        """The path of a file in the folder."""
        return os.path.join(self.root, name)

    def is_seen(self) -> bool:
        """Whether the folder of a run is there, as it is seen from this process; not so where nothing is shared."""
        return os.path.isdir(self.path(JOURNAL))

    def batch(self) -> Batch:
        """Files that are to appear together; a context manager, which drops what was not committed."""
        return Batch(self)

    def write(self, name: str, data: bytes, *, overwrite: bool = False) -> None:
        """Put ``data`` under ``name``. A file with the same bytes is left, another one only replaced if told so.

        Raises SampleError for what costs the one item, OutputError for what would cost them all.
        """
        with self.batch() as batch:
            batch.add(name, data, overwrite=overwrite)
            for error in batch.commit().values():
                raise error

    def save(self, name: str, data: bytes) -> None:
        """Put ``data`` under a name that is the run's own, in place of what may be there, and durably.

        Raises OutputError: without this file the run can't go on.
        """
        try:
            with self.batch() as batch:
                batch.add(name, data, overwrite=True, durable=True)
                for error in batch.commit().values():
                    raise error
        except SampleError as error:
            raise OutputError("out.write", error.message) from None

    def save_chunks(self, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Like ``save``, of a file that is never whole in memory; returns its size and digest."""
        measured = _Measured(chunks)
        try:
            with self.batch() as batch:
                batch.add_chunks(name, measured)
                for error in batch.commit().values():
                    raise error
        except SampleError as error:
            raise OutputError("out.write", error.message) from None
        return measured.size, measured.digest

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises SampleError ``file.*``."""
        return read_file(self.path(name))

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Some bytes of a file in the folder, or fewer where it is shorter. Raises SampleError ``file.*``."""
        return read_part(self.path(name), start, size)

    def has(self, name: str) -> bool:
        """Whether something is there."""
        return os.path.lexists(self.path(name))

    def holds(self, name: str, size: int, known_by: str) -> bool:
        """Whether a file is there with this size and digest, and is no link."""
        path = self.path(name)
        try:
            status = os.lstat(path)
            return status.st_size == size and not os.path.islink(path) and digest(read_file(path)) == known_by
        except (OSError, ValueError):
            return False

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in the folder, or in one of its folders, by its name with ``/``; links are not followed."""
        top = os.path.join(self.root, under) if under else self.root
        for parent, folders, files in os.walk(top):
            folders.sort()
            place = os.path.relpath(parent, self.root).replace(os.sep, "/")
            yield from sorted(files) if place == "." else (f"{place}/{name}" for name in sorted(files))

    def temporaries(self) -> list[str]:
        """What an ended run left half-done."""
        return [name for name in self.names() if os.path.basename(name).startswith(TEMPORARY)]

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of the run's own. Raises OutputError."""
        for name in names:
            try:
                os.unlink(self.path(name))
            except FileNotFoundError:
                pass
            except OSError as error:
                raise cannot_write(self.path(name), error) from None

    def make_parent(self, target: str) -> None:
        """Make the folder that a file goes to, which may not be a link out of this one."""
        parent = os.path.dirname(target)
        if parent in self._known:
            return
        if os.path.realpath(parent) != os.path.normpath(parent):
            raise SampleError(
                "path.escape", f"{show(parent, 300)} goes through a symbolic link out of the output folder; remove it"
            )
        os.makedirs(parent, exist_ok=True)
        self._known.add(parent)


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
        with _telling(target, len(data)):
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
        with _telling(target):
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
            _sync(self._folder.root, self._staged.values())
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
                with _telling(target):
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
        descriptor = once_more(lambda: os.open(temporary, _FLAGS, 0o666))
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


class _Measured:
    """Chunks in pieces worth a call, counted and digested on their way."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.size = 0
        self._chunks = chunks
        self._hasher = hashlib.sha256()

    @property
    def digest(self) -> str:
        """What the bytes that went through are known by, as ``digest`` has it."""
        return self._hasher.hexdigest()[:32]

    def __iter__(self) -> Iterator[bytes]:
        pending = bytearray()
        for chunk in self._chunks:
            pending += chunk
            if len(pending) >= _PIECE:
                yield self._measure(pending)
                pending = bytearray()
        yield self._measure(pending)

    def _measure(self, piece: bytearray) -> bytes:
        self.size += len(piece)
        self._hasher.update(piece)
        return bytes(piece)


def unseen(folder: Folder) -> OutputError:
    """What to say where a worker does not see the folder of its run."""
    text = "is not seen by a worker, or was removed; workers on other machines need storage that all of them share"
    return OutputError("out.unseen", f"{show(folder.root, 300)} {text}")


def _probe(folder: Path) -> None:
    """Find out before the work, not after it, that nothing can be written."""
    probe = folder / f"{TEMPORARY}{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()


def _sync(root: str, paths: Iterable[str]) -> None:
    """One call for the whole file system where there is one; it costs a hundredth of a call for each file."""
    if _sync_all(root):
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_all(root: str) -> bool:
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


def write_all(descriptor: int, data: bytes) -> None:
    """Write all the bytes, however few a call takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _same(target: str, data: bytes) -> bool:
    try:
        return not os.path.islink(target) and os.path.getsize(target) == len(data) and read_file(target) == data
    except (OSError, SampleError):
        return False


def file_exists(target: str) -> SampleError:
    """What to say of a file that may not be replaced."""
    return SampleError(
        "out.exists", f"{show(target, 300)} is there already and differs; use --overwrite, or another folder"
    )


@contextlib.contextmanager
def _telling(target: str, size: int = 0) -> Iterator[None]:
    """System errors about ``target`` as ours: those that would meet every item, and those of this one."""
    try:
        yield
    except (SampleError, OutputError):
        raise
    except OSError as error:
        raise (
            cannot_write(target, error, size) if error.errno in _FATAL else _item_not_written(target, error)
        ) from None


def _item_not_written(target: str, error: OSError) -> SampleError:
    kind = "path.invalid" if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ) else "out.write"
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        kind = "path.collision"
    return SampleError(kind, f"{show(target, 300)} can't be written ({os.strerror(error.errno or 0)})")


def cannot_write(target: str | os.PathLike[str], error: OSError, size: int = 0) -> OutputError:
    """What to say where nothing can be written. ``size`` is that of the file, if it is one."""
    advice = "free some space, or choose another folder"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "choose a folder that you may write to"
    name = show(os.fspath(target), 300)
    return OutputError(
        "out.write", f"{name} can't be written ({os.strerror(error.errno or 0)}{_room(target, size)}); {advice}"
    )


def _room(target: str | os.PathLike[str], size: int) -> str:
    """How much was needed and how much there is."""
    if not size:
        return ""
    try:
        free = shutil.disk_usage(os.path.dirname(target)).free
    except OSError:
        return ""
    return f": {size:,} bytes needed, {free:,} free"
