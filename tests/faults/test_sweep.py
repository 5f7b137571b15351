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
from injection import CALLS, Fault, Outcome, Server, Verdict, judge, preloaded, server, tree

SOURCE = FIXTURES / "panoptic.json"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES)
LANES = 2

Prepare = Callable[[Path], None]


class Bench:
    """Runs on the three images of the fixtures, some at a time, each in a folder of its own."""

    def __init__(self, servers: list[Server], folder: Path) -> None:
        self.folder = folder
        self._free: SimpleQueue[tuple[int, Server]] = SimpleQueue()
        for lane in enumerate(servers):
            self._free.put(lane)
        lane, one = self._free.get()
        assert self._run(one, folder / "clean").code == 0
        self.clean = tree(folder / "clean")
        self._free.put((lane, one))

    def calls(self, prepare: Prepare) -> Counter[str]:
        """How many calls of each kind a run makes."""
        lane, one = self._free.get()
        out = self.folder / f"count-{lane}"
        prepare(out)
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        assert self._run(one, out, {"FAULT_UNDER": str(out), "FAULT_LOG": str(log)}).code == 0
        shutil.rmtree(out)
        self._free.put((lane, one))
        return Counter(line.partition(" ")[0] for line in log.read_text().splitlines())

    def sweep(self, faults: list[Fault], prepare: Prepare) -> list[Verdict]:
        with ThreadPoolExecutor(LANES) as lanes:
            return list(lanes.map(lambda fault: self._try(fault, prepare), faults))

    def _try(self, fault: Fault, prepare: Prepare) -> Verdict:
        lane, one = self._free.get()
        try:
            out = self.folder / f"out-{lane}"
            prepare(out)
            verdict = judge(fault, self._run(one, out, fault.env(out)), out, self.clean)
            again = self._run(one, out)
            if again.code != 0 or tree(out) != self.clean:
                differs = sorted({*tree(out).items()} ^ {*self.clean.items()})
                verdict.wrong.append(f"the next run: exit {again.code} {again.stderr} {differs}")
            shutil.rmtree(out)
            return verdict
        finally:
            self._free.put((lane, one))

    def _run(self, one: Server, out: Path, env: dict[str, str] | None = None) -> Outcome:
        return one.run("to-semantic", SOURCE, out, "--workers", 1, "--json", env=env)


@pytest.fixture(scope="module", params=["shim", "seam"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    how = preloaded() if request.param == "shim" else {"FAULT_SEAM": "1"}
    folder = tmp_path_factory.mktemp("sweep")
    with ExitStack() as stack:
        servers = [stack.enter_context(server(SOURCE, folder / f"server-{n}", how)) for n in range(LANES)]
        yield Bench(servers, folder)


def fresh(out: Path) -> None:
    """No folder at all."""


def every_fault(calls: Counter[str], kinds: tuple[str, ...] = CALLS) -> list[Fault]:
    return [
        Fault(call, at, how)
        for call in kinds
        for at in range(1, calls[call] + 1)
        for how in (*ERRORS, "kill", *(["short"] if call == "write" else []))
    ]


def test_every_call_fails_once_in_every_way(bench: Bench) -> None:
    calls = bench.calls(fresh)
    faults = every_fault(calls)
    assert all(calls[call] >= 3 for call in CALLS), calls
    assert len(faults) >= 150
    verdicts = bench.sweep(faults, fresh)
    assert [str(verdict) for verdict in verdicts if verdict.wrong] == []
    codes = Counter(verdict.code for verdict in verdicts)
    assert codes[-9] == sum(calls[call] for call in CALLS)
    assert all(codes[code] for code in (0, 1, 4)), codes
