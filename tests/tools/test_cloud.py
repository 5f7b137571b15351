"""Conversions on a real S3-speaking server on loopback, and in fsspec's memory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest

import badinput
import cocoseg
import s3server
from cocoseg.files import store
from cocoseg.files.reading import first_match, read_file, read_head
from command import Result
from command import cocoseg as command
from conftest import FIXTURES

pytestmark = pytest.mark.long

COUNT = 60
NOT_DONE = {"AWS_EC2_METADATA_DISABLED": "true"}
GIB = 1 << 30


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with s3server.serving() as env:
        yield env


@pytest.fixture
def s3(server: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """A bucket of the test's own: what ``bucket`` names, as a file system."""
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    files = fresh()
    name = f"bucket-{abs(hash(request.node.name)):x}"[:40]
    files.mkdir(name)
    files.bucket = name
    return files


def fresh() -> Any:
    """The file system as the environment says now; fsspec remembers where an earlier one led."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    return fsspec.filesystem("s3", use_listings_cache=False)


def run(*args: object, env: dict[str, str] | None = None, seconds: float = 60) -> Result:
    return command(*args, env=env, seconds=seconds, limit=8 * GIB)


def upload(files: Any, folder: Path, to: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            files.pipe_file(f"{to}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def download(files: Any, root: str) -> dict[str, bytes]:
    return {path[len(root) + 1 :]: files.cat_file(path) for path in files.find(root)}


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def lay_out(root: Path, names: list[str]) -> Path:
    document = badinput.base_document()
    good = document["annotations"][0]
    document["images"] = [{"id": n, "height": 8, "width": 8} for n in range(len(names))]
    document["annotations"] = [{**good, "image_id": n, "file_name": name} for n, name in enumerate(names)]
    files = {f"panoptic/{name}": badinput.base_png() for name in names}
    return badinput.lay_out({"input": {"raw": json.dumps(document), "files": files}}, root)


def fixtures(files: Any) -> str:
    root = f"{files.bucket}/in"
    files.pipe_file(f"{root}/panoptic.json", (FIXTURES / "panoptic.json").read_bytes())
    upload(files, FIXTURES / "panoptic", f"{root}/panoptic")
    return f"s3://{root}/panoptic.json"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_bytes_as_on_disk(workers: int, s3: Any, tmp_path: Path) -> None:
    source, out = fixtures(s3), f"{s3.bucket}/out"
    cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "out")
    result = run("to-semantic", source, f"s3://{out}", "--workers", workers)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.endswith(f"are in s3://{out}\n")
    assert download(s3, out) == tree(tmp_path / "out")
    assert run("verify", f"s3://{out}", "--workers", workers).code == 0
    assert "kept" not in result.stdout
    again = run("to-semantic", source, f"s3://{out}", "--workers", workers)
    assert "3 of them finished before" in again.stdout
    assert download(s3, out) == tree(tmp_path / "out")


@pytest.mark.parametrize("command", ["to-onehot", "to-masks", "to-coco", "to-panoptic"])
def test_every_command_writes_there_what_it_writes_here(command: str, s3: Any, tmp_path: Path) -> None:
    name = "out.json" if command == "to-coco" else "out"
    source, out = fixtures(s3), f"s3://{s3.bucket}/{command}/{name}"
    convert = getattr(cocoseg, command.replace("-", "_"))
    convert(FIXTURES / "panoptic.json", tmp_path / name)
    assert run(command, source, out, "--workers", 2).code == 0
    assert download(s3, f"{s3.bucket}/{command}") == tree(tmp_path)
    again = run(command, source, out, "--json")
    assert (again.code, again.summary["kept"]) == (0, 3)
    assert run("verify", out).code == 0


def test_from_s3_to_disk_and_back(s3: Any, tmp_path: Path) -> None:
    cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "expected")
    cocoseg.to_semantic(fixtures(s3), tmp_path / "out")
    cocoseg.to_semantic(FIXTURES / "panoptic.json", f"s3://{s3.bucket}/out")
    assert tree(tmp_path / "out") == tree(tmp_path / "expected") == download(s3, f"{s3.bucket}/out")


def test_instances_and_info(s3: Any) -> None:
    s3.pipe_file(f"{s3.bucket}/i.json", (FIXTURES / "instances.json").read_bytes())
    url = f"s3://{s3.bucket}/i.json"
    assert len(cocoseg.read(url)) == len(cocoseg.read(FIXTURES / "instances.json"))
    result = run("info", url)
    assert (result.code, result.stdout.splitlines()[0]) == (0, url)
    assert cocoseg.info(fixtures(s3)).missing == ()
    s3.rm_file(f"{s3.bucket}/in/panoptic/crowd.png")
    assert cocoseg.info(f"s3://{s3.bucket}/in/panoptic.json").missing == (
        f"1 of 3 PNGs in s3://{s3.bucket}/in/panoptic",
    )


def test_names_that_mean_something_elsewhere(s3: Any, tmp_path: Path) -> None:
    names = ["a b.png", "ü/日本.png", "x#1.png", "50%20.png", "[a].png", "a+b&c=d.png"]
    source = lay_out(tmp_path / "set", names)
    upload(s3, tmp_path / "set", f"{s3.bucket}/sét #1%")
    cocoseg.to_semantic(source, tmp_path / "out")
    cocoseg.to_semantic(f"s3://{s3.bucket}/sét #1%/panoptic.json", f"s3://{s3.bucket}/o ü#")
    assert download(s3, f"{s3.bucket}/o ü#") == tree(tmp_path / "out")


def test_an_object_of_no_bytes_and_one_in_steps(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.pipe_file(f"{s3.bucket}/empty", b"")
    url = f"s3://{s3.bucket}/empty"
    assert (read_file(url), read_head(url, 5), first_match(url, re.compile(b"a"))) == (b"", b"", b"")
    s3.pipe_file(f"{s3.bucket}/some", b"0123456789")
    url = f"s3://{s3.bucket}/some"
    assert (read_file(url), read_head(url, 5), read_head(url, 50)) == (b"0123456789", b"01234", b"0123456789")
    monkeypatch.setattr(store, "_STEP", 4)
    assert first_match(url, re.compile(b"34")) == b"34"


def test_of_two_locks_that_are_put_together_one_is_refused(s3: Any) -> None:
    url = f"s3://{s3.bucket}/lock"
    store.put(url, b"1", new=True)
    with pytest.raises(FileExistsError):
        store.put(url, b"2", new=True)
    assert store.read(url) == b"1"


def test_a_picture_that_is_missing_costs_one(s3: Any) -> None:
    source = fixtures(s3)
    s3.rm_file(f"{s3.bucket}/in/panoptic/crowd.png")
    summary = cocoseg.to_semantic(source, f"s3://{s3.bucket}/out")
    assert summary.images == 2
    (failure,) = summary.failures
    assert failure.category == "file.missing"
    assert f"'s3://{s3.bucket}/in/panoptic/crowd.png' does not exist" in failure.message


def test_a_file_of_somebody_else(s3: Any) -> None:
    source, theirs = fixtures(s3), f"{s3.bucket}/out/crowd.png"
    s3.pipe_file(theirs, b"theirs")
    summary = cocoseg.to_semantic(source, f"s3://{s3.bucket}/out")
    assert [failure.category for failure in summary.failures] == ["out.exists"]
    assert s3.cat_file(theirs) == b"theirs"
    again = cocoseg.to_semantic(source, f"s3://{s3.bucket}/out")
    assert (again.kept, [failure.category for failure in again.failures]) == (2, ["out.exists"])
    last = cocoseg.to_semantic(source, f"s3://{s3.bucket}/out", overwrite=True)
    assert (last.images, last.failures) == (3, [])


def test_what_was_changed_or_is_gone_is_made_again(s3: Any) -> None:
    source, out = fixtures(s3), f"{s3.bucket}/out"
    cocoseg.to_semantic(source, f"s3://{out}")
    before = download(s3, out)
    s3.pipe_file(f"{out}/crowd.png", b"changed")
    s3.rm_file(f"{out}/touching.png")
    found = cocoseg.verify(f"s3://{out}")
    assert sorted(failure.category for failure in found.failures) == ["verify.changed", "verify.missing"]
    assert cocoseg.to_semantic(source, f"s3://{out}").kept == 1
    assert download(s3, out) == before


def test_killed_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lay_out(tmp_path / "set", [f"{n:03d}.png" for n in range(COUNT)])
    cocoseg.to_semantic(source, tmp_path / "out")
    with s3server.serving(latency=0.05) as env:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        files = fresh()
        files.mkdir("bucket")
        with ThreadPoolExecutor(16) as threads:
            for path, data in tree(tmp_path / "set").items():
                threads.submit(files.pipe_file, f"bucket/set/{path}", data)
        call = [sys.executable, "-m", "cocoseg", "to-semantic", "s3://bucket/set/panoptic.json", "s3://bucket/out"]
        process = subprocess.Popen([*call, "--workers", "2"], start_new_session=True, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + 60
        while time.monotonic() < ends and not [name for name in files.find("bucket/out") if name.endswith(".png")]:
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        left = download(files, "bucket/out")
        expected = tree(tmp_path / "out")
        assert all(data == expected[name] for name, data in left.items() if name.endswith(".png"))
        assert ".cocoseg/lock" in left
        assert not cocoseg.verify("s3://bucket/out").whole
        summary = cocoseg.to_semantic("s3://bucket/set/panoptic.json", "s3://bucket/out")
        assert 0 < summary.kept < COUNT
        assert download(files, "bucket/out") == expected


def test_another_run_writes_there(s3: Any) -> None:
    holder = {"pid": 7, "host": "elsewhere", "since": "noon", "token": "x", "alive": time.time()}
    s3.pipe_file(f"{s3.bucket}/out/.cocoseg/lock", json.dumps(holder).encode())
    result = run("to-semantic", fixtures(s3), f"s3://{s3.bucket}/out")
    assert (result.code, result.stderr.count("\n")) == (4, 1)
    assert "process 7 on 'elsewhere', since noon" in result.stderr


def says(result: Result, code: int, text: str) -> None:
    assert result.code == code, result.stderr
    assert result.stderr.startswith("cocoseg: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert text in result.stderr


class TestWhatCanNotBeReached:
    """One sentence, the right code, no hang."""

    def test_no_such_object_or_bucket(self, s3: Any) -> None:
        says(run("to-semantic", f"s3://{s3.bucket}/no.json", f"s3://{s3.bucket}/out"), 3, "no.json' does not exist")
        says(run("info", "s3://nobucket/a.json"), 3, "'s3://nobucket/a.json' does not exist")
        says(run("to-semantic", FIXTURES / "panoptic.json", "s3://nobucket/out"), 4, "nobucket/out")
        says(run("verify", "s3://nobucket/out"), 4, "'s3://nobucket/out' does not exist")

    def test_no_pictures(self, s3: Any) -> None:
        s3.pipe_file(f"{s3.bucket}/p.json", (FIXTURES / "panoptic.json").read_bytes())
        says(run("to-semantic", f"s3://{s3.bucket}/p.json", f"s3://{s3.bucket}/out"), 3, "name it with --png-dir")

    def test_no_credentials(self, server: dict[str, str], tmp_path: Path) -> None:
        env = {**server, **NOT_DONE, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
        says(run("info", "s3://bucket/a.json", env=env), 3, "Unable to locate credentials")
        says(run("to-semantic", FIXTURES / "panoptic.json", "s3://b/out", env=env), 4, "Unable to locate credentials")

    def test_nobody_answers(self, server: dict[str, str]) -> None:
        env = {**server, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "2"}
        says(run("info", "s3://bucket/a.json", env=env), 3, "Could not connect")
        says(run("to-semantic", FIXTURES / "panoptic.json", "s3://bucket/out", env=env), 4, "Could not connect")

    def test_the_server_is_gone_in_the_middle(self, tmp_path: Path) -> None:
        source = lay_out(tmp_path / "set", [f"{n:03d}.png" for n in range(COUNT)])
        with s3server.serving(latency=0.05) as env:
            env = {**env, "AWS_MAX_ATTEMPTS": "1"}
            call = [sys.executable, "-m", "cocoseg", "to-semantic", str(source), "s3://bucket/out", "--workers", "1"]
            made = "import fsspec; fsspec.filesystem('s3').mkdir('bucket')"
            subprocess.run([sys.executable, "-c", made], env=os.environ | env, check=True)
            process = subprocess.Popen(call, env=os.environ | env, stderr=subprocess.PIPE, text=True)
            time.sleep(1.8)  # the run takes 3 s; wherever it is, it ends so
        _, said = process.communicate(timeout=60)
        assert process.returncode == 4, said
        assert said.startswith("cocoseg: ")
        assert said.count("\n") == 1


class TestAServerThatNeverAnswers:
    """The system takes its connections, and nobody reads them."""

    @pytest.fixture
    def env(self) -> Iterator[dict[str, str]]:
        with s3server.silent() as env:
            yield env

    def test_reading_and_writing_end_with_a_sentence(self, env: dict[str, str]) -> None:
        write = ("to-semantic", FIXTURES / "panoptic.json", "s3://bucket/out")
        with ThreadPoolExecutor(2) as both:  # each waits for a minute
            written = both.submit(run, *write, env=env, seconds=100)
            read = run("info", "s3://bucket/a.json", env=env, seconds=100)
        says(read, 3, "'s3://bucket/a.json' can't be read (the storage did not answer in time; is it up, ")
        assert "[file.unreadable]" in read.stderr
        says(written.result(), 4, "(the storage did not answer in time; is it up, ")
        assert "s3://bucket/out" in written.result().stderr
        assert "[out.write]" in written.result().stderr

    def test_it_is_waited_for_once(self, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        fresh()
        monkeypatch.setitem(store._call.__kwdefaults__, "seconds", 1.0)
        monkeypatch.setattr(store, "_silent", {})
        begun = time.monotonic()
        for number in range(20):
            with pytest.raises(cocoseg.SampleError, match="did not answer in time"):
                store.info(f"s3://silent/{number}")
        assert time.monotonic() - begun < 10
        fresh()

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    @pytest.mark.parametrize("out", ["s3://bucket/out", "out"])
    def test_a_signal_ends_it(self, number: int, code: int, out: str, env: dict[str, str], tmp_path: Path) -> None:
        source = "s3://bucket/a.json" if out == "out" else FIXTURES / "panoptic.json"
        call = [sys.executable, "-m", "cocoseg", "to-semantic", str(source), out]
        process = subprocess.Popen(call, env=os.environ | env, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        time.sleep(4)
        process.send_signal(number)
        _, said = process.communicate(timeout=5)
        assert process.returncode == code
        assert said.splitlines()[-1].startswith("cocoseg: stopped"), said

    def test_a_signal_ends_a_run_that_holds_its_lock(self, tmp_path: Path) -> None:
        source = lay_out(tmp_path / "set", [f"{n:03d}.png" for n in range(COUNT)])
        with s3server.serving(latency=0.05) as env:
            made = "import fsspec; fsspec.filesystem('s3').mkdir('bucket')"
            subprocess.run([sys.executable, "-c", made], env=os.environ | env, check=True)
            call = [sys.executable, "-m", "cocoseg", "to-semantic", str(source), "s3://bucket/out", "--workers", "1"]
            process = subprocess.Popen(call, env=os.environ | env, stderr=subprocess.PIPE, text=True)
            time.sleep(1.8)  # the run takes 3 s
            os.kill(int(env["S3SERVER_PID"]), signal.SIGSTOP)
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=8)
        assert process.returncode == 130, said
        assert said.splitlines()[-1].startswith("cocoseg: stopped"), said


class TestMemory:
    @pytest.fixture(autouse=True)
    def files(self) -> Iterator[Any]:
        files = fsspec.filesystem("memory")
        files.store.clear()
        upload(files, FIXTURES, "/in")
        yield files
        files.store.clear()

    def test_here(self, files: Any, tmp_path: Path) -> None:
        cocoseg.to_semantic(FIXTURES / "panoptic.json", tmp_path / "out")
        cocoseg.to_semantic("memory://in/panoptic.json", "memory://out")
        assert download(files, "/out") == tree(tmp_path / "out")
        assert cocoseg.verify("memory://out").whole

    def test_no_other_process_sees_it(self) -> None:
        for options in ({"workers": 2}, {"executor": ThreadPoolExecutor(1)}):
            with pytest.raises(cocoseg.UsageError, match="lives in this process") as caught:
                cocoseg.to_semantic(FIXTURES / "panoptic.json", "memory://out", **options)
            assert caught.value.category == "workers.memory"
        with pytest.raises(cocoseg.UsageError, match="lives in this process"):
            cocoseg.verify("memory://out", workers=2)

    def test_sources_are_not_written_over(self) -> None:
        for out in ("memory://in", "memory://in/panoptic", "memory://in/panoptic/x"):
            with pytest.raises(cocoseg.UsageError) as caught:
                cocoseg.to_semantic("memory://in/panoptic.json", out)
            assert caught.value.category == "out.is_input"

    def test_file_urls_are_paths(self, tmp_path: Path) -> None:
        cocoseg.to_semantic(f"file://{FIXTURES}/panoptic.json", f"file://{tmp_path}/out")
        assert cocoseg.verify(f"file://{tmp_path}/out").whole
        assert (tmp_path / "out" / "crowd.png").exists()
