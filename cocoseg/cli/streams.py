"""Standard input, output and error, made safe: no name, terminal or full disk ends a command in a traceback."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import sys
from typing import Any

from cocoseg.errors import Problem

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class _Stream(io.FileIO):
    """A standard stream below its buffers, which remembers why it could not be written."""

    lost: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            while (written := super().write(data)) is None:  # whoever started us made it non-blocking
                select.select([], [self], [])
        except OSError as error:
            self.lost = error
            raise
        return written


class _Unfailing(_Stream):
    """Standard error: where it can't be written, nothing is said, and the work goes on."""

    def write(self, data: Any) -> int:
        with contextlib.suppress(OSError):
            return super().write(data)
        return len(data)


def prepare() -> None:
    """Open what is closed, and escape what a stream can't write."""
    global _output
    _open_the_closed()
    _output, errors = _Stream(1, "w", closefd=False), _Unfailing(2, "w", closefd=False)
    sys.stdout = _text(_output, sys.stdout)
    sys.stderr = _text(errors, sys.stderr, line_buffering=True)


_output: _Stream | None = None


def _text(stream: _Stream, before: Any, line_buffering: bool = False) -> io.TextIOWrapper:
    """A stream of text in the place of another, which is None if it was closed."""
    encoding = getattr(before, "encoding", None) or "utf-8"
    buffered = line_buffering or stream.isatty()
    return io.TextIOWrapper(io.BufferedWriter(stream), encoding, "backslashreplace", line_buffering=buffered)


def _open_the_closed() -> None:
    """Point closed descriptors of the standard streams to nowhere: a file that is opened later must not get them."""
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)


def lost_output() -> OSError | None:
    """Why standard output can't be written, if it can't."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    return _output.lost if _output else None


def json_text(value: Any) -> str:
    """A value as JSON for standard output."""
    import json

    return escaped_json(json.dumps(value, ensure_ascii=False))


def problem_json(problem: Problem) -> str:
    """The object that ``--json`` prints in place of a result."""
    return json_text({"category": problem.category, "message": problem.message})


def escaped_json(text: str) -> str:
    r"""JSON with escapes for letters, which occur in strings only, if standard output is not UTF-8."""
    import json

    if (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8":
        return text
    return _NOT_ASCII.sub(lambda letter: json.dumps(letter[0])[1:-1], text)


def write_now(descriptor: int, text: str) -> None:
    """Write to a standard stream from a signal handler, which must not touch the buffers of the others."""
    with contextlib.suppress(OSError):
        os.write(descriptor, text.encode("ascii", "backslashreplace"))
