"""The folder that a run writes to, on this machine or in a storage."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cocoseg.errors import OutputError, SampleError, show
from cocoseg.files import disk
from cocoseg.files.digests import Measured, digest
from cocoseg.files.names import JOURNAL, TEMPORARY
from cocoseg.files.reading import read_file, read_part
from cocoseg.files.urls import is_url
from cocoseg.runs.batch import Batch
from cocoseg.runs.write_errors import cannot_write


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
        if is_url(str(path)):
            from cocoseg.runs.remote import RemoteFolder

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
        if is_url(str(path)):
            from cocoseg.runs.remote import RemoteFolder

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
        measured = Measured(chunks)
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
        return disk.walk(self.root, under)

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


def _probe(folder: Path) -> None:
    """Find out before the work, not after it, that nothing can be written."""
    probe = folder / f"{TEMPORARY}{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()
