"""A real Dask cluster on loopback: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
import s3server
from command import without_progress

pytestmark = pytest.mark.long

psutil = pytest.importorskip("psutil", reason="Dask is not installed (pip install cocoseg[dask])")
pytest.importorskip("distributed", reason="Dask is not installed (pip install cocoseg[dask])")

PATIENCE = 60
IMAGES = 300


@dataclass
class Cluster:
    """Processes, and the file that says where their scheduler listens."""

    scheduler_file: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


def start(
    folder: Path, program: str, *options: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.{program}", "--no-dashboard", *options]
    with (folder / f"{program}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    file = tmp_path / "scheduler.json"
    scheduler = start(tmp_path, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    found = Cluster(file, scheduler)
    try:
        until(file.exists)
        options = ("--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        found.workers += [start(tmp_path, "dask_worker", *options) for _ in range(2)]
        yield found
    finally:
        found.end()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A panoptic JSON whose images are one picture under many names."""
    (tmp_path / "set").mkdir()
    generator = np.random.default_rng(7)
    ids = np.repeat(np.repeat(generator.integers(1, 5, (60, 80)), 8, axis=0), 8, axis=1)
    picture = np.stack([ids, ids * 0, ids * 0], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "set" / "0.png")
    for number in range(1, IMAGES):
        os.link(tmp_path / "set" / "0.png", tmp_path / "set" / f"{number}.png")
    segments = [{"id": k, "category_id": k, "area": int((ids == k).sum())} for k in range(1, 5)]
    annotations = [{"image_id": n, "file_name": f"{n}.png", "segments_info": segments} for n in range(IMAGES)]
    categories = [{"id": k, "name": f"c{k}", "isthing": 0} for k in range(1, 5)]
    (tmp_path / "set.json").write_text(json.dumps({"annotations": annotations, "categories": categories}))
    return tmp_path / "set.json"


def begin(source: Path, out: Path | str, *options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cocoseg", "to-semantic", str(source), str(out), *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_cluster_makes_the_bytes_of_one_process(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    cocoseg.to_semantic(source, tmp_path / "here")
    process = begin(source, tmp_path / "out", "--dask", cluster.scheduler_file, "--json")
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, without_progress(stderr)) == (0, b"")
    assert json.loads(stdout)["images"] == IMAGES
    assert tree(tmp_path / "out") == tree(tmp_path / "here")


def test_a_worker_that_is_killed_costs_nothing(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    cocoseg.to_semantic(source, tmp_path / "here")
    out = tmp_path / "out"
    process = begin(source, out, "--dask", cluster.scheduler_file)
    until(lambda: any(out.glob("*.png")))
    cluster.workers[0].kill()
    _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, without_progress(stderr)) == (0, b"")
    assert tree(out) == tree(tmp_path / "here")


