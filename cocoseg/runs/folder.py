"""The folder that a run writes to, on this machine; ``RemoteFolder`` is one in a storage, ``folders`` picks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from cocoseg.errors import OutputError, show
from cocoseg.files import disk
from cocoseg.files.digests import Measured, digest
from cocoseg.files.names import JOURNAL, TEMPORARY
from cocoseg.files.storage import Storage
from cocoseg.runs.batch import Batch, Trial
from cocoseg.runs.lock import Holder, Lock, holder_of
from cocoseg.runs.write_errors import cannot_write, fatal


@dataclass
class Folder:
    """An output folder. Names given to it have gone through ``relative_name``."""

    files: ClassVar[Storage] = disk

    root: str
    _known: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Folder:
        """Make the folder and its parents, or take the one that is there. Raises OutputError ``out.*``."""
        folder = Path(path)
        with _not_made(folder):
            _nearest_folder(folder)
            folder.mkdir(parents=True, exist_ok=True)
            _probe(folder)
        return cls.found(os.fspath(path))

    @classmethod
    def expect(cls, path: str | os.PathLike[str]) -> Folder:
        """The folder that ``create`` would make or take; nothing is written. Raises as ``create`` does."""
        folder = Path(path)
        with _not_made(folder):
            if not os.access(_nearest_folder(folder), os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return cls.found(os.fspath(path))

    @classmethod
    def found(cls, path: str) -> Folder:
        """The folder as it is, to read from."""
        return cls(os.path.realpath(path))

    @property
    def at_once(self) -> int:
        """How many requests to the storage to have under way at a time; 0: one by one."""
        return self.files.at_once(self.root)

    def path(self, name: str) -> str:
        """The path of a file in the folder."""
        return self.files.join(self.root, name)

    def is_seen(self) -> bool:
        """Whether this process sees the folder of a run; not so on a machine that does not share it."""
        return os.path.isdir(self.path(JOURNAL))

    def lock(self) -> Lock:
        """Take the folder for one run, until ``release``. Raises OutputError ``out.locked``, ``out.write``."""
        return Lock(self.root)

    def holder(self) -> Holder | None:
        """The process of a run that is writing to the folder now. Raises OutputError where the storage is silent."""
        return holder_of(self.root)

    def batch(self) -> Batch:
        """Files that are to appear together; a context manager, which drops what was not committed."""
        return Batch(self.root, self._known)

    def trial(self) -> Batch:
        """A batch that finds what is in the way of its files, and writes none of them."""
        return Trial(self.root, self._known)

    def write(self, name: str, data: bytes, *, overwrite: bool = False) -> None:
        """Put ``data`` under ``name``. A file with the same bytes is left; another one is replaced on ``overwrite``.

        Raises SampleError for what concerns this file alone, OutputError for what would stop every file.
        """
        with self.batch() as batch:
            batch.add(name, data, overwrite=overwrite)
            _commit(batch)

    def save(self, name: str, data: bytes) -> None:
        """Put ``data`` durably under one of the run's own names, replacing what is there.

        Raises OutputError: without this file the run can't go on.
        """
        with fatal(), self.batch() as batch:
            batch.add(name, data, overwrite=True, durable=True)
            _commit(batch)

    def save_chunks(self, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Like ``save``, for a file that is never whole in memory; returns its size and digest."""
        measured = Measured(chunks)
        with fatal(), self.batch() as batch:
            batch.add_chunks(name, measured)
            _commit(batch)
        return measured.size, measured.digest

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises SampleError ``file.*``."""
        return self.files.read(self.path(name))

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Some bytes of a file in the folder, or fewer if it is shorter. Raises SampleError ``file.*``."""
        return self.files.read_part(self.path(name), start, size)

    def has(self, name: str) -> bool:
        """Whether something is there. Raises OutputError where the storage does not answer."""
        with fatal():
            return self.files.exists(self.path(name))

    def holds(self, name: str, size: int, known_by: str) -> bool:
        """Whether a file with this size and digest is there, and is not a link."""
        path = self.path(name)
        try:
            status = os.lstat(path)
            return status.st_size == size and not os.path.islink(path) and digest(self.read(name)) == known_by
        except (OSError, ValueError):
            return False

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in the folder and its subfolders, by its name with ``/``; links are not followed.

        Raises OutputError where the storage does not answer.
        """
        prefix = f"{under}/" if under else ""
        with fatal():
            yield from (f"{prefix}{name}" for name in self.files.names(self.path(under) if under else self.root))

    def temporaries(self) -> list[str]:
        """Files that an interrupted run left unfinished."""
        return [name for name in self.names() if os.path.basename(name).startswith(TEMPORARY)]

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of the run. Raises OutputError."""
        for name in names:
            try:
                os.unlink(self.path(name))
            except FileNotFoundError:
                pass
            except OSError as error:
                raise cannot_write(self.path(name), error) from None


def _commit(batch: Batch) -> None:
    """Give the files of a batch their names. Raises the first error."""
    for error in batch.commit().values():
        raise error


@contextmanager
def _not_made(folder: Path) -> Iterator[None]:
    """Turns an error into an OutputError that names the folder."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise cannot_write(folder, error) from None
    except ValueError:
        raise OutputError("out.write", f"{show(str(folder), 300)} is not the name of a folder") from None


def _nearest_folder(folder: Path, is_out: bool = True) -> Path:
    """The folder, or the nearest of its parents that is there. Raises OutputError ``out.*``, OSError."""
    try:
        mode = os.stat(folder).st_mode
    except (FileNotFoundError, NotADirectoryError):
        if folder.is_symlink():
            raise _not_folder(folder, "a symbolic link to nothing", is_out) from None
        return _nearest_folder(folder.absolute().parent, is_out=False)
    if not stat.S_ISDIR(mode):
        raise _not_folder(folder, "a file", is_out)
    return folder


def _not_folder(path: Path, what: str, is_out: bool) -> OutputError:
    text = f"{show(str(path), 300)} is {what}, expected a folder"
    return OutputError("out.not_folder", text) if is_out else OutputError("out.parent", text)


def _probe(folder: Path) -> None:
    """Find out before the work, not after it, that nothing can be written."""
    probe = folder / f"{TEMPORARY}{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()
