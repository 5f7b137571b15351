"""One run at a time in a folder: a lock that names its holder and is free as soon as that process has ended.

The system locks the file (``flock``) and releases it however the process ends. Some network file systems lock on one
machine only, so the file also names its holder, which touches it from time to time; the holder of a lock that was not
touched for long counts as dead.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import stat
import time
from types import ModuleType

import msgspec

from cocoseg.errors import OutputError, show
from cocoseg.files.names import JOURNAL, LOCK, TEMPORARY
from cocoseg.runs.batch import NEW
from cocoseg.runs.durable import write_all
from cocoseg.runs.tree import Tree
from cocoseg.runs.write_errors import cannot_write

BEAT, DEAD_AFTER = 10.0, 600.0
PATIENCE = 5.0  # with the workers of a holder that has ended
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # for whoever opens the other end, should it be a pipe

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
    token: str = ""

    @property
    def tokens(self) -> tuple[str, str]:
        """What the names of the run's temporary files begin with; in older versions it was the process."""
        return self.token, f"{self.pid:x}"


def this_process() -> tuple[int, str, str]:
    """The fields of ``Holder`` for this process."""
    return os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S")


class Lock:
    """A lock on a folder, held from the start until ``release``, by the run that ``token`` stands for.

    Raises OutputError ``out.locked``, ``out.write``, ``out.link``.
    """

    _every = BEAT

    def __init__(self, root: str, token: str = "") -> None:
        self._tree = Tree(root)
        self._token = token
        self.before: Holder | None = None  # whose run ended without letting go
        self._path = self._tree.path(LOCK)
        self._beaten = time.monotonic()
        try:
            self._tree.folder(JOURNAL, make=True)
            self._descriptor = self._take()
        except OSError as error:
            self._tree.close()
            raise error if isinstance(error, OutputError) else cannot_write(self._path, error) from None

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
            os.utime(self._descriptor if os.utime in os.supports_fd else self._path)

    def release(self) -> None:
        """Let others in. A lock that another run took, because this one seemed dead, stays."""
        ours = _read(self._descriptor) == self._holder
        with contextlib.suppress(OSError):
            if ours and fcntl is not None:
                self._tree.unlink(LOCK)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            if ours and fcntl is None:  # Windows removes no open file
                self._tree.unlink(LOCK)
        self._tree.close()

    def _take(self) -> int:
        while True:
            descriptor = self._tree.open(LOCK, os.O_RDWR | os.O_CREAT | _NO_WAITING)
            try:
                self._check_own(descriptor)
                if self._lock(descriptor):
                    self._holder = _write(descriptor, self._token)
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its holder has just ended, and removed it

    def _check_own(self, descriptor: int) -> None:
        """Raises OutputError ``out.link`` for a file that has another name too, and is not to be written to."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            what = "has another name too (a hard link)" if stat.S_ISREG(status.st_mode) else "is not a file"
            raise OutputError("out.link", f"{show(self._path, 300)} {what}, so that it is not written to; remove it")

    def _lock(self, descriptor: int) -> bool:
        """Lock the file, if it is still the lock. Raises OutputError ``out.locked``."""
        ends = time.monotonic() + PATIENCE
        while (locked := _flock(descriptor)) is False:
            holder = _read(descriptor)  # its workers are the last to let go
            if holder is None or not has_ended(holder) or time.monotonic() > ends:
                raise self._busy(holder)
            time.sleep(0.05)
        if not self._is_still(descriptor):
            return False
        self.before = _read(descriptor)
        if self.before and not self._is_dead(self.before, locked is True):
            raise self._busy(self.before)
        return True

    def _is_dead(self, holder: Holder, freed: bool) -> bool:
        """Whether a holder has ended: on this machine by the system's lock or its process, elsewhere by its age."""
        if _is_here(holder):
            return freed or holder.pid == os.getpid() or has_ended(holder)
        return _age(self._tree) > DEAD_AFTER

    def _is_still(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._tree.status(LOCK))
        except FileNotFoundError:
            return False

    def _busy(self, holder: Holder | None) -> OutputError:
        return busy(os.path.dirname(os.path.dirname(self._path)), self._path, holder)


def holder_of(root: str) -> Holder | None:
    """The process that holds the lock on a folder; None if no run is on. Nothing is changed.

    Raises OutputError ``out.link``.
    """
    tree = Tree(root)
    try:
        descriptor = tree.open(LOCK, os.O_RDONLY | _NO_WAITING)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise cannot_write(tree.path(LOCK), error) from None
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


def _read(descriptor: int) -> Holder | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return msgspec.json.decode(os.read(descriptor, 4096), type=Holder)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError):
        return None


def _write(descriptor: int, token: str) -> Holder:
    holder = Holder(*this_process(), token)
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


def _age(tree: Tree) -> float:
    """Seconds since the lock was touched, by the clock of the machine that keeps it."""
    probe = f"{JOURNAL}/{TEMPORARY}{secrets.token_hex(8)}-age"
    descriptor = tree.open(probe, NEW)
    try:
        return os.fstat(descriptor).st_mtime - tree.status(LOCK).st_mtime
    finally:
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):  # cleared away by the run that holds the folder
            tree.unlink(probe)
