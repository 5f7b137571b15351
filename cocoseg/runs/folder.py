"""The folder that a run writes to, on this machine; ``RemoteFolder`` is one in a storage, ``folders`` picks."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from cocoseg.errors import OutputError, show
from cocoseg.files import disk
from cocoseg.files.digests import Measured, digest
from cocoseg.files.names import JOURNAL, LOCK, TEMPORARY, is_relative
from cocoseg.files.storage import Storage
from cocoseg.runs.batch import NEW, Batch, Trial, is_temporary, leads, token_of
from cocoseg.runs.lock import Holder, Lock, holder_of
from cocoseg.runs.tree import Tree, is_link
from cocoseg.runs.write_errors import cannot_write, fatal


@dataclass
class Folder:
    """An output folder, in which no link is followed. Names given to it have gone through ``relative_name``.

    ``token`` is in the lock of the run that writes to the folder, and in the names of its temporary files.
    """

    files: ClassVar[Storage] = disk

    root: str
    token: str = field(default_factory=lambda: secrets.token_hex(4), kw_only=True, repr=False)
    _tree: Tree = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._tree = Tree(self.root)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Folder:
        """Make the folder and its parents, or take the one that is there. Raises OutputError ``out.*``."""
        folder = Path(path)
        with _not_made(folder):
            _check_own(folder)
            _nearest_folder(folder)
            folder.mkdir(parents=True, exist_ok=True)
            made = cls.found(os.fspath(path))
            made._probe()
        return made

    @classmethod
    def expect(cls, path: str | os.PathLike[str]) -> Folder:
        """The folder that ``create`` would make or take; nothing is written. Raises as ``create`` does."""
        folder = Path(path)
        with _not_made(folder):
            _check_own(folder)
            if not os.access(_nearest_folder(folder), os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return cls.found(os.fspath(path))

    @classmethod
    def found(cls, path: str) -> Folder:
        """The folder as it is, to read from. Raises OutputError ``out.link``."""
        _check_own(Path(path))
        return cls(os.path.realpath(path))

    @property
    def at_once(self) -> int:
        """How many requests to the storage to have under way at a time; 0: one by one."""
        return self.files.at_once(self.root)

    def path(self, name: str) -> str:
        """The path of a file in the folder."""
        return self.files.join(self.root, name)

    def is_seen(self) -> bool:
        """Whether this process sees the folder of a run; not so on a machine that does not share it.

        Raises OutputError ``out.link``.
        """
        try:
            return self._tree.folder(JOURNAL) is not None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise cannot_write(self.path(JOURNAL), error) from None
            return False

    def lock(self) -> Lock:
        """Take the folder for one run, until ``release``. Raises OutputError ``out.locked``, ``out.write``."""
        return Lock(self.root, self.token)

    def holder(self) -> Holder | None:
        """The process of a run that is writing to the folder now. Raises OutputError ``out.link``."""
        return holder_of(self.root)

    def batch(self) -> Batch:
        """Files that are to appear together; a context manager, which drops what was not committed."""
        return Batch(self._tree, self.token)

    def trial(self) -> Batch:
        """A batch that finds what is in the way of its files, and writes none of them."""
        return Trial(self._tree, self.token)

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

    def save_chunks(
        self, name: str, chunks: Iterable[bytes], told: Callable[[int, str], None] = lambda size, known_by: None
    ) -> tuple[int, str]:
        """Like ``save``, for a file that is never whole in memory; returns its size and digest.

        ``told`` hears of them before the file can be seen.
        """
        measured = Measured(chunks)
        with fatal(), self.batch() as batch:
            batch.add_chunks(name, measured)
            told(measured.size, measured.digest)
            _commit(batch)
        return measured.size, measured.digest

    def read(self, name: str) -> bytes:
        """The bytes of a file in the folder. Raises SampleError ``file.*``."""
        return self._tree.read(name)

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """Some bytes of a file in the folder, or fewer if it is shorter. Raises SampleError ``file.*``."""
        return self._tree.read_part(name, start, size)

    def has(self, name: str) -> bool:
        """Whether something is there. Raises OutputError where the storage does not answer."""
        return self._tree.has(name)

    def holds(self, name: str, size: int, known_by: str, *, own: bool = False) -> bool:
        """Whether a file with this size and digest is there, and is not a link.

        The name may come from a journal: one that ``relative_name`` refuses is never there, unless it is cocoseg's own.
        """
        return (own or is_relative(name)) and self._holds(name, size, known_by)

    def _holds(self, name: str, size: int, known_by: str) -> bool:
        try:
            return self._tree.status(name).st_size == size and digest(self.read(name)) == known_by
        except (OSError, ValueError):
            return False

    def leads(self, name: str, path: str) -> bool:
        """Whether a symbolic link with this name leads to a path, and something is there."""
        return is_relative(name) and leads(self._tree, name, path)

    def names(self, under: str = "") -> Iterator[str]:
        """Every file in the folder and its subfolders, by its name with ``/``; links are not followed.

        Raises OutputError where the storage does not answer.
        """
        try:
            yield from self._tree.names(under)
        except OSError as error:
            raise cannot_write(self.path(under), error) from None

    def temporaries(self) -> list[str]:
        """Files that runs left unfinished which have ended.

        Those of a run that is on in a folder inside or around this one, or beside it, are known by its lock.
        """
        names = list(self.names())
        left = [name for name in names if is_temporary(name)]
        if not left:
            return []
        inside = [name.removesuffix(f"/{LOCK}") for name in names if name.endswith(f"/{LOCK}")]
        busy = {f"{folder}/": holder for folder in inside if (holder := self._holder_in(self.path(folder)))}
        above = [holder for folder in self._parents() if (holder := self._holder_in(folder))]
        living = {token for holder in (*busy.values(), *above) for token in holder.tokens}
        return [name for name in left if not name.startswith(tuple(busy)) and token_of(name) not in living]

    def left_by(self, holder: Holder | None) -> list[str]:
        """The files in the folder itself that a run left unfinished which has ended; none if it can't be listed."""
        if holder and holder.token:
            with contextlib.suppress(OSError):
                return [name for name in self._tree.files() if name.startswith(f"{TEMPORARY}{holder.token}-")]
        return []

    def _parents(self) -> list[str]:
        """The folders that this one lies in."""
        return list(map(str, Path(self.root).parents))

    def _holder_in(self, root: str) -> Holder | None:
        """The process of a run in another folder; none holds a lock that is a link."""
        with contextlib.suppress(OutputError):
            return type(self)(root).holder()
        return None

    def remove(self, names: Iterable[str]) -> None:
        """Remove files of the run. Raises OutputError."""
        for name in names:
            try:
                self._tree.unlink(name)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise cannot_write(self.path(name), error) from None

    def _probe(self) -> None:
        """Find out before the work, not after it, that nothing can be written. Raises OSError."""
        probe = f"{TEMPORARY}{self.token}-{secrets.token_hex(8)}"
        os.close(self._tree.open(probe, NEW))
        with contextlib.suppress(FileNotFoundError):  # cleared away by a run that holds a folder around this one
            self._tree.unlink(probe)


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
        if error.errno == errno.ELOOP and is_link(folder):
            raise _not_folder(folder, "a loop of symbolic links", is_out=True) from None
        raise cannot_write(folder, error) from None
    except ValueError:
        raise OutputError("out.write", f"{show(str(folder), 300)} is not the name of a folder") from None


def _nearest_folder(folder: Path, is_out: bool = True) -> Path:
    """The folder, or the nearest of its parents that is there. Raises OutputError ``out.*``, OSError."""
    try:
        mode = os.stat(folder).st_mode
    except (FileNotFoundError, NotADirectoryError):
        if is_link(folder):
            raise _not_folder(folder, "a symbolic link to nothing", is_out) from None
        return _nearest_folder(folder.absolute().parent, is_out=False)
    if not stat.S_ISDIR(mode):
        raise _not_folder(folder, "a file", is_out)
    return folder


def _not_folder(path: Path, what: str, is_out: bool) -> OutputError:
    text = f"{show(str(path), 300)} is {what}, expected a folder"
    return OutputError("out.not_folder", text) if is_out else OutputError("out.parent", text)


def _check_own(folder: Path) -> None:
    """Refuse a link in the place of the folder beside a JSON, whose name the user did not choose.

    Raises OutputError ``out.link``.
    """
    if folder.name.lower().endswith(f".json{JOURNAL}") and is_link(folder):
        text = f"{show(str(folder), 300)} is a symbolic link, which is not followed; remove it, or choose another OUT"
        raise OutputError("out.link", text)
