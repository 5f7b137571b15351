"""The options of a command, checked, and how it runs."""

from __future__ import annotations

from typing import Any, TypeVar

from cocoseg.options import Running, complete, declared, part
from cocoseg.runs.run import How, check_choice

D = TypeVar("D")


def checked(declaration: type[D], options: D) -> D:
    """The given options, with defaults for the others.

    Raises TypeError for an unknown option, UsageError ``usage.*`` for a value that is not among an option's choices.
    """
    given: Any = complete(declaration, options)
    for row in declared(declaration):
        if row.choices:
            missing = (None,) if row.option.default is None else ()
            check_choice(row.word, given[row.name], (*row.choices, *missing))
    return given  # type: ignore[no-any-return]


def running(given: Running) -> How:
    """How the options ask for the run to be done. Raises UsageError."""
    return How(**part(Running, given))
