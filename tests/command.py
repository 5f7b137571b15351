"""Runs ``cocoseg`` as a user does: in a process of its own, with limits."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1 << 20
AS_LIMIT = 2048 * MIB


@dataclass
class Result:
    code: int
    stdout: str
    stderr: str
    rss_mib: float

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self.stdout)


def cocoseg(
    *args: object, cwd: Path | None = None, seconds: float = 20, env: dict[str, str] | None = None, limit: int = AS_LIMIT
) -> Result:
    """The command with ``args``; its exit code (negative: killed by that signal), output and peak memory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cocoseg", *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=os.environ | (env or {}),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Result(process.returncode, stdout.decode(), stderr.decode("utf-8", "replace"), peak)
