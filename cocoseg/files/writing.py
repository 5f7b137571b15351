"""Files that appear under their name whole or not at all, and never outside their folder."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

from cocoseg.errors import OutputError, SampleError, show
from cocoseg.files.names import TEMPORARY
from cocoseg.files.reading import read_file

# Errors that every later item would meet too: the run stops.
_FATAL = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FLAGS |= getattr(os, "O_CLOEXEC", 0)


@dataclass
class Folder:
    """An output folder. Names given to it have gone through ``relative_name``."""

    root: str
    _known: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Folder:
        """Make the folder, whose parent must be there, or take the one that is.

        Raises OutputError ``out.*``.
        """
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
            raise _cannot_write(folder, error) from None
        except ValueError:
            raise OutputError("out.write", f"{show(os.fspath(path), 300)} is no name of a folder") from None
        return cls(os.path.realpath(folder))

    def write(self, name: str, data: bytes, *, overwrite: bool = False) -> None:
        """Put ``data`` under ``name``. A file with the same bytes is left, another one only replaced if told so.

        Raises SampleError for what costs the one item, OutputError for what would cost them all.
        """
        target = os.path.join(self.root, name)
        try:
            self._make_parent(target)
            if not overwrite and os.path.lexists(target):
                _keep(target, data)
            else:
                _replace(target, data)
        except SampleError:
            raise
        except OSError as error:
            if error.errno in _FATAL:
                raise _cannot_write(target, error) from None
            raise _item_not_written(target, error) from None

    def _make_parent(self, target: str) -> None:
        parent = os.path.dirname(target)
        if parent in self._known:
            return
        if os.path.realpath(parent) != os.path.normpath(parent):
            raise SampleError(
                "path.escape", f"{show(parent, 300)} goes through a symbolic link out of the output folder; remove it"
            )
        os.makedirs(parent, exist_ok=True)
        self._known.add(parent)


def same_place(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether one folder is the other or lies in it, whatever names lead there."""
    first, second = Path(one).resolve(), Path(other).resolve()
    return first == second or first in second.parents or second in first.parents or _same_inode(first, second)


def _same_inode(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _probe(folder: Path) -> None:
    """Find out before the work, not after it, that nothing can be written."""
    probe = folder / f"{TEMPORARY}{os.getpid()}"
    probe.write_bytes(b"")
    probe.unlink()


def _replace(target: str, data: bytes) -> None:
    # The temporary's name is short and the target's own never part of it: it must not overflow NAME_MAX.
    temporary = os.path.join(os.path.dirname(target), f"{TEMPORARY}{os.getpid()}")
    try:
        descriptor = os.open(temporary, _FLAGS, 0o666)
    except FileExistsError:  # left by a killed process that had our number
        os.unlink(temporary)
        descriptor = os.open(temporary, _FLAGS, 0o666)
    try:
        try:
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _keep(target: str, data: bytes) -> None:
    try:
        same = not os.path.islink(target) and os.path.getsize(target) == len(data) and read_file(target) == data
    except (OSError, SampleError):
        same = False
    if not same:
        raise SampleError(
            "out.exists", f"{show(target, 300)} is there already and differs; use --overwrite, or another folder"
        )


def _item_not_written(target: str, error: OSError) -> SampleError:
    kind = "path.invalid" if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ) else "out.write"
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        kind = "path.collision"
    return SampleError(kind, f"{show(target, 300)} can't be written ({os.strerror(error.errno or 0)})")


def _cannot_write(target: str | os.PathLike[str], error: OSError) -> OutputError:
    advice = "free some space, or choose another folder"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "choose a folder that you may write to"
    name = show(os.fspath(target), 300)
    return OutputError("out.write", f"{name} can't be written ({os.strerror(error.errno or 0)}); {advice}")
