"""Makes a chosen call of a run fail, and judges what became of its folder.

``shim.c`` does it where there is a C compiler and LD_PRELOAD, ``seam.py`` everywhere.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cocoseg.files.names import JOURNAL, REPORT, TEMPORARY
from cocoseg.formats.panoptic.writer import DOCUMENT
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Journal
from cocoseg.runs.lock import LOCK

HERE = Path(__file__).parent
CALLS = ("open", "write", "fsync", "rename", "mkdir", "unlink")
HANG_SECONDS = 20


@functools.cache
def shim() -> Path | None:
    """The shim, compiled; None where it can't be."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None or sys.platform != "linux":
        return None
    folder = tempfile.mkdtemp(prefix="cocoseg-shim-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = Path(folder) / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "shim.c"), "-ldl"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return library if done.returncode == 0 else None


def preloaded() -> dict[str, str]:
    """What the environment of a process has to hold for the shim to be in it, or for the server to use the seam."""
    library = shim()
    return {"LD_PRELOAD": str(library)} if library else {"FAULT_SEAM": "1"}


@dataclass(frozen=True)
class Fault:
    """The call that is to fail, and how: an errno, "short" or "kill"."""

    call: str
    at: int
    how: int | str
    sticky: bool = False

    def env(self, under: Path) -> dict[str, str]:
        sticky = {"FAULT_STICKY": "1"} if self.sticky else {}
        return {
            "FAULT_UNDER": str(under),
            "FAULT_CALL": self.call,
            "FAULT_AT": str(self.at),
            "FAULT_HOW": str(self.how),
        } | sticky


def with_fault(fault: Fault, under: Path) -> tuple[list[str], dict[str, str]]:
    """The start of a command line, and the environment, of a ``cocoseg`` of its own that meets a fault."""
    env = fault.env(under) | preloaded()
    start = [sys.executable, str(HERE / "seam.py")] if "FAULT_SEAM" in env else [sys.executable, "-m", "cocoseg"]
    return start, os.environ | env


@dataclass
class Outcome:
    """How a run ended; ``code`` is None for one that hung."""

    code: int | None
    stdout: str
    stderr: str


class Server:
    """A process that runs the command as often as asked, see ``server.py``."""

    def __init__(self, source: Path, folder: Path, how: dict[str, str]) -> None:
        self._folder = folder
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(source)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | how,
        )

    def run(self, *args: object, env: dict[str, str] | None = None) -> Outcome:
        stdout, stderr = self._folder / "stdout", self._folder / "stderr"
        job = {"args": [str(arg) for arg in args], "env": env or {}, "seconds": HANG_SECONDS}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job | {"stdout": str(stdout), "stderr": str(stderr)}) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        return Outcome(code, stdout.read_text(), stderr.read_text())

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def server(source: Path, folder: Path, how: dict[str, str]) -> Iterator[Server]:
    running = Server(source, folder, how)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is such a thing, for runs that would spend their time waiting for the disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield otherwise
        return
    folder = tempfile.mkdtemp(prefix="cocoseg-", dir=memory)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def tree(folder: Path) -> dict[str, str]:
    """Everything in a folder: name → digest of a file, "" for a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def is_temporary(name: str) -> bool:
    return name.rpartition("/")[2].startswith(TEMPORARY)


def torn(folder: Path, clean: dict[str, str]) -> list[str]:
    """Files under final names that are not whole, or not right."""
    pages = Journal(Folder(str(folder)))
    return [
        name
        for name, known in tree(folder).items()
        if known and clean.get(name) != known and not _is_whole(folder, pages, name)
    ]


def _is_whole(folder: Path, pages: Journal, name: str) -> bool:
    """Whether a file of the run's own, which need not be as in the end, is whole."""
    if is_temporary(name) or name == LOCK:
        return True
    if name == REPORT:
        return _holds(folder / name, "images")
    if name == DOCUMENT:  # an image that failed is not in it
        return _holds(folder / name, "categories")
    if name in pages.texts():
        return (folder / name).read_bytes().endswith(b"}")
    return name.startswith(f"{JOURNAL}/") and pages.is_whole(name)


def _holds(path: Path, last: str) -> bool:
    """Whether a JSON is whole up to its last key."""
    try:
        return last in json.loads(path.read_text())
    except ValueError:
        return False


@dataclass
class Verdict:
    """What is wrong with how a faulty run ended, and with what the same command made of it afterwards."""

    fault: Any
    code: int | None
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.fault}: exit {self.code}: {'; '.join(self.wrong)}"


def judge(fault: Fault, outcome: Outcome, folder: Path, clean: dict[str, str], before: Collection[str] = ()) -> Verdict:
    """What a run that met a fault did wrong, in a folder in which these names were before."""
    found = tree(folder)
    verdict = Verdict(fault, outcome.code)
    if outcome.code is None:
        verdict.wrong.append("hung")
    if bad := torn(folder, clean):
        verdict.wrong.append(f"torn: {bad}")
    verdict.wrong += _wrong_words(outcome)
    if fault.how == "kill":
        if outcome.code != -9:
            verdict.wrong.append("was not killed")
        return verdict
    temporaries = [name for name in found if is_temporary(name) and name not in before]
    if temporaries and fault.call != "unlink":
        verdict.wrong.append(f"left {temporaries}")
    verdict.wrong += _wrong_code(fault, outcome, found, clean)
    return verdict


def _wrong_words(outcome: Outcome) -> list[str]:
    lines = outcome.stderr.splitlines()
    wrong = [f"{len(lines)} lines on stderr"] if len(lines) > 3 else []
    return wrong + (["a traceback"] if "Traceback" in outcome.stderr else [])


def _wrong_code(fault: Fault, outcome: Outcome, found: dict[str, str], clean: dict[str, str]) -> list[str]:
    if outcome.code == 0:
        left = found.keys() - clean.keys()
        # A lock that can't be removed is no lock any more: it is free, and the next run takes it over.
        allowed = {LOCK} if fault.call == "unlink" else set()
        same = {name: known for name, known in found.items() if name not in allowed} == clean
        return [] if same else [f"said to be done, but differs: {left or 'in content'}"]
    if outcome.code == 1:
        failures = json.loads(outcome.stdout)["failures"]
        named = all("annotations[" in failure["message"] for failure in failures)
        return [] if failures and named else ["exit 1 without a name"]
    if outcome.code == 4:
        return [] if outcome.stderr.startswith("cocoseg: ") else ["exit 4 without a word"]
    return ["wrong exit code"]