def test_ctrl_c_ends_it_and_the_same_command_goes_on(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    cocoseg.to_semantic(source, tmp_path / "here")
    out = tmp_path / "out"
    process = begin(source, out, "--dask", cluster.scheduler_file)
    until(lambda: any(out.glob("*.png")))
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, stderr
    assert len(without_progress(stderr).splitlines()) <= 3, stderr
    process = begin(source, out, "--dask", cluster.scheduler_file)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert tree(out) == tree(tmp_path / "here")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A storage, to which the environment leads; it stops answering by SIGSTOP to its server."""
    pytest.importorskip("moto", reason="the test's own server is moto's")
    fsspec = pytest.importorskip("fsspec")
    with s3server.serving(latency=0.02) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        files = fsspec.filesystem("s3", use_listings_cache=False)
        files.mkdir("bucket")
        yield files


def test_ctrl_c_ends_it_where_the_storage_stopped_answering(s3: Any, cluster: Cluster, source: Path) -> None:
    process = begin(source, "s3://bucket/out", "--dask", cluster.scheduler_file)
    until(lambda: any(name.endswith(".png") for name in s3.find("bucket/out")))
    os.kill(int(os.environ["S3SERVER_PID"]), signal.SIGSTOP)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, stderr = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 6
    assert process.returncode == 130, stderr
    assert without_progress(stderr).splitlines()[-1].startswith(b"cocoseg: stopped"), stderr


def test_a_scheduler_that_dies_is_said_and_the_rest_is_done_here(
    cluster: Cluster, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = begin(source, out, "--dask", cluster.scheduler_file)
    until(lambda: any(out.glob("*.png")))
    cluster.end()
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4, stderr
    assert b"[workers.gone]" in stderr
    assert b"Traceback" not in stderr
    cocoseg.to_semantic(source, tmp_path / "here")
    cocoseg.to_semantic(source, out, workers=2)
    assert tree(out) == tree(tmp_path / "here")


def test_a_cluster_without_workers_is_said_and_waited_for(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    for worker in cluster.workers:
        worker.kill()
        worker.wait()
    script = "from cocoseg.cli import cluster, main; cluster.IDLE_SECONDS = 1.0; main()"
    command = [sys.executable, "-c", script, "to-semantic", str(source), str(tmp_path / "out"), "-q"]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen([*command, "--dask", cluster.scheduler_file], stdout=said, stderr=said)
    until(lambda: (tmp_path / "said").stat().st_size)
    options = ("--scheduler-file", str(cluster.scheduler_file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    cluster.workers.append(start(tmp_path, "dask_worker", *options))
    assert process.wait(PATIENCE) == 0
    (line,) = (tmp_path / "said").read_text().splitlines()
    assert line.startswith(
        f"cocoseg: the Dask scheduler at {str(cluster.scheduler_file)!r} has had no workers for 1 s; "
    )
    assert f"when one comes that has cocoseg {cocoseg.__version__} ('dask worker --scheduler-file " in line


def test_no_scheduler_is_one_sentence(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from cocoseg.cli import cluster, main; cluster.CONNECT_SECONDS = 0.5; main()"
    command = [sys.executable, "-c", script, "to-semantic", str(source), str(tmp_path / "out")]
    done = subprocess.run([*command, "--dask", "tcp://127.0.0.1:9"], capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"cocoseg: no Dask scheduler answers at 'tcp://127.0.0.1:9'")
    assert len(without_progress(done.stderr).splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_machines_without_cocoseg_are_one_sentence(cluster: Cluster, source: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "cocoseg"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'cocoseg'\", name='cocoseg')")
    environment = os.environ | {"PYTHONPATH": str(hidden.parent)}
    options = ("--scheduler-file", str(cluster.scheduler_file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    cluster.workers.append(start(tmp_path, "dask_worker", *options, environment=environment))
    until(lambda: b"Registered to" in last_log(tmp_path, 3))
    process = begin(source, tmp_path / "out", "--dask", cluster.scheduler_file)
    _, stderr = process.communicate(timeout=PATIENCE)
    (line,) = without_progress(stderr).splitlines()
    assert process.returncode == 2
    assert b"of the Dask cluster can't load cocoseg (1 of 4 processes" in line
    assert line.endswith(b"[dask.version]")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("restarted", [1, 2])
def test_workers_that_a_nanny_restarts_without_cocoseg_are_waited_for(
    restarted: int, cluster: Cluster, source: Path, tmp_path: Path
) -> None:
    """Somebody removes cocoseg during the run: Dask ends such workers, and the others do the work, or new ones."""
    until(lambda: last_log(tmp_path, 2))
    hidden = tmp_path / "hidden" / "cocoseg"
    hidden.mkdir(parents=True)
    root = str(Path(cocoseg.__file__).parent.parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(hidden.parent), root])}
    options = ("--scheduler-file", str(cluster.scheduler_file), "--nthreads", "1", "--host", "127.0.0.1")
    nannies = [start(tmp_path, "dask_worker", *options, environment=environment) for _ in range(restarted)]
    for worker in cluster.workers[:restarted]:
        worker.kill()
        worker.wait()
    cluster.workers += nannies
    until(lambda: last_log(tmp_path, 2 + restarted))
    out, said = tmp_path / "out", tmp_path / "said"
    script = "from cocoseg.cli import cluster, main; cluster.IDLE_SECONDS = 1.0; main()"
    with said.open("wb") as file:
        command = [sys.executable, "-c", script, "to-semantic", str(source), str(out), "-q"]
        process = subprocess.Popen([*command, "--dask", cluster.scheduler_file], stdout=file, stderr=file)
    until(lambda: any(out.glob("*.png")))
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'cocoseg'\", name='cocoseg')")
    for nanny in nannies:
        for child in psutil.Process(nanny.pid).children():
            child.kill()
    if restarted == 2:
        until(lambda: said.stat().st_size)
        cluster.workers.append(start(tmp_path, "dask_worker", *options, "--no-nanny"))
    assert process.wait(PATIENCE) == 0, said.read_text()
    lines = without_progress(said.read_bytes()).splitlines()
    assert [b"has had no workers for 1 s; " in line for line in lines] == [True] * (restarted - 1), lines
    cocoseg.to_semantic(source, tmp_path / "here")
    assert tree(out) == tree(tmp_path / "here")


def last_log(folder: Path, workers: int) -> bytes:
    """What the workers say, once as many have begun to."""
    said = (folder / "dask_worker.log").read_bytes()
    return said if said.count(b"Registered to") == workers else b""


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("tls://127.0.0.1:9", b"set distributed.comm.tls in Dask's configuration"),
        ("bogus://127.0.0.1:9", b"no Dask scheduler answers at 'bogus://127.0.0.1:9'"),
        ("tcp://127.0.0.1:x", b"no Dask scheduler answers at 'tcp://127.0.0.1:x'"),
        ("", b"empty.json' is not a scheduler file with an address"),
        ("{", b"empty.json' is not a scheduler file with an address"),
        ('{"address": 5}', b"empty.json' is not a scheduler file with an address"),
        ("[" * 100_000, b"empty.json' is not a scheduler file with an address"),
    ],
)
def test_a_wrong_address_is_one_sentence(address: str, text: bytes, source: Path, tmp_path: Path) -> None:
    if "://" not in address:
        (tmp_path / "empty.json").write_text(address)
        address = str(tmp_path / "empty.json")
    process = begin(source, tmp_path / "out", "--dask", address)
    _, stderr = process.communicate(timeout=PATIENCE)
    (line,) = without_progress(stderr).splitlines()
    assert process.returncode == 2
    assert text in line
    assert line.endswith(b"[dask.address]")
    assert not (tmp_path / "out").exists()
