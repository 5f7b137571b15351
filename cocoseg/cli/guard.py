"""The outermost guard: whatever happens to a command, it ends with an exit code and one sentence.

0 all done; 1 some images failed; 2 the call was wrong; 3 the input was refused and nothing written; 4 the output
can't be written; 70 something unforeseen, of which ``--debug`` prints the details; 130, 143 stopped by Ctrl-C, SIGTERM.

Nothing heavy is imported before the signals are watched, and whatever an import meets is met by the guard too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from typing import NoReturn

from cocoseg.cli import streams
from cocoseg.cli.carried import Carried
from cocoseg.cli.signals import ENDINGS, Stops
from cocoseg.errors import CocosegError, OutputError, Problem, UsageError

INPUT_REFUSED = 3
UNFORESEEN = 70
_NO_FILES = (errno.EMFILE, errno.ENFILE)


def main() -> NoReturn:
    """Run the command line and exit."""
    given = sys.argv[1:]
    words = given[: given.index("--")] if "--" in given else given
    stops = Stops("--json" in words)
    try:
        stops.watch()
        streams.prepare()
        # No BLAS is used here, and a process with one thread can fork its workers safely.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from cocoseg.cli.app import call

        code, problem = call(given), None
    except BaseException as error:
        cause = error.__cause__ or error if isinstance(error, Carried) else error
        code, problem = _ending(cause)
        if "--debug" in words:
            _print_traceback(cause)
    stops.ignore()
    code, problem = stops.ending or (code, problem)  # typer turns a KeyboardInterrupt of its own code into a number
    _end(code, problem, "--json" in words)


def _ending(error: BaseException) -> tuple[int, Problem | None]:
    """The exit code of an error, and what to say about it."""
    if isinstance(error, CocosegError):
        return _exit_code(error), error.problem
    if isinstance(error, KeyboardInterrupt):
        return ENDINGS[signal.SIGINT]
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1, None
    if isinstance(error, RecursionError):
        text = "brackets in one of the files are nested too deeply for an annotation file"
        return INPUT_REFUSED, Problem("json.depth", text)
    if isinstance(error, OSError) and streams.lost_output():
        return 0, None  # which _end finds, too
    return UNFORESEEN, _unforeseen(error)


def _exit_code(error: CocosegError) -> int:
    if isinstance(error, UsageError):
        return 2
    return 4 if isinstance(error, OutputError) else INPUT_REFUSED


def _unforeseen(error: BaseException) -> Problem:
    """What the system refuses, else a fault of ours: one printable line, whatever the error says."""
    if isinstance(error, MemoryError):
        text = "not enough memory; allow more (ulimit -v), or take fewer --workers"
        return Problem("limit.memory", f"{text}; finished images are kept")
    if isinstance(error, OSError) and error.errno in _NO_FILES:
        return Problem("limit.files", "too many open files; allow more (ulimit -n); finished images are kept")
    if isinstance(error, ImportError):
        text = (
            f"a library can't be loaded ({_in_a_line(error)}); is the installation whole, and is there enough memory?"
        )
        return Problem("internal.import", f"{text} --debug prints the details")
    text = f"cocoseg did not foresee this ({_in_a_line(error)}); finished images are kept"
    return Problem("internal.error", f"{text}; please report it with what --debug prints")


def _in_a_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says; of a failed import, that of its first cause."""
    while isinstance(error, ImportError) and (cause := error.__cause__ or error.__context__):
        error = cause
    said = str(error).strip().splitlines()[:1]
    text = ": ".join([type(error).__name__, *said])[:300]
    return text.encode("unicode_escape").decode()


def _print_traceback(error: BaseException) -> None:
    import traceback

    with contextlib.suppress(Exception):
        traceback.print_exception(error, file=sys.stderr)


def _end(code: int, problem: Problem | None, as_json: bool) -> NoReturn:
    """Say a problem, on stderr as a sentence and with ``as_json`` on stdout as an object, and exit."""
    if problem and as_json:
        with contextlib.suppress(OSError, ValueError):
            print(streams.problem_json(problem))
    if problem:
        stopped = problem.category == "run.stopped"
        print(f"cocoseg: {problem.message}{'' if stopped else f' [{problem.category}]'}", file=sys.stderr, flush=True)
    lost = streams.lost_output()
    if lost and not isinstance(lost, BrokenPipeError):  # a reader that has gone has read enough
        print(f"cocoseg: standard output can't be written ({lost.strerror})", file=sys.stderr, flush=True)
        code = code or 4
    os._exit(code)
