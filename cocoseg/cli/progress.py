"""Progress of a conversion: a bar on a terminal, a line every ten seconds elsewhere. Both on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cocoseg.runs.tally import Tally

EVERY = 10.0
_REDRAW = 0.1


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[Tally], None]]:
    """A function to call with the tally so far, after each part."""
    if quiet:
        yield lambda tally: None
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    with _bar() as show:
        yield show


class _Lines:
    def __init__(self) -> None:
        self._started = self._last = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self._last < EVERY:
            return
        self._last = now
        rate = tally.made / (now - self._started)
        print(
            f"cocoseg: {_done(tally):,} of {tally.listed:,} images, {rate:,.0f} images/s", file=sys.stderr, flush=True
        )


@contextmanager
def _bar() -> Iterator[Callable[[Tally], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f} images/s"),
        TimeRemainingColumn(),
    )
    # Redrawn from here and not by a thread: workers are forked while this process has one thread.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        task = bar.add_task("", total=None, rate=0.0)
        started = drawn = time.monotonic()

        def show(tally: Tally) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn >= _REDRAW:
                drawn = now
                rate = tally.made / (now - started)
                bar.update(task, completed=_done(tally), total=tally.listed, rate=rate, refresh=True)

        yield show


def _done(tally: Tally) -> int:
    return tally.images + tally.failed
