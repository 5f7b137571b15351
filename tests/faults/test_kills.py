"""200 times kill -9 at a random moment, over all commands that write: first runs, and runs that go on, killed again."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign import PATIENCE, draw, running, until
from cocoseg.files.names import JOURNAL, LOCK
from injection import in_memory, torn, tree

pytestmark = pytest.mark.slow

COMMANDS = ("to-semantic", "to-onehot", "to-masks", "to-coco", "to-panoptic")
IMAGES = 100
KILLS = 20  # of each command with each number of workers
GO_ON = 0.4  # of the kills are followed by another before a run gets through


@dataclass
class Ground:
    """A data set, and beside it what a command writes, in a folder that nothing else may change."""

    root: Path
    source: Path
    verb: str
    workers: int

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def journal(self) -> Path:
        """The folder that the journal is in."""
        return self.out / f"x.json{JOURNAL}" if self.verb == "to-coco" else self.out

    def outside(self) -> dict[str, str]:
        return {name: known for name, known in tree(self.root).items() if name.partition("/")[0] != "out"}

    def run(self, after: float | None = None) -> tuple[bool, float]:
        """Run, and kill it so long after it took its lock; whether that hit the run, and the seconds it had the lock."""
        self.out.mkdir(exist_ok=True)
        out = self.out / "x.json" if self.verb == "to-coco" else self.out
        with running(self.source, out, workers=self.workers, verb=self.verb) as process:
            until(lambda: self.holder() == process.pid or process.poll() is not None)
            began = time.monotonic()
            if after is None:
                stdout, stderr = process.communicate(timeout=PATIENCE)
                assert process.returncode == 0, (stdout, stderr)
                return False, time.monotonic() - began
            time.sleep(after)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return self.holder() == process.pid, after

    def holder(self) -> int | None:
        """The process in the lock, which it removes in the end."""
        try:
            return int(json.loads((self.journal / LOCK).read_text())["pid"])
        except (OSError, ValueError):
            return None

    def torn(self, clean: dict[str, str]) -> list[str]:
        """What is under its final name and not whole."""
        if self.journal == self.out:
            return torn(self.out, clean)
        inside = f"{self.journal.name}/"
        journal = {name.removeprefix(inside): known for name, known in clean.items() if name.startswith(inside)}
        document = tree(self.out).get("x.json")
        return torn(self.journal, journal) + ["x.json"] * (document not in (None, clean["x.json"]))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    with ExitStack() as stack:
        root = stack.enter_context(in_memory(tmp_path_factory.mktemp("kills")))
        (root / "temporary").mkdir()
        yield root, draw(root, IMAGES, block=4)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("verb", COMMANDS)
def test_at_any_moment(verb: str, workers: int, drawn: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(*drawn, verb, workers)
    monkeypatch.setenv("TMPDIR", str(ground.root / "temporary"))
    luck = random.Random(f"{verb} {workers}")
    _, seconds = ground.run()
    clean, outside = tree(ground.out), ground.outside()
    shutil.rmtree(ground.out)
    kills = again = 0
    while kills < KILLS:
        hit, after = ground.run(luck.uniform(0, seconds))
        kills += hit
        assert ground.torn(clean) == [], after
        if hit and kills < KILLS and luck.random() < GO_ON:
            again += 1
            continue
        ground.run()
        assert tree(ground.out) == clean, after
        assert ground.outside() == outside
        shutil.rmtree(ground.out)
    print(f"{verb}, {workers} workers: {kills} kills in runs of {seconds:.2f} s, {again} of them followed by another")
