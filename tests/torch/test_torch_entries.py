"""Entries in a file are a sequence like any other, in every process."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cocoseg.torch import entries as module
from cocoseg.torch.entries import FileEntries


def test_are_a_sequence() -> None:
    entries = FileEntries(iter(["a", {"b": 1}, None, "d"]))
    assert list(entries) == ["a", {"b": 1}, None, "d"]
    assert (len(entries), entries[-1], entries[1:3], entries[::-2]) == (4, "d", [{"b": 1}, None], ["d", {"b": 1}])
    for index in (4, -5):
        with pytest.raises(IndexError):
            entries[index]
    assert list(FileEntries([])) == []


def test_travel_small_and_are_read_from_the_same_file() -> None:
    entries = FileEntries([b"x" * 100_000] * 20)
    data = pickle.dumps(entries)
    assert len(data) < 1000
    assert pickle.loads(data)[19] == b"x" * 100_000
    entries[0]
    assert len(pickle.dumps(entries)) < 1000


def test_the_file_goes_with_the_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    entries = FileEntries(["a"])
    twin = pickle.loads(pickle.dumps(entries))
    assert twin[0] == "a"
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o077 == 0 or os.name == "nt"
    del twin
    gc.collect()
    assert path.exists()
    del entries
    gc.collect()
    assert not path.exists()


def test_a_deep_copy_outlives_what_it_was_made_of() -> None:
    entries = FileEntries(["a"])
    twin = copy.deepcopy({"entries": entries})
    del entries
    gc.collect()
    assert twin["entries"][0] == "a"


def test_the_file_goes_with_the_process(tmp_path: Path) -> None:
    code = "import cocoseg.torch.entries as e; kept = e.FileEntries(['a']); print(kept[0], kept._path)"
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"a {tmp_path}")
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
