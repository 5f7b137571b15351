"""Write errors: those of one image, and those that end the run."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

from cocoseg.errors import OutputError, SampleError, show

# Errors that every later item would meet too: the run stops.
_FATAL = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


@contextlib.contextmanager
def system_errors(target: str, size: int = 0) -> Iterator[None]:
    """Turn an OSError into a SampleError where it concerns ``target`` alone, else into an OutputError."""
    try:
        yield
    except (SampleError, OutputError):
        raise
    except OSError as error:
        raise (
            cannot_write(target, error, size) if error.errno in _FATAL else _item_not_written(target, error)
        ) from None


@contextlib.contextmanager
def fatal() -> Iterator[None]:
    """Turn a SampleError into the OutputError ``out.write`` or ``out.link``, where the run needs the file."""
    try:
        yield
    except SampleError as error:
        raise OutputError("out.link" if error.category == "path.escape" else "out.write", error.message) from None


def _item_not_written(target: str, error: OSError) -> SampleError:
    if error.errno == errno.ELOOP:
        return SampleError("path.escape", _leads_away(target, error))
    kind = "path.invalid" if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ) else "out.write"
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        kind = "path.collision"
    return SampleError(kind, f"{show(target, 300)} can't be written ({os.strerror(error.errno or 0)})")


def cannot_write(target: str | os.PathLike[str], error: OSError, size: int = 0) -> OutputError:
    """The error where nothing can be written; ``size`` is the size of the file, if ``target`` is one."""
    if error.errno == errno.ELOOP:
        return OutputError("out.link", _leads_away(target, error))
    advice = "free some space, or choose another folder"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "choose a folder that you may write to"
    name = show(os.fspath(target), 300)
    return OutputError(
        "out.write", f"{name} can't be written ({os.strerror(error.errno or 0)}{_room(target, size)}); {advice}"
    )


def _leads_away(target: str | os.PathLike[str], error: OSError) -> str:
    """What is said of a link: OUT itself may be one, but nothing is written through one that lies in it."""
    general = os.strerror(errno.ELOOP)
    what = general if error.strerror == general else f"{show(error.filename, 300)} is {error.strerror}"
    return f"{show(os.fspath(target), 300)} can't be written ({what}); remove it, or choose another folder"


def _room(target: str | os.PathLike[str], size: int) -> str:
    """The bytes needed and the bytes free."""
    if not size:
        return ""
    try:
        free = shutil.disk_usage(os.path.dirname(target)).free
    except OSError:
        return ""
    return f": {size:,} bytes needed, {free:,} free"


def file_exists(target: str) -> SampleError:
    """The error for a file that may not be replaced."""
    return SampleError(
        "out.exists", f"{show(target, 300)} already exists and differs; use --overwrite, or another folder"
    )


def unseen(root: str) -> OutputError:
    """The error where a worker does not see the folder of its run."""
    text = "is not visible to a worker, or was removed; workers on other machines need storage that all of them share"
    return OutputError("out.unseen", f"{show(root, 300)} {text}")
