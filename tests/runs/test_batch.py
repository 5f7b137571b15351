"""Output files: whole or absent, never outside their folder, nothing overwritten unasked."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.errors import CocosegError, OutputError, SampleError
from cocoseg.files.digests import digest
from cocoseg.files.names import TEMPORARY
from cocoseg.files.places import lies_in
from cocoseg.runs import durable
from cocoseg.runs.folder import Folder

CONTENT = b"whole\n" * 1000
FATAL = [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG]
PASSING = [errno.EIO, errno.EACCES, errno.EPERM, errno.EMFILE]


@pytest.fixture
def out(tmp_path: Path) -> Folder:
    return Folder.create(tmp_path / "out")


def tree(folder: str | Path) -> dict[str, bytes | None]:
    """Every path under a folder, with the bytes of files."""
    paths = sorted(Path(folder).rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


def refusal(kind: type[CocosegError], call: Callable[[], Any]) -> CocosegError:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).isprintable()
    return caught.value


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


class TestCreate:
    def test_makes_the_folder(self, tmp_path: Path) -> None:
        folder = Folder.create(tmp_path / "out")
        assert folder.root == str((tmp_path / "out").resolve())
        assert tree(tmp_path) == {"out": None}

    def test_takes_a_folder_that_is_there_as_it_is(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"a")
        Folder.create(str(tmp_path))
        assert tree(tmp_path) == {"a": b"a"}

    def test_takes_a_relative_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        folder = Folder.create("out")
        monkeypatch.chdir("/")
        folder.write("a", b"a")
        assert tree(tmp_path) == {"out": None, "out/a": b"a"}

    def test_goes_through_a_link_that_the_user_made(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        Folder.create(tmp_path / "link").write("a", b"a")
        assert (tmp_path / "real" / "a").read_bytes() == b"a"

    def test_refuses_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "out").write_bytes(b"precious")
        assert refusal(OutputError, lambda: Folder.create(tmp_path / "out")).category == "out.not_folder"
        assert tree(tmp_path) == {"out": b"precious"}

    def test_makes_its_parents(self, tmp_path: Path) -> None:
        Folder.create(tmp_path / "a" / "b" / "out")
        assert tree(tmp_path) == {"a": None, "a/b": None, "a/b/out": None}

    def test_refuses_a_file_in_the_place_of_a_parent(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        for out in ("out", "b/out"):
            error = refusal(OutputError, lambda out=out: Folder.create(tmp_path / "file" / out))
            assert error.category == "out.parent"
            assert f"'{tmp_path}/file' is a file" in str(error)

    def test_refuses_a_link_to_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "out").symlink_to(tmp_path / "gone")
        assert refusal(OutputError, lambda: Folder.create(tmp_path / "out")).category.startswith("out.")
        assert not (tmp_path / "gone").exists()

    @pytest.mark.parametrize("name", ["a" * 300, "a\0b"], ids=["too long", "NUL"])
    def test_refuses_a_name_that_no_folder_can_have(self, tmp_path: Path, name: str) -> None:
        assert refusal(OutputError, lambda: Folder.create(tmp_path / name)).category.startswith("out.")

    @pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
    @pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
    def test_finds_out_at_once_that_nothing_can_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, number: int
    ) -> None:
        target = tmp_path / "out"
        if there:
            target.mkdir()
        monkeypatch.setattr(*((os, "open") if there else (Path, "mkdir")), failing(number))
        error = refusal(OutputError, lambda: Folder.create(target))
        assert error.category == "out.write"
        assert str(error).startswith(f"'{target}' can't be written ({os.strerror(number)}); ")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_refuses_a_folder_without_rights(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir(mode=0o555)
        error = refusal(OutputError, lambda: Folder.create(tmp_path / "out"))
        assert error.category == "out.write"
        assert "that you may write to" in str(error)


class TestWrite:
    @pytest.mark.parametrize("name", ["a.png", "val/a.png", "a/b/c/d.png", "日本/é.png", "a b", "a" * 251 + ".png"])
    def test_puts_the_bytes_there_and_nothing_else(self, out: Folder, name: str) -> None:
        out.write(name, CONTENT)
        assert {path: data for path, data in tree(out.root).items() if data is not None} == {name: CONTENT}

    def test_of_no_bytes_makes_an_empty_file(self, out: Folder) -> None:
        out.write("a", b"")
        assert tree(out.root) == {"a": b""}

    def test_into_one_folder_many_times(self, out: Folder) -> None:
        for number in range(5):
            out.write(f"val/{number}", str(number).encode())
        assert tree(out.root) == {"val": None} | {f"val/{number}": str(number).encode() for number in range(5)}

    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077])
    def test_gives_the_rights_that_the_umask_leaves(self, out: Folder, mask: int) -> None:
        before = os.umask(mask)
        try:
            out.write("sub/a", CONTENT)
        finally:
            os.umask(before)
        assert stat.S_IMODE(os.stat(f"{out.root}/sub/a").st_mode) == 0o666 & ~mask
        assert stat.S_IMODE(os.stat(f"{out.root}/sub").st_mode) == 0o777 & ~mask

    def test_leaves_a_file_that_has_the_same_bytes_untouched(self, out: Folder) -> None:
        out.write("a", CONTENT)
        os.utime(f"{out.root}/a", ns=(0, 0))
        before = os.stat(f"{out.root}/a")
        out.write("a", CONTENT)
        after = os.stat(f"{out.root}/a")
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, 0)

    @pytest.mark.parametrize("other", [b"", CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT)])
    def test_refuses_to_replace_other_bytes_unasked(self, out: Folder, other: bytes) -> None:
        out.write("a", other)
        error = refusal(SampleError, lambda: out.write("a", CONTENT))
        assert error.category == "out.exists"
        assert "--overwrite" in str(error)
        assert tree(out.root) == {"a": other}

    def test_replaces_other_bytes_when_asked(self, out: Folder) -> None:
        out.write("a", b"old")
        out.write("a", CONTENT, overwrite=True)
        assert tree(out.root) == {"a": CONTENT}

    def test_replacing_leaves_another_name_of_the_old_file_as_it_is(self, out: Folder, tmp_path: Path) -> None:
        (tmp_path / "precious").write_bytes(b"old")
        os.link(tmp_path / "precious", f"{out.root}/a")
        out.write("a", CONTENT, overwrite=True)
        assert (tmp_path / "precious").read_bytes() == b"old"

    def test_leaves_the_temporary_of_another_process_alone(self, out: Folder) -> None:
        other = f"{TEMPORARY}{os.getpid():x}-00000000-0"
        Path(out.root, other).write_bytes(b"half a fi")
        out.write("a", CONTENT)
        assert tree(out.root) == {"a": CONTENT, other: b"half a fi"}

    def test_does_not_write_through_a_link_in_the_temporarys_place(
        self, out: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(secrets, "token_hex", lambda size: "ab" * size)
        (tmp_path / "precious").write_bytes(b"old")
        Path(out.root, f"{TEMPORARY}{out.token}-{'ab' * 8}-0").symlink_to(tmp_path / "precious")
        assert refusal(SampleError, lambda: out.write("a", CONTENT)).category == "path.collision"
        assert (tmp_path / "precious").read_bytes() == b"old"
        assert not Path(out.root, "a").exists()


class TestNamesThatAreTaken:
    @pytest.mark.parametrize("overwrite", [True, False])
    def test_by_a_folder(self, out: Folder, overwrite: bool) -> None:
        Path(out.root, "a").mkdir()
        error = refusal(SampleError, lambda: out.write("a", CONTENT, overwrite=overwrite))
        assert error.category in ("path.collision", "out.exists")
        assert tree(out.root) == {"a": None}

    @pytest.mark.parametrize("overwrite", [True, False])
    @pytest.mark.parametrize("name", ["a/b", "a/b/c"])
    def test_by_a_file_where_a_folder_is_needed(self, out: Folder, name: str, overwrite: bool) -> None:
        out.write("a", b"file")
        error = refusal(SampleError, lambda: out.write(name, CONTENT, overwrite=overwrite))
        assert error.category == "path.collision"
        assert tree(out.root) == {"a": b"file"}

    def test_that_are_too_long(self, out: Folder) -> None:
        assert refusal(SampleError, lambda: out.write("a" * 256, CONTENT)).category == "path.invalid"
        assert tree(out.root) == {}

    def test_cost_one_file_only(self, out: Folder) -> None:
        out.write("a", b"file")
        refusal(SampleError, lambda: out.write("a/b", CONTENT))
        out.write("b/c", CONTENT)
        assert Path(out.root, "b/c").read_bytes() == CONTENT


class TestLinksInTheFolder:
    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        folder = tmp_path / "outside"
        folder.mkdir()
        (folder / "precious").write_bytes(b"old")
        return folder

    @pytest.mark.parametrize("overwrite", [True, False])
    @pytest.mark.parametrize("name", ["link/a", "link/precious", "link/new/a", "link/new/deep/a", "sub/link/new/a"])
    def test_that_lead_out_are_not_followed(self, out: Folder, outside: Path, name: str, overwrite: bool) -> None:
        Path(out.root, "sub").mkdir()
        for link in ("link", "sub/link"):
            Path(out.root, link).symlink_to(outside)
        error = refusal(SampleError, lambda: out.write(name, CONTENT, overwrite=overwrite))
        assert error.category == "path.escape"
        assert tree(outside) == {"precious": b"old"}

    def test_in_the_place_of_a_file_are_replaced_not_written_through(self, out: Folder, outside: Path) -> None:
        Path(out.root, "a").symlink_to(outside / "precious")
        assert refusal(SampleError, lambda: out.write("a", CONTENT)).category == "out.exists"
        out.write("a", CONTENT, overwrite=True)
        assert tree(outside) == {"precious": b"old"}
        assert tree(out.root) == {"a": CONTENT}
        assert not Path(out.root, "a").is_symlink()

    @pytest.mark.parametrize("overwrite", [True, False])
    def test_are_no_file_with_the_same_bytes(self, out: Folder, outside: Path, overwrite: bool) -> None:
        Path(out.root, "a").symlink_to(outside / "precious")
        if overwrite:
            out.write("a", b"old", overwrite=True)
            assert not Path(out.root, "a").is_symlink()
        else:
            assert refusal(SampleError, lambda: out.write("a", b"old")).category == "out.exists"

    def test_to_nothing_are_taken_too(self, out: Folder, outside: Path) -> None:
        Path(out.root, "a").symlink_to(outside / "gone")
        assert refusal(SampleError, lambda: out.write("a", CONTENT)).category == "out.exists"
        assert tree(outside) == {"precious": b"old"}


CALLS = ["open", "write", "close", "replace", "mkdir"]


@pytest.mark.parametrize("before", [None, b"old"], ids=["new", "old"])
@pytest.mark.parametrize("call", CALLS)
class TestFailures:
    """At every call that can fail, the file is afterwards whole, old or absent, and no temporary is left."""

    @pytest.fixture
    def target(self, out: Folder, before: bytes | None, call: str) -> Iterator[Callable[[], None]]:
        os.mkdir(f"{out.root}/sub")
        if before is not None:
            Path(out.root, "sub/a").write_bytes(before)
        yield lambda: out.write("sub/new/a" if call == "mkdir" else "sub/a", CONTENT, overwrite=True)
        assert tree(out.root) == {"sub": None} | ({} if before is None else {"sub/a": before})

    @pytest.mark.parametrize("number", FATAL, ids=errno.errorcode.get)
    def test_that_every_file_would_meet_stop_the_run(
        self, target: Callable[[], None], monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        fail_at(monkeypatch, call, failing(number))
        error = refusal(OutputError, target)
        assert error.category == "out.write"
        assert os.strerror(number) in str(error)

    @pytest.mark.parametrize("number", PASSING, ids=errno.errorcode.get)
    def test_that_this_file_meets_cost_this_file(
        self, target: Callable[[], None], monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        fail_at(monkeypatch, call, failing(number))
        error = refusal(SampleError, target)
        assert error.category == "out.write"
        assert os.strerror(number) in str(error)

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, SystemExit])
    def test_that_are_none_of_the_files_pass_through(
        self, target: Callable[[], None], monkeypatch: pytest.MonkeyPatch, call: str, kind: type[BaseException]
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise kind

        fail_at(monkeypatch, call, fail)
        with pytest.raises(kind):
            target()


def fail_at(patch: pytest.MonkeyPatch, call: str, fail: Callable[..., Any]) -> None:
    """Make ``os.<call>`` fail until the file is given up; a write fails half-way, a close after it has closed."""
    original = getattr(os, call)
    times = [0]

    def once(*args: Any, **options: Any) -> Any:
        times[0] += 1
        if call == "write" and times[0] == 1:
            return original(args[0], args[1][:10])
        if call == "close":
            original(*args)
        if call not in ("open", "mkdir") or times[0] == 2:  # too many open files: opening is tried once more
            patch.setattr(os, call, original)
        return fail()

    patch.setattr(os, call, once)


@given(st.binary(max_size=400), st.lists(st.integers(1, 90), min_size=1, max_size=30))
@settings(max_examples=80, deadline=None)
def test_short_writes_are_gone_on_with(tmp_path_factory: pytest.TempPathFactory, data: bytes, steps: list[int]) -> None:
    out = Folder.create(tmp_path_factory.getbasetemp() / "short-writes")
    original, todo = os.write, list(steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", lambda file, part: original(file, part[: todo.pop() if todo else None]))
        out.write("a", data, overwrite=True)
    assert tree(out.root) == {"a": data}


def test_the_file_is_not_seen_under_its_name_until_it_is_whole(out: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, bytes | None]] = []
    for call in ("write", "close", "replace"):
        original = getattr(os, call)

        def look(*args: Any, original: Any = original, **at: Any) -> Any:
            seen.append({name: data for name, data in tree(out.root).items() if not name.startswith(TEMPORARY)})
            return original(*args, **at)

        monkeypatch.setattr(os, call, look)
    out.write("a", CONTENT)
    assert len(seen) >= 3
    assert not any(seen)


def test_a_disk_that_is_full_for_real_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files meets the process as a full disk does."""
    import resource

    out = Folder.create(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        error = refusal(OutputError, lambda: out.write("a", CONTENT * 10))
        out.write("b", CONTENT[:100])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.category == "out.write"
    assert tree(tmp_path) == {"b": CONTENT[:100]}


class TestBatch:
    """Nothing is seen before ``commit``; what is not committed is gone."""

    def seen(self, out: Folder) -> dict[str, bytes | None]:
        files = tree(out.root).items()
        return {name: data for name, data in files if not Path(name).name.startswith(TEMPORARY) and data is not None}

    def test_shows_all_files_at_once(self, out: Folder) -> None:
        with out.batch() as batch:
            batch.add("a", b"1")
            batch.add("sub/b", b"2")
            batch.settle()
            assert self.seen(out) == {}
            assert len([name for name in out.names() if Path(name).name.startswith(TEMPORARY)]) == 2
            assert batch.commit() == {}
            assert tree(out.root) == {"a": b"1", "sub": None, "sub/b": b"2"}
        assert tree(out.root) == {"a": b"1", "sub": None, "sub/b": b"2"}

    def test_names_them_in_the_order_in_which_they_came(self, out: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        named: list[str] = []
        original = os.replace
        monkeypatch.setattr(
            os, "replace", lambda old, new, **at: (named.append(Path(new).name), original(old, new, **at))[1]
        )
        with out.batch() as batch:
            for name in "cab":
                batch.add(name, name.encode())
            batch.commit()
        assert named == ["c", "a", "b"]

    @pytest.mark.parametrize("kind", [None, KeyboardInterrupt, MemoryError])
    def test_that_is_not_committed_leaves_nothing(self, out: Folder, kind: type[BaseException] | None) -> None:
        out.write("old", b"old")

        def work() -> None:
            with out.batch() as batch:
                batch.add("a", b"1")
                batch.add("old", b"new", overwrite=True)
                if kind:
                    raise kind

        if kind:
            with pytest.raises(kind):
                work()
        else:
            work()
        assert tree(out.root) == {"old": b"old"}

    def test_takes_files_back(self, out: Folder) -> None:
        with out.batch() as batch:
            batch.add("a", b"1")
            batch.add("b", b"2")
            batch.drop(["a", "never added"])
            batch.commit()
        assert tree(out.root) == {"b": b"2"}

    def test_leaves_what_is_the_same_and_refuses_what_is_not(self, out: Folder) -> None:
        out.write("same", b"1")
        out.write("other", b"2")
        before = os.stat(out.path("same"))
        with out.batch() as batch:
            batch.add("same", b"1")
            assert refusal(SampleError, lambda: batch.add("other", b"3")).category == "out.exists"
            batch.add("other", b"3", overwrite=True)
            batch.commit()
        after = os.stat(out.path("same"))
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert tree(out.root) == {"same": b"1", "other": b"3"}

    def test_a_name_that_can_not_be_given_costs_its_file(self, out: Folder) -> None:
        with out.batch() as batch:
            for name in "abc":
                batch.add(name, name.encode())
            Path(out.root, "b").mkdir()
            failed = batch.commit()
        assert {name: error.category for name, error in failed.items()} == {"b": "out.exists"}
        assert tree(out.root) == {"a": b"a", "b": None, "c": b"c"}

    def test_a_disk_that_is_full_at_a_name_ends_the_run(self, out: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        original = os.replace
        monkeypatch.setattr(
            os, "replace", lambda o, n, **at: original(o, n, **at) if n.endswith("a") else failing(errno.ENOSPC)()
        )
        with out.batch() as batch:
            for name in "abc":
                batch.add(name, name.encode())
            assert refusal(OutputError, batch.commit).category == "out.write"
        assert tree(out.root) == {"a": b"a"}

    @pytest.mark.parametrize("after", [False, True])
    def test_interrupted_at_a_name_leaves_whole_files(
        self, out: Folder, monkeypatch: pytest.MonkeyPatch, after: bool
    ) -> None:
        original = os.replace

        def interrupted(old: str, new: str, **at: int) -> None:
            if after or new.endswith("a"):
                original(old, new, **at)
            if new.endswith("b"):
                raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt), out.batch() as batch:  # noqa: PT012
            for name in "abc":
                batch.add(name, name.encode())
            batch.commit()
        assert tree(out.root) == {"a": b"a"} | ({"b": b"b"} if after else {})

    def test_may_go_on_after_a_commit(self, out: Folder) -> None:
        with out.batch() as batch:
            batch.add("a", b"1")
            batch.commit()
            batch.add("a", b"2", overwrite=True)
            batch.commit()
        assert tree(out.root) == {"a": b"2"}

    def test_two_in_one_folder_do_not_meet(self, out: Folder) -> None:
        """What the other has made meanwhile counts as if it had been there before."""
        with out.batch() as one, out.batch() as other:
            for name in "abc":
                one.add(name, b"1", overwrite=name == "c")
            other.add("a", b"2")
            other.add("b", b"1")
            other.add("c", b"2")
            assert other.commit() == {}
            assert {name: error.category for name, error in one.commit().items()} == {"a": "out.exists"}
        assert tree(out.root) == {"a": b"2", "b": b"1", "c": b"1"}


class TestDurable:
    def synced(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What was made durable, and what was renamed, in order."""
        told: list[str] = []
        original, sync = os.replace, os.fsync

        def fsync(descriptor: int) -> None:
            told.append("fsync")
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(
            os, "replace", lambda old, new, **at: (told.append(Path(new).name), original(old, new, **at))[1]
        )
        return told

    def test_save_is_before_it_is_seen(self, out: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.synced(monkeypatch)
        out.save("a", b"1")
        assert told == ["fsync", "a"]

    def test_write_is_not(self, out: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        told = self.synced(monkeypatch)
        out.write("a", b"1")
        assert told == ["a"]

    def test_settle_goes_file_by_file_where_there_is_no_call_for_all(
        self, out: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(durable, "sync_all", lambda root: False)
        told = self.synced(monkeypatch)
        with out.batch() as batch:
            batch.add("a", b"1")
            batch.add("b", b"2")
            batch.settle()
            batch.commit()
        assert told == ["fsync", "fsync", "a", "b"]

    @pytest.mark.skipif(sys.platform != "linux", reason="a call of Linux")
    def test_linux_has_a_call_for_all(self, out: Folder) -> None:
        assert durable.sync_all(out.root)

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
    def test_what_can_not_be_made_durable_ends_the_run(
        self, out: Folder, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        monkeypatch.setattr(durable, "sync_all", failing(number))
        with out.batch() as batch:
            batch.add("a", b"1")
            assert os.strerror(number) in str(refusal(OutputError, batch.settle))
        assert tree(out.root) == {}

    @pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
    def test_save_that_fails_ends_the_run_and_leaves_the_old_bytes(
        self, out: Folder, monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        out.save("a", b"old")
        monkeypatch.setattr(os, call, failing(number))
        assert refusal(OutputError, lambda: out.save("a", b"new")).category == "out.write"
        monkeypatch.undo()
        assert tree(out.root) == {"a": b"old"}

    def test_save_replaces_and_leaves_the_same(self, out: Folder) -> None:
        out.save("a", b"1")
        before = os.stat(out.path("a")).st_ino
        out.save("a", b"1")
        assert os.stat(out.path("a")).st_ino == before
        out.save("a", b"2")
        assert tree(out.root) == {"a": b"2"}


class TestHolds:
    def test_a_file_of_that_size_and_digest(self, out: Folder) -> None:
        out.write("a", CONTENT)
        assert out.holds("a", len(CONTENT), digest(CONTENT))

    @pytest.mark.parametrize("data", [b"", CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"x"])
    def test_no_other(self, out: Folder, data: bytes) -> None:
        out.write("a", data)
        assert not out.holds("a", len(CONTENT), digest(CONTENT))

    def test_no_link_no_folder_no_pipe_nothing(self, out: Folder) -> None:
        out.write("a", CONTENT)
        Path(out.root, "link").symlink_to("a")
        Path(out.root, "folder").mkdir()
        os.mkfifo(out.path("pipe"))
        for name in ("link", "folder", "pipe", "none", "a/b", "x" * 300, "a\0"):
            assert not out.holds(name, len(CONTENT), digest(CONTENT))
            assert not out.holds(name, 0, digest(b""))


class TestNames:
    def test_are_all_files_in_order(self, out: Folder) -> None:
        for name in ("b", "a/d", "a/c", "a.png", "a/b/x"):
            out.write(name, b"")
        assert list(out.names()) == ["a.png", "b", "a/c", "a/d", "a/b/x"]
        assert list(out.names("a")) == ["a/c", "a/d", "a/b/x"]
        assert list(out.names("none")) == []

    def test_do_not_go_through_links(self, out: Folder, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "x").write_bytes(b"")
        Path(out.root, "link").symlink_to(tmp_path / "other")
        assert list(out.names()) == []

    def test_are_removed(self, out: Folder) -> None:
        out.write("a/b", b"")
        out.remove(["a/b", "gone"])
        assert tree(out.root) == {"a": None}
        refusal(OutputError, lambda: out.remove(["a"]))


def nested(one: str | Path, other: str | Path) -> bool:
    return lies_in(one, other) or lies_in(other, one)


class TestFoldersInOneAnother:
    @pytest.mark.parametrize(
        ("one", "other"),
        [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "x/../a"), ("a", "link"), ("a", "link/b"), ("a/b/new", "a")],
    )
    def test_is_one_folder_or_one_in_the_other(self, tmp_path: Path, one: str, other: str) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "x").mkdir()
        (tmp_path / "link").symlink_to("a")
        assert nested(tmp_path / one, tmp_path / other)
        assert nested(str(tmp_path / other), str(tmp_path / one))

    @pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a", "ab"), ("x/a", "y/a"), ("none", "nothing")])
    def test_is_not_two_folders_side_by_side(self, tmp_path: Path, one: str, other: str) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        assert not nested(tmp_path / one, tmp_path / other)

    def test_sees_through_relative_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert nested("a", tmp_path / "a" / "b")
