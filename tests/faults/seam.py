"""What ``shim.c`` does, done in Python: for systems without a C compiler, or without LD_PRELOAD.

Run as ``python seam.py COMMAND...``, it wraps the calls of ``os`` and then is ``cocoseg COMMAND...``.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_counts: dict[str, int] = {}
_paths: dict[int, str] = {}  # descriptor → the path that it was opened by
_real_open, _real_write = os.open, os.write


def _fate(call: str, path: Any) -> str:
    """What is to become of a call: "" or "short". Raises the OSError that it is to fail with."""
    folder = os.environ.get("FAULT_UNDER")
    path = os.path.abspath(os.fsdecode(path))
    if not folder or not (path == folder or path.startswith(folder + os.sep)):
        return ""
    if log := os.environ.get("FAULT_LOG"):
        descriptor = _real_open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        _real_write(descriptor, f"{call} {path}\n".encode())
        os.close(descriptor)
    if call != os.environ.get("FAULT_CALL"):
        return ""
    count = _counts[call] = _counts.get(call, 0) + 1
    at = int(os.environ["FAULT_AT"])
    if count < at or (count > at and not os.environ.get("FAULT_STICKY")):
        return ""
    how = os.environ["FAULT_HOW"]
    if how == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if how == "short":
        return how
    raise OSError(int(how), os.strerror(int(how)), path)


def _whole(path: Any, folder: int | None) -> str:
    """The path of a file that is named relative to a folder, if it is."""
    return os.path.join(_paths.get(folder, os.sep) if folder is not None else "", os.fsdecode(path))


def _on_path(call: str, real: Callable[..., Any], number: int = 0, at: str = "dir_fd") -> Callable[..., Any]:
    def wrapped(*args: Any, **options: Any) -> Any:
        _fate(call, _whole(args[number], options.get(at)))
        return real(*args, **options)

    return wrapped


def _open(path: Any, flags: int, *args: Any, dir_fd: int | None = None) -> int:
    whole = _whole(path, dir_fd)
    _fate("open" if flags & (os.O_WRONLY | os.O_RDWR) else "read", whole)
    descriptor = _real_open(path, flags, *args, dir_fd=dir_fd)
    _paths[descriptor] = whole
    return descriptor


def _write(descriptor: int, data: Any) -> int:
    short = _fate("write", _paths.get(descriptor, os.sep))
    return _real_write(descriptor, data[: max(1, len(data) // 2)] if short else data)


def install() -> None:
    """Wrap the calls, in this process and all that it forks."""
    from cocoseg.runs import durable, tree  # noqa: F401  (which looks at what the real calls can do)

    real_fsync, real_sync_all, real_io_open = os.fsync, durable.sync_all, io.open

    def fsync(descriptor: int) -> None:
        _fate("fsync", _paths.get(descriptor, os.sep))
        real_fsync(descriptor)

    def io_open(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not isinstance(file, int):
            _fate("read" if mode.startswith("r") and "+" not in mode else "open", file)
        return real_io_open(file, mode, *args, **options)

    os.open, os.write, os.fsync = _open, _write, fsync
    os.replace = _on_path("rename", os.replace, 1, "dst_dir_fd")
    os.mkdir, os.unlink = _on_path("mkdir", os.mkdir), _on_path("unlink", os.unlink)
    io.open = io_open
    durable.sync_all = _on_path("fsync", real_sync_all)


if __name__ == "__main__":
    from cocoseg.cli import main

    install()
    sys.argv[0] = "cocoseg"
    main()
