"""Calls that typer can't parse, in our words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from cocoseg.errors import UsageError, most_like, show


def wrong_call(error: Any) -> UsageError:
    """The error of typer's parser as one sentence that says where to look.

    Kinds of errors are told by their fields, as their classes move between versions of typer.
    """
    see = f"(see '{error.ctx.command_path if error.ctx else 'cocoseg'} --help')"
    if hasattr(error, "possibilities"):
        near = most_like(error.option_name, error.possibilities or ())
        advice = f"; did you mean {near}?" if near else ""
        return UsageError("usage.option", f"there is no option {error.option_name}{advice} {see}")
    if hasattr(error, "param_type") and error.param:
        return UsageError("usage.missing", f"{error.param.metavar} is missing {see}")
    text = error.format_message().rstrip(".")
    return UsageError("usage.call", f"{text[:1].lower()}{text[1:]} {see}")


def no_command(name: str, commands: Iterable[str]) -> UsageError:
    """The error for a command that does not exist."""
    near = get_close_matches(name, commands, 1)
    advice = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(commands)}"
    return UsageError("usage.command", f"there is no command {show(name)}; {advice}")
