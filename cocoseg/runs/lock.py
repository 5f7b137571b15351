"""One run at a time in a folder: a lock that names its holder and is free as soon as that process has ended.

The system locks the file (``flock``) and releases it however the process ends. Some network file systems lock on one
machine only, so the file also names its holder, which touches it from time to time; the holder of a lock that was not
touched for long counts as dead.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from types import ModuleType

import msgspec

from cocoseg.errors import OutputError, show
from cocoseg.files.names import LOCK, TEMPORARY
from cocoseg.runs.durable import write_all
from cocoseg.runs.write_errors import cannot_write

BEAT, DEAD_AFTER = 10.0, 600.0
PATIENCE = 5.0  # with the workers of a holder that has ended

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class Holder(msgspec.Struct):
    """The process that holds a lock."""

    pid: int
    host: str
    since: str


def this_process() -> tuple[int, str, str]:
    """The fields of ``Holder`` for this process."""
    return os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S")


class Lock:
    """A lock on a folder, held from the start until ``release``. Raises OutputError ``out.locked``, ``out.write``."""

    _every = BEAT

    def __init__(self, root: str) -> None:
        self._path = os.path.join(root, LOCK)
        self._beaten = time.monotonic()
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._descriptor = self._take()
        except OutputError:
            raise
        except OSError as error:
            raise cannot_write(self._path, error) from None

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def beat(self) -> None:
        """Show that the run is alive, at most every ``_every`` seconds."""
        if time.monotonic() - self._beaten > self._every:
            self._beaten = time.monotonic()
            self._refresh()

    def _refresh(self) -> None:
        with contextlib.suppress(OSError):
            os.utime(self._path)

    def release(self) -> None:
        """Let others in. A lock that another run took, because this one seemed dead, stays."""
        ours = _read(self._descriptor) == self._holder
        with contextlib.suppress(OSError):
            if ours and fcntl is not None:
                os.unlink(self._path)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            if ours and fcntl is None:  # Windows removes no open file
                os.unlink(self._path)

    def _take(self) -> int:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
            try:
                if self._lock(descriptor):
                    self._holder = _write(descriptor)
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its holder has just ended, and removed it

    def _lock(self, descriptor: int) -> bool:
        """Lock the file, if it is still the lock. Raises OutputError ``out.locked``."""
        ends = time.monotonic() + PATIENCE
        while (locked := _flock(descriptor)) is False:
            holder = _read(descriptor)  # its workers are the last to let go
            if holder is None or not has_ended(holder) or time.monotonic() > ends:
                raise self._busy(holder)
            time.sleep(0.05)
        if not _is_still(descriptor, self._path):
            return False
        holder = _read(descriptor)
        if holder and not self._is_dead(holder, locked is True):
            raise self._busy(holder)
        return True

    def _is_dead(self, holder: Holder, freed: bool) -> bool:
        """Whether a holder has ended: on this machine by the system's lock or its process, elsewhere by its age."""
        if _is_here(holder):
            return freed or holder.pid == os.getpid() or has_ended(holder)
        return _age(self._path) > DEAD_AFTER

    def _busy(self, holder: Holder | None) -> OutputError:
        return busy(os.path.dirname(os.path.dirname(self._path)), self._path, holder)


def holder_of(root: str) -> Holder | None:
    """The process that holds the lock on a folder; None if no run is on. Nothing is changed."""
    path = os.path.join(root, LOCK)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        holder = _read(descriptor)
        return holder if holder and _is_alive(holder, descriptor) else None
    finally:
        os.close(descriptor)


def _is_alive(holder: Holder, descriptor: int) -> bool:
    """Whether a holder is running: on this machine by the system's lock or its process, elsewhere by its age."""
    if not _is_here(holder):
        return time.time() - os.fstat(descriptor).st_mtime <= DEAD_AFTER
    # Shared, so that two who look do not see each other; a run that begins now waits a moment for a holder that ended.
    freed = _flock(descriptor, shared=True)
    return not has_ended(holder) if freed is None else not freed


def named(holder: Holder) -> str:
    """A holder in words."""
    return f"process {holder.pid} on {show(holder.host)}, since {show(holder.since)[1:-1]}"


def busy(root: str, path: str, holder: Holder | None) -> OutputError:
    """The error for a folder that another run writes to, whose lock is at ``path``."""
    folder = show(root, 300)
    if holder is None:
        return OutputError("out.locked", f"another run writes to {folder}; wait for it, or choose another folder")
    who = named(holder)
    advice = "wait for it, end it, or choose another folder"
    if not _is_here(holder):
        advice += f" (if it has died, remove {show(path, 300)})"
    return OutputError("out.locked", f"another run writes to {folder} ({who}); {advice}")


def _flock(descriptor: int, shared: bool = False) -> bool | None:
    """Whether the file could be locked; None where the system can't lock it."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # not on this file system
        return None
    return True


def _is_still(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> Holder | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return msgspec.json.decode(os.read(descriptor, 4096), type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError):
        return None


def _write(descriptor: int) -> Holder:
    holder = Holder(*this_process())
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, msgspec.json.encode(holder))
    return holder


def _is_here(holder: Holder) -> bool:
    """Whether a holder's process can be looked up here; on Windows, signal 0 would end it."""
    return holder.host == socket.gethostname() and os.name != "nt"


def has_ended(holder: Holder) -> bool:
    """Whether a process of this machine has ended."""
    if not _is_here(holder):
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _age(path: str) -> float:
    """Seconds since a file was touched, by the clock of the machine that keeps it."""
    probe = os.path.join(os.path.dirname(path), f"{TEMPORARY}{os.getpid():x}-age")
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        return os.fstat(descriptor).st_mtime - os.stat(path).st_mtime
    finally:
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):  # cleared away by the run that holds the folder
            os.unlink(probe)
