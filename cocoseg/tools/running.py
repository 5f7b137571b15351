"""How a command runs, from its options."""

from __future__ import annotations

from typing import TypeVar

from cocoseg.options import Running, part
from cocoseg.runs.run import Run
from cocoseg.runs.tally import Tally

T = TypeVar("T", bound=Tally)


def running(given: Running) -> Run[T]:
    """The run that the options ask for. Raises UsageError."""
    return Run(**part(Running, given))
