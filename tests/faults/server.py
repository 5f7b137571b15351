"""Runs the command over and over, each time in a fork of this process, which has loaded all that a run needs.

A run then takes a tenth of the time, so that every call of it can be made to fail. A job comes as a line of JSON:
``args``, ``env``, files for ``stdout`` and ``stderr``, and the ``seconds`` after which it is killed; the answer is a
line with its exit code, or null where it was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any


def serve(source: str) -> None:
    """Load everything, then take jobs until there are no more."""
    import seam
    from cocoseg.cli import app, guard, main, progress, report  # noqa: F401
    from cocoseg.tools.semantic import to_semantic

    to_semantic(source, "nowhere", dry_run=True)
    if os.environ.get("FAULT_SEAM"):
        seam.install()
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(job, main)
        print(json.dumps(_code(pid, job["seconds"])), flush=True)


def _become(job: dict[str, Any], command: Any) -> None:
    os.setsid()
    for number, path in ((0, os.devnull), (1, job["stdout"]), (2, job["stderr"])):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = ["cocoseg", *job["args"]]
    os.environ.update(job["env"])
    command()


def _code(pid: int, seconds: float) -> int | None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


if __name__ == "__main__":
    serve(sys.argv[1])
