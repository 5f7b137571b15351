"""One run at a time in a folder on other storage, as well as can be: an object that says who, since when, still alive.

No storage locks an object. Where it can create one only if there is none (S3, Google Cloud Storage), of two runs that
begin together one is refused; elsewhere both may begin, and the one whose lock was written over ends when it next
looks. A lock that was not refreshed for ten minutes, by the clocks of the machines, is taken for that of a dead run;
on the same machine the process tells.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from contextlib import suppress

import msgspec

from cocoseg.errors import CocosegError, OutputError, SampleError
from cocoseg.files import store
from cocoseg.files.names import LOCK
from cocoseg.runs.folder import Folder
from cocoseg.runs.lock import DEAD_AFTER, Holder, busy, has_ended

BEAT = 60.0

_ours: set[str] = set()  # what this process holds


class _RemoteHolder(Holder):
    token: str = ""
    alive: float = 0.0  # seconds since 1970, UTC


class RemoteLock:
    """A lock on a folder, held from its making until ``release``. Raises OutputError ``out.locked``, ``out.write``."""

    def __init__(self, folder: Folder) -> None:
        self._root, self._url = folder.root, folder.path(LOCK)
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        self._holder = _RemoteHolder(os.getpid(), socket.gethostname(), since, secrets.token_hex(8))
        found = self._read()
        if found and self._is_alive(found):
            raise busy(self._root, self._url, found)
        self._put(new=found is None)
        _ours.add(self._holder.token)
        self._beaten = time.monotonic()

    def __enter__(self) -> RemoteLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def beat(self) -> None:
        """A sign of life, every now and then. Raises OutputError where another run took the folder over."""
        if time.monotonic() - self._beaten > BEAT:
            self._beaten = time.monotonic()
            found = self._read()
            if found and found.token != self._holder.token:
                raise busy(self._root, self._url, found)
            self._put()

    def release(self) -> None:
        """Let others in."""
        _ours.discard(self._holder.token)
        with suppress(CocosegError):
            found = self._read()
            if found and found.token == self._holder.token:
                store.remove(self._url)

    def _is_alive(self, holder: _RemoteHolder) -> bool:
        if holder.host == socket.gethostname():
            return holder.token in _ours if holder.pid == os.getpid() else not has_ended(holder)
        return time.time() - holder.alive < DEAD_AFTER

    def _read(self) -> _RemoteHolder | None:
        try:
            return msgspec.json.decode(store.read(self._url), type=_RemoteHolder)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _RemoteHolder(0, "", "")
        except SampleError as error:
            if error.category != "file.missing":
                raise OutputError("out.write", error.message) from None
            return None

    def _put(self, new: bool = False) -> None:
        self._holder.alive = time.time()
        data = msgspec.json.encode(self._holder)
        if not store.is_whole(self._url):
            store.make_folder(self._url.rpartition("/")[0])
        try:
            store.put(self._url, data, new=new)
        except FileExistsError:
            raise busy(self._root, self._url, self._read()) from None
        except SampleError as error:
            if not new:
                raise OutputError("out.write", error.message) from None
            self._put()  # the storage can't create an object only if there is none
