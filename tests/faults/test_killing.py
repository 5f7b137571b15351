"""kill -9, of everything or of a worker, at any moment: nothing torn, and the next run goes on from there."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from campaign import IMAGES, Campaign, children, command, pictures, prepare, running, summary, until
from cocoseg.files.names import JOURNAL, REPORT
from command import without_progress
from injection import in_memory, is_temporary, torn, tree

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="finds workers in /proc"),
]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    with ExitStack() as stack:
        yield prepare(stack.enter_context(in_memory(tmp_path_factory.mktemp("campaign"))))


@pytest.fixture
def out(campaign: Campaign) -> Iterator[Path]:
    yield (folder := campaign.source.parent / "out")
    shutil.rmtree(folder, ignore_errors=True)


def kill_and_go_on(campaign: Campaign, out: Path, after: float) -> tuple[int, int]:
    """Kill a run and start it again; the images that were under their names by then, and those worked on in vain."""
    with running(campaign.source, out) as process:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert torn(out, campaign.clean) == []
    left = [name for name in tree(out) if is_temporary(name) and not name.startswith(f"{JOURNAL}/")]
    parts = {name.rpartition("-")[0] for name in left if name.count("-") > 3}
    assert len(parts) <= 2, "more than a part of each worker is done in vain"
    done = len(pictures(out))
    told = summary(campaign.source, out)
    assert tree(out) == campaign.clean
    assert told["kept"] >= done, "what was finished was done again"
    shutil.rmtree(out)
    return done, len(left)


def try_killing(campaign: Campaign, out: Path, trials: int, seed: int) -> None:
    """Moments at random, one in each of as many slices of the time that a run takes."""
    draw = random.Random(seed)
    moments = [0.15 + (campaign.seconds - 0.15) * (k + draw.random()) / trials for k in range(trials)]
    found = [kill_and_go_on(campaign, out, after) for after in moments]
    in_the_middle = [done for done, left in found if 0 < done < IMAGES or left]
    assert len(in_the_middle) >= trials // 4, found
    print(f"worked in vain at worst: {max(left for _, left in found)} images")


def test_at_any_moment(campaign: Campaign, out: Path) -> None:
    try_killing(campaign, out, 20, seed=4)


@pytest.mark.slow
def test_at_any_of_200_moments(campaign: Campaign, out: Path) -> None:
    try_killing(campaign, out, 200, seed=5)


def kill_a_worker(campaign: Campaign, out: Path, done: int) -> None:
    """Kill one of two workers once so many images are done: the run gets through, and soon."""
    with running(campaign.source, out) as process:
        until(lambda: len(pictures(out)) >= done)
        workers = children(process.pid)
        os.kill(workers[done % len(workers)], signal.SIGKILL)
        until(lambda: workers[done % len(workers)] not in children(process.pid))
        stdout, stderr = process.communicate(timeout=campaign.seconds + 20)
        assert (process.returncode, without_progress(stderr.encode())) == (0, b""), stdout
    assert tree(out) == campaign.clean
    shutil.rmtree(out)


def test_of_a_worker_costs_nothing(campaign: Campaign, out: Path) -> None:
    for number in range(10):
        kill_a_worker(campaign, out, 1 + 17 * number)


@pytest.mark.slow
def test_of_a_worker_100_times(campaign: Campaign, out: Path) -> None:
    for number in range(100):
        kill_a_worker(campaign, out, 1 + 2 * number)


@pytest.mark.parametrize("start", ["fork", "forkserver", "spawn"])
def test_of_the_parent_alone_ends_the_workers_and_the_next_run_need_not_wait(
    campaign: Campaign, out: Path, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSEG_START", start)
    with running(campaign.source, out) as process:
        until(lambda: len(pictures(out)) >= 20)
        process.send_signal(signal.SIGKILL)
        process.wait()
        summary(campaign.source, out)  # at once, while workers of the first may still be ending
    assert tree(out) == campaign.clean


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, -1)])
@pytest.mark.parametrize("whole_group", [True, False])
def test_a_stop_ends_all_writing_and_the_next_run_finishes(
    campaign: Campaign, out: Path, number: signal.Signals, code: int, whole_group: bool
) -> None:
    with running(campaign.source, out) as process:
        until(lambda: len(pictures(out)) >= 10)
        began = time.monotonic()
        (os.killpg if whole_group else os.kill)(process.pid, number)
        stdout, stderr = process.communicate(timeout=10)
        assert time.monotonic() - began < 2 + 1
        assert process.returncode == code
        assert [json.loads(line)["category"] for line in stdout.splitlines()] == ["run.stopped"] * (code > 0)
        assert len(without_progress(stderr.encode()).splitlines()) <= 3
        assert "Traceback" not in stderr
        time.sleep(0.5 if number == signal.SIGHUP else 0)  # nobody is told, workers find out
        written = tree(out)
        time.sleep(1)
        assert tree(out) == written, "somebody went on writing"
    assert torn(out, campaign.clean) == []
    assert not (out / REPORT).exists()
    assert 0 < summary(campaign.source, out)["kept"] < IMAGES
    assert tree(out) == campaign.clean


def test_a_second_ctrl_c_stops_at_once(campaign: Campaign, out: Path) -> None:
    with running(campaign.source, out) as process:
        until(lambda: len(pictures(out)) >= 10)
        for _ in range(3):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.02)
        _, stderr = process.communicate(timeout=3)
        assert process.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in stderr
        assert len(without_progress(stderr.encode()).splitlines()) <= 3
    assert torn(out, campaign.clean) == []


def test_two_runs_at_once(campaign: Campaign, out: Path) -> None:
    with running(campaign.source, out) as process:
        until(lambda: len(pictures(out)) >= 4)
        began = time.monotonic()
        second = subprocess.run(command(campaign.source, out), capture_output=True, text=True, timeout=20, check=False)
        assert time.monotonic() - began < 2
        assert second.returncode == 4
        assert len(without_progress(second.stderr.encode()).splitlines()) == 1
        assert f"process {process.pid} on " in second.stderr
        assert "[out.locked]" in second.stderr
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert tree(out) == campaign.clean
