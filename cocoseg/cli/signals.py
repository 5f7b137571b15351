"""Ctrl-C and SIGTERM: the first ends a command in order, the second at once; both say that finished images are kept."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import start_new_thread
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from cocoseg.cli.streams import problem_json, write_now
from cocoseg.errors import Problem

ENDINGS = {
    signal.SIGINT: (130, Problem("run.stopped", "stopped; finished images are kept")),
    signal.SIGTERM: (143, Problem("run.stopped", "stopped by SIGTERM; finished images are kept")),
}

END_SECONDS = 4.0


class Stops:
    """The signals that stop a command. The first raises KeyboardInterrupt, ``ending`` then is its exit code and what
    to say. A command that has not ended ``END_SECONDS`` later, as its storage does not answer, is ended at once.
    """

    def __init__(self, as_json: bool) -> None:
        self.ending: tuple[int, Problem] | None = None
        self._as_json = as_json
        self._ended = False
        self._process = os.getpid()

    def watch(self) -> None:
        """Take the signals from now on. Ctrl-C is left alone where whoever started us has it ignored."""
        signal.signal(signal.SIGTERM, self._stop)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._stop)
        sys.unraisablehook = self._lost
        threading.excepthook = lambda _: None  # what a thread can't do is said by whoever waits for it

    def ignore(self) -> None:
        """Let no further signal come between the last words and the exit code."""
        self._ended = True
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)

    def _stop(self, number: int, _: FrameType | None) -> None:
        if self.ending is not None:
            self._stop_now()
        self.ending = ENDINGS[signal.Signals(number)]
        with suppress(RuntimeError):  # threading's own locks may be held by what this signal interrupts
            start_new_thread(self._stop_late, ())
        raise KeyboardInterrupt

    def _stop_late(self) -> None:
        time.sleep(END_SECONDS)
        if not self._ended:
            self._stop_now()

    def _stop_now(self) -> NoReturn:
        """Exit from within a handler: workers end with this process, and the next run removes what is unfinished."""
        code, problem = self.ending or ENDINGS[signal.SIGINT]
        if os.getpid() == self._process:  # not a worker that has not begun
            if self._as_json:
                write_now(1, f"{problem_json(problem)}\n")
            write_now(2, f"cocoseg: {problem.message}\n")
        os._exit(code)

    def _lost(self, unraisable: Any) -> None:
        """A signal that came where Python drops exceptions, such as a destructor, still ends the command."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt) and self.ending:
            self._stop_now()
