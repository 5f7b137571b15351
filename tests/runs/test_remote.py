"""Output folders on other storage, in memory: what is put when, what is in the way, who may write."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from cocoseg.errors import OutputError, SampleError, UsageError
from cocoseg.files import store
from cocoseg.files.digests import digest
from cocoseg.files.prefetch import prefetch
from cocoseg.files.reading import first_match, read_file, read_head
from cocoseg.runs import remote_lock
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import create_folder
from cocoseg.runs.remote import RemoteFolder

NAMES = ["a.png", "a b/ü.png", "#1?.png", "50%20.png", "[x]*.png"]


@pytest.fixture
def memory() -> Any:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


class Disk(LocalFileSystem):
    """A storage that can rename, whose puts are not atomic."""

    protocol = "testdisk"


@pytest.fixture
def disk(tmp_path: Path) -> str:
    fsspec.register_implementation("testdisk", Disk, clobber=True)
    return f"testdisk://{tmp_path}/out"


class TestReading:
    def test_whole_head_and_match(self, memory: Any) -> None:
        memory.pipe_file("/x/a", b"0123456789")
        assert read_file("memory://x/a") == b"0123456789"
        assert read_head("memory://x/a", 4) == b"0123"
        assert read_head("memory://x/a", 40) == b"0123456789"
        assert first_match("memory://x/a", re.compile(b"[3-5]+")) == b"345"
        assert first_match("memory://x/a", re.compile(b"x")) == b""

    def test_a_match_across_two_requests(self, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "_STEP", 100)
        memory.pipe_file("/x/a", b"." * 95 + b'"segments_info"' + b"." * 300)
        assert first_match("memory://x/a", re.compile(b'"segments_info"')) == b'"segments_info"'

    def test_what_is_not_there(self, memory: Any) -> None:
        for read in (read_file, lambda url: read_head(url, 3)):
            with pytest.raises(SampleError, match="'memory://x/none' does not exist$") as caught:
                read("memory://x/none")
            assert caught.value.category == "file.missing"

    def test_a_folder_is_no_file(self, memory: Any) -> None:
        memory.pipe_file("/x/a/b", b"1")
        with pytest.raises(SampleError, match="is a folder, expected a file"):
            first_match("memory://x/a", re.compile(b"x"))

    def test_an_unknown_protocol(self) -> None:
        with pytest.raises(UsageError, match="can't be reached") as caught:
            read_file("nosuch://x/a")
        assert caught.value.category == "usage.url"

    def test_without_fsspec(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
        with pytest.raises(UsageError, match=r"pip install 'cocoseg\[cloud\]'") as caught:
            read_file("s3://x/a")
        assert caught.value.category == "cloud.missing"


@pytest.mark.parametrize("kind", ["memory", "disk"])
class TestFolder:
    @pytest.fixture
    def folder(self, kind: str, memory: Any, disk: str) -> Folder:
        return create_folder("memory://out" if kind == "memory" else disk)

    def test_files_are_there_after_commit_and_not_before(self, folder: Folder) -> None:
        with folder.batch() as batch:
            for name in NAMES:
                batch.add(name, name.encode())
            assert batch.settle() == {}
            assert list(folder.names()) == []
            assert batch.commit() == {}
        assert sorted(folder.names()) == sorted(NAMES)
        for name in NAMES:
            assert folder.read(name) == name.encode()
            assert folder.holds(name, len(name.encode()), digest(name.encode()))
            assert folder.has(name)
        assert not folder.holds(NAMES[0], 5, digest(b"other"))

    def test_what_is_not_committed_is_dropped(self, folder: Folder) -> None:
        with folder.batch() as batch:
            batch.add("a", b"1")
        with folder.batch() as batch:
            batch.add("a", b"1")
            batch.add("b", b"1")
            batch.drop(["a"])
            batch.commit()
        assert list(folder.names()) == ["b"]

    def test_another_file_is_in_the_way(self, folder: Folder) -> None:
        folder.write("a", b"theirs")
        folder = create_folder(folder.root)
        folder.write("a", b"theirs")
        with folder.batch() as batch:
            batch.add("a", b"ours")
            batch.add("b", b"ours")
            assert [error.category for error in batch.settle().values()] == ["out.exists"]
            assert batch.commit() == {}
        assert (folder.read("a"), folder.read("b")) == (b"theirs", b"ours")
        folder.write("a", b"ours", overwrite=True)
        folder.save("b", b"new")
        assert (folder.read("a"), folder.read("b")) == (b"ours", b"new")

    def test_names_under_a_folder_and_removal(self, folder: Folder) -> None:
        folder.write("x/1", b"")
        folder.write("xy/2", b"")
        assert list(folder.names("x")) == ["x/1"]
        folder.remove(["x/1", "x/none"])
        assert list(folder.names()) == ["xy/2"]

    def test_chunks_are_gathered_and_there_after_commit(self, folder: Folder) -> None:
        with folder.batch() as batch:
            batch.add_chunks("a", iter([b"1", b"", b"23"]))
            batch.add_chunks("b", [b"4"])
            batch.add_chunks("c", [b"5"])
            batch.drop(["c"])
            assert batch.settle() == {}
            assert list(folder.names()) == []
            assert batch.commit() == {}
        assert {name: folder.read(name) for name in folder.names()} == {"a": b"123", "b": b"4"}
        assert folder.save_chunks("a", [b"6", b"7"]) == (2, digest(b"67"))
        assert folder.read("a") == b"67"

    def test_of_chunks_that_end_in_an_error_nothing_stays(
        self, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()

        def chunks() -> Iterator[bytes]:
            yield b"1"
            raise SampleError("a", "two")

        with pytest.raises(SampleError, match="two"), folder.batch() as batch:
            batch.add_chunks("a", chunks())
        assert list(folder.names()) == []
        assert list((tmp_path / "temporary").iterdir()) == []

    def test_one_run_at_a_time(self, folder: Folder) -> None:
        with folder.lock():
            assert folder.is_seen()
            with pytest.raises(OutputError, match=rf"another run writes to .* \(process {os.getpid()} on") as caught:
                folder.lock()
            assert caught.value.category == "out.locked"
        with folder.lock():
            pass
        assert list(folder.names()) == []


def test_temporaries_where_an_object_is_not_put_whole(disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = create_folder(disk)

    def fail(*_: object) -> None:
        raise OSError(5, "gone")

    monkeypatch.setattr(Disk, "mv", fail)
    with pytest.raises(OutputError, match=r"can't be written \(gone\)"):
        folder.write("a", b"1")
    assert list(folder.names()) == []
    folder.root = folder.root.removeprefix("testdisk://")
    (Path(folder.root) / ".cocoseg-tmp-1").write_bytes(b"")
    assert create_folder(disk).temporaries() == [".cocoseg-tmp-1"]


def test_the_batch_of_a_remote_folder_does_all_that_a_batch_does(memory: Any) -> None:
    batch = RemoteFolder("memory://x").batch()
    batch.add_chunks("a", [b"1", b"2"])
    batch.commit()
    assert memory.cat_file("/x/a") == b"12"


def test_a_file_in_the_place_of_the_folder(memory: Any) -> None:
    memory.pipe_file("/x", b"1")
    with pytest.raises(OutputError, match="is a file, expected a folder"):
        create_folder("memory://x")


class TestLock:
    URL = "memory://out/.cocoseg/lock"

    def holder(self, memory: Any, **changes: object) -> None:
        holder = {"pid": 1, "host": "elsewhere", "since": "2026-01-01", "token": "x", "alive": time.time()}
        memory.pipe_file("/out/.cocoseg/lock", json.dumps(holder | changes).encode())

    def test_of_another_machine(self, memory: Any) -> None:
        self.holder(memory)
        with pytest.raises(OutputError, match=f"on 'elsewhere', since 2026.*if it has died, remove '{self.URL}'"):
            create_folder("memory://out").lock()

    def test_not_refreshed(self, memory: Any) -> None:
        self.holder(memory, alive=time.time() - 601)
        with create_folder("memory://out").lock():
            pass
        assert not memory.store

    def test_of_a_dead_process_of_this_machine(self, memory: Any) -> None:
        self.holder(memory, host=remote_lock.socket.gethostname(), pid=2**22 + 1)
        with create_folder("memory://out").lock():
            pass

    def test_damaged(self, memory: Any) -> None:
        memory.pipe_file("/out/.cocoseg/lock", b"{")
        with create_folder("memory://out").lock():
            pass

    def test_is_refreshed(self, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_lock.RemoteLock, "_every", -1.0)
        with create_folder("memory://out").lock() as held:
            before = json.loads(read_file(self.URL))["alive"]
            held.beat()
            assert json.loads(read_file(self.URL))["alive"] > before

    def test_taken_over_by_another_run(self, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_lock.RemoteLock, "_every", -1.0)
        with create_folder("memory://out").lock() as held:
            self.holder(memory)
            with pytest.raises(OutputError, match="another run writes"):
                held.beat()
        assert json.loads(read_file(self.URL))["token"] == "x"


class TestPrefetch:
    @pytest.mark.parametrize("width", [0, 1, 3])
    def test_results_and_errors_in_order(self, width: int) -> None:
        def call(value: int) -> int:
            if value == 2:
                raise SampleError("a", "two")
            return 10 * value

        found: list[object] = []
        for result in prefetch(call, range(5), width):
            try:
                found.append(result())
            except SampleError as error:
                found.append(str(error))
        assert found == [0, 10, "two", 30, 40]

    def test_no_more_than_its_width_is_under_way(self) -> None:
        begun: list[int] = []
        results = prefetch(begun.append, range(100), 4)
        next(results)()
        results.close()
        assert len(begun) <= 5
