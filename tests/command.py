"""Runs ``cocoseg`` as a user does: in a process of its own, with limits."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRESS = re.compile(rb"^cocoseg: [\d,]+ of [\d,]+ images, [\d,]+ images/s\n", re.MULTILINE)
MIB = 1 << 20
AS_LIMIT = 2048 * MIB


@dataclass
class Result:
    """``code`` is negative where a signal ended the process; ``rss_mib`` is its own peak, not its workers'."""

    code: int
    stdout: str
    stderr: str
    rss_mib: float

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self.stdout)


def cocoseg(
    *args: object,
    cwd: Path | None = None,
    seconds: float = 20,
    env: dict[str, str] | None = None,
    limit: int = AS_LIMIT,
) -> Result:
    """The command with ``args``, ended after ``seconds`` with a TimeoutError."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "cocoseg", *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env=os.environ | (env or {}),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )
        code, usage = wait(process, seconds)
        texts = [file.seek(0) or without_progress(file.read()).decode("utf-8", "replace") for file in (out, err)]
    return Result(code, texts[0], texts[1], usage.ru_maxrss / 1024)


def without_progress(stderr: bytes) -> bytes:
    """What a command wrote besides the progress lines of a run that takes longer than ten seconds, as on slow machines.

    >>> without_progress(b"cocoseg: 30 of 300 images, 1,210 images/s\\ncocoseg: stopped\\n")
    b'cocoseg: stopped\\n'
    """
    return _PROGRESS.sub(b"", stderr)


def wait(process: subprocess.Popen[Any], seconds: float) -> tuple[int, resource.struct_rusage]:
    """Exit code and resources of a process; it is killed when its time is over."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        time.sleep(0.005)
    process.kill()
    process.wait()
    raise TimeoutError(f"still running after {seconds} s: {process.args}")
