"""Whole processes timed in turn, A B A B ..., so that a machine that changes its speed changes it for both."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

Command = Sequence[object]


def run(command: Command) -> tuple[float, float]:
    """(seconds, peak MiB of the largest process) of a command that has to end well."""
    started = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{command} ended with status {status}")
    return seconds, usage.ru_maxrss / 1024


def in_turn(commands: dict[str, Command], rounds: int, clean: Path) -> dict[str, list[float]]:
    """Seconds of each command in every round; ``clean`` is removed before each."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            shutil.rmtree(clean, ignore_errors=True)
            seconds[name].append(run(command)[0])
    return seconds


def ratios(slow: list[float], fast: list[float]) -> str:
    """The ratio slow/fast, round by round: median (lowest, highest)."""
    found = sorted(a / b for a, b in zip(slow, fast, strict=True))
    return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"


PYTHON = sys.executable
