"""``python poison.py WHAT KEY COMMAND...``: ``cocoseg COMMAND...``, in which one image does WHAT to its process.

Workers have to be forked, for they inherit the poison.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import cocoseg.files.disk as disk
from cocoseg.cli import main
from cocoseg.formats.maps.writer import ClassMaps


def act(what: str) -> None:
    """Kill, hang where it can be interrupted and where not, run out of memory."""
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "hang":
        time.sleep(600)
    elif what == "hang for good":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        while True:
            time.sleep(1)
    elif what == "memory":
        raise MemoryError
    elif what == "allocate":
        bytearray(1 << 40)


def poison(what: str, key: str) -> None:
    """Put it where the image is converted, or where its file is read."""
    convert, read = ClassMaps.__call__, os.read

    def poisoned(self: ClassMaps, sample: Any) -> Any:
        if sample.key == key:
            act(what)
        return convert(self, sample)

    def changing(descriptor: int, size: int) -> bytes:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        data = read(descriptor, size)
        if path.name == key:
            path.write_bytes(data + b" ")
        return data

    if what == "change":
        disk.os.read = changing
    else:
        ClassMaps.__call__ = poisoned  # type: ignore[method-assign]


if __name__ == "__main__":
    poison(*sys.argv[1:3])
    sys.argv = ["cocoseg", *sys.argv[3:]]
    main()
