"""Every call that a run makes on its folder fails once, in every way: nothing torn, and the next run finishes."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest

from conftest import FIXTURES
from injection import CALLS, Fault, Outcome, Server, Verdict, in_memory, judge, preloaded, server, tree

pytestmark = pytest.mark.long

SOURCE = FIXTURES / "panoptic.json"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES)
LANES = 2

Prepare = Callable[[Path], None]


class Bench:
    """Runs on the three images of the fixtures, some at a time, each in a folder of its own.

    ``thorough``: every fault is tried, and not one in four.
    """

    def __init__(self, servers: list[Server], folder: Path, thorough: bool, command: str) -> None:
        self.folder = folder
        self.thorough = thorough
        self.command = command
        self._free: SimpleQueue[tuple[int, Server]] = SimpleQueue()
        for lane in enumerate(servers):
            self._free.put(lane)
        assert self.run(folder / "clean").code == 0
        self.clean = tree(folder / "clean")

    def run(self, out: Path, env: dict[str, str] | None = None) -> Outcome:
        lane, one = self._free.get()
        try:
            return self._run(one, out, env)
        finally:
            self._free.put((lane, one))

    def calls(self, prepare: Prepare) -> Counter[str]:
        """How many calls of each kind a run makes."""
        out, log = self.folder / "count", self.folder / "log"
        prepare(out)
        log.unlink(missing_ok=True)
        assert self.run(out, {"FAULT_UNDER": str(out), "FAULT_LOG": str(log)}).code == 0
        shutil.rmtree(out)
        return Counter(line.partition(" ")[0] for line in log.read_text().splitlines())

    def sweep(self, faults: list[Fault], prepare: Prepare) -> list[Verdict]:
        with ThreadPoolExecutor(LANES) as lanes:
            return list(lanes.map(lambda fault: self._try(fault, prepare), faults))

    def _try(self, fault: Fault, prepare: Prepare) -> Verdict:
        lane, one = self._free.get()
        try:
            out = self.folder / f"out-{lane}"
            prepare(out)
            before = tree(out)
            verdict = judge(fault, self._run(one, out, fault.env(out)), out, self.clean, before)
            again = self._run(one, out)
            if again.code != 0 or tree(out) != self.clean:
                differs = sorted({*tree(out).items()} ^ {*self.clean.items()})
                verdict.wrong.append(f"the next run: exit {again.code} {again.stderr} {differs}")
            shutil.rmtree(out)
            return verdict
        finally:
            self._free.put((lane, one))

    def _run(self, one: Server, out: Path, env: dict[str, str] | None = None) -> Outcome:
        return one.run(self.command, SOURCE, out, "--workers", 1, "--json", env=env)


# A run that makes a document about all images, too, writes its texts, the document, and removes the texts.
@pytest.fixture(scope="module", params=["to-semantic shim", "to-semantic seam", "to-panoptic shim"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    command, _, way = request.param.partition(" ")
    how = preloaded() if way == "shim" else {"FAULT_SEAM": "1"}
    with ExitStack() as stack:
        folder = stack.enter_context(in_memory(tmp_path_factory.mktemp("sweep")))
        servers = [stack.enter_context(server(SOURCE, folder / f"server-{n}", how)) for n in range(LANES)]
        yield Bench(servers, folder, thorough="LD_PRELOAD" in how and command == "to-semantic", command=command)


def fresh(out: Path) -> None:
    """No folder at all."""


def every_fault(calls: Counter[str], errors: tuple[int, ...] = ERRORS) -> list[Fault]:
    return [
        Fault(call, at, how)
        for call in CALLS
        for at in range(1, calls[call] + 1)
        for how in (*errors, "kill", *(["short"] if call == "write" else []))
    ]


def check(verdicts: list[Verdict]) -> None:
    assert [str(verdict) for verdict in verdicts if verdict.wrong] == []


def test_every_call_fails_once_in_every_way(bench: Bench) -> None:
    calls = bench.calls(fresh)
    faults = every_fault(calls)
    assert all(calls[call] >= (2 if call == "mkdir" else 3) for call in CALLS), calls  # OUT and its .cocoseg
    assert len(faults) >= 150
    verdicts = bench.sweep(faults if bench.thorough else faults[::4], fresh)
    check(verdicts)
    codes = Counter(verdict.code for verdict in verdicts)
    assert all(codes[code] for code in (-9, 0, 1, 4)), codes


@pytest.fixture(scope="module")
def interrupted(bench: Bench) -> Prepare:
    """What a run leaves that was killed after it had given a file its name: temporaries, a lock, a page."""
    killed = bench.folder / "killed"
    assert bench.run(killed, Fault("rename", 2, "kill").env(killed)).code == -9
    return lambda out: shutil.copytree(killed, out)


def test_every_call_of_a_run_that_goes_on_fails_once(bench: Bench, interrupted: Prepare) -> None:
    calls = bench.calls(interrupted)
    faults = every_fault(calls, (errno.EIO,))
    check(bench.sweep(faults if bench.thorough else faults[::4], interrupted))


def test_a_part_of_the_folder_that_can_not_be_read(bench: Bench, interrupted: Prepare) -> None:
    """Reading costs work done twice, or the run, and is never the loss of what stands in the journal."""
    for prepare in (fresh, interrupted):
        calls = bench.calls(prepare)
        check(bench.sweep([Fault("read", at, how) for at in range(1, calls["read"] + 1) for how in ERRORS], prepare))


@pytest.mark.parametrize("how", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EXDEV])
@pytest.mark.parametrize("call", ["open", "write", "rename"])
def test_from_some_call_on_all_fail(bench: Bench, call: str, how: int) -> None:
    calls = bench.calls(fresh)
    faults = [Fault(call, at, how, sticky=True) for at in range(1, calls[call] + 1)]
    verdicts = bench.sweep(faults if bench.thorough else faults[::4], fresh)
    check(verdicts)
    assert {verdict.code for verdict in verdicts} <= {1, 4}
