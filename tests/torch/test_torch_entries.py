"""Entries in a file are a sequence like any other, in every process."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import context
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cocoseg.torch import shared_file as module
from cocoseg.torch.entries import FileEntries
from cocoseg.torch.notes import Notes


def test_are_a_sequence() -> None:
    entries = FileEntries(iter(["a", {"b": 1}, None, "d"]))
    assert list(entries) == ["a", {"b": 1}, None, "d"]
    assert (len(entries), entries[-1], entries[1:3], entries[::-2]) == (4, "d", [{"b": 1}, None], ["d", {"b": 1}])
    for index in (4, -5):
        with pytest.raises(IndexError):
            entries[index]
    assert list(FileEntries([])) == []


def small_pickle(value: Any) -> bytes:
    """What a child that is being spawned gets."""
    popen = types.SimpleNamespace(duplicate_for_child=lambda fd: fd, DupFd=lambda fd: Handle(os.dup(fd)))
    context.set_spawning_popen(popen)
    try:
        return pickle.dumps(value)
    finally:
        context.set_spawning_popen(None)


class Handle(NamedTuple):
    descriptor: int

    def detach(self) -> int:
        return self.descriptor


@pytest.mark.skipif(os.name == "nt", reason="Windows names the file")
def test_travel_small_to_a_child_and_are_read_from_the_same_file() -> None:
    entries = FileEntries([b"x" * 100_000] * 20)
    data = small_pickle(entries)
    assert len(data) < 1000
    assert pickle.loads(data)[19] == b"x" * 100_000


def test_a_pickle_outlives_what_it_was_made_of() -> None:
    entries = FileEntries(["a", None])
    data = pickle.dumps(entries)
    del entries
    gc.collect()
    twin = pickle.loads(pickle.dumps(pickle.loads(data)))
    assert list(twin) == ["a", None]


def test_a_pickle_outlives_its_process(tmp_path: Path) -> None:
    code = "import sys, pickle, cocoseg.torch.entries as e; pickle.dump(e.FileEntries(['a']), sys.stdout.buffer)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert list(pickle.loads(done.stdout)) == ["a"]


def test_a_deep_copy_outlives_what_it_was_made_of() -> None:
    entries = FileEntries(["a"])
    twin = copy.deepcopy({"entries": entries})
    del entries
    gc.collect()
    assert twin["entries"][0] == "a"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists open files")
def test_the_file_goes_with_the_entries() -> None:
    gc.collect()  # what errors of earlier tests refer to
    before = len(os.listdir("/proc/self/fd"))
    entries = FileEntries(["a"])
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del entries
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("number", [0, signal.SIGTERM, signal.SIGKILL])
def test_the_file_goes_with_the_process(tmp_path: Path, number: int) -> None:
    code = (
        "import os, sys, cocoseg.torch.entries as e; kept = e.FileEntries(['a']); print(kept[0], flush=True);"
        "number = int(sys.argv[1]); number and os.kill(os.getpid(), number)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    command = [sys.executable, "-c", code, str(int(number))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("a\n", -number)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_removes_nothing_and_moves_nobodys_place() -> None:
    entries = FileEntries(list(range(1000)))
    assert entries[5] == 5
    child = os.fork()
    if not child:
        good = list(entries) == list(range(1000))
        del entries
        gc.collect()
        os._exit(0 if good else 1)
    assert list(entries) == list(range(1000))
    assert os.waitpid(child, 0)[1] == 0
    assert entries[7] == 7


@pytest.mark.parametrize("with_pread", [True, False])
def test_threads_read_at_once(with_pread: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_pread:
        monkeypatch.delattr(module.os, "pread", raising=False)
    entries = FileEntries(list(range(500)))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(entries.__getitem__, range(500))) == list(range(500))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_only_one_of_many_processes_is_the_first_to_note_something() -> None:
    for _ in range(20):
        notes = Notes(300_000)  # looking through them takes a while
        start, starter = os.pipe()
        children = []
        for image in range(4):
            children.append(os.fork())
            if not children[-1]:
                os.close(starter)
                os.read(start, 1)  # until all are there
                os._exit(3 if notes.mark("skipped", image) else 4)
        os.close(starter)
        os.close(start)
        codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
        assert codes == [3, 4, 4, 4]
        assert all(notes.has("skipped", image) for image in range(4))
