"""One run at a time in a folder in a storage, as far as the storage allows: an object that names its holder.

No storage locks an object. Some (S3, Google Cloud Storage) can create an object only if it does not exist: of two runs
that begin together, one is refused there. Elsewhere both may begin, and the one whose lock was overwritten ends when it
next looks. A lock that was not refreshed for ten minutes, by the clocks of the machines, counts as that of a dead run;
on the same machine the process is looked up.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from contextlib import suppress

import msgspec

from cocoseg.errors import CocosegError, OutputError, SampleError
from cocoseg.files import store, urls
from cocoseg.files.names import LOCK
from cocoseg.runs.lock import DEAD_AFTER, Holder, Lock, busy, has_ended, this_process

_ours: set[str] = set()  # what this process holds


class _RemoteHolder(Holder):
    alive: float = 0.0  # seconds since 1970, UTC


def holder_of(root: str) -> Holder | None:
    """The process that holds the lock on a folder; None if no run is on. Raises OutputError ``out.write``."""
    found = _read(urls.join(root, LOCK))
    return found if found and _is_alive(found) else None


class RemoteLock(Lock):
    """A lock on a folder, held from the start until ``release``. Raises OutputError ``out.locked``, ``out.write``."""

    _every = 60.0

    def __init__(self, root: str, token: str = "") -> None:
        self._root, self._url = root, urls.join(root, LOCK)
        self._holder: _RemoteHolder = _RemoteHolder(*this_process(), token or secrets.token_hex(8))
        self.before = found = _read(self._url)
        if found and _is_alive(found):
            raise busy(self._root, self._url, found)
        self._put(new=found is None)
        _ours.add(self._holder.token)
        self._beaten = time.monotonic()

    def _refresh(self) -> None:
        """Say that the run is alive. Raises OutputError where another run took the folder over."""
        found = _read(self._url)
        if found and found.token != self._holder.token:
            raise busy(self._root, self._url, found)
        self._put()

    def release(self) -> None:
        """Let others in."""
        _ours.discard(self._holder.token)
        with suppress(CocosegError):
            found = _read(self._url)
            if found and found.token == self._holder.token:
                store.remove(self._url)

    def _put(self, new: bool = False) -> None:
        self._holder.alive = time.time()
        data = msgspec.json.encode(self._holder)
        if not store.is_whole(self._url):
            store.make_folder(urls.parent(self._url))
        try:
            store.put(self._url, data, new=new)
        except FileExistsError:
            raise busy(self._root, self._url, _read(self._url)) from None
        except SampleError as error:
            if not new:
                raise OutputError("out.write", error.message) from None
            self._put()  # the storage can't create an object only if there is none


def _is_alive(holder: _RemoteHolder) -> bool:
    if holder.host == socket.gethostname():
        return holder.token in _ours if holder.pid == os.getpid() else not has_ended(holder)
    return time.time() - holder.alive < DEAD_AFTER


def _read(url: str) -> _RemoteHolder | None:
    try:
        return msgspec.json.decode(store.read(url), type=_RemoteHolder)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _RemoteHolder(0, "", "")
    except SampleError as error:
        if error.category != "file.missing":
            raise OutputError("out.write", error.message) from None
        return None
