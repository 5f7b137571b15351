"""The help of commands: whole sentences in sections, in colour on a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cocoseg.cli.wrong_call import no_command

_HEADING = re.compile(r"^(\S[\w ]*:)", re.MULTILINE)
_NAME = re.compile(r"^  (-{1,2}[a-z][\w-]*(?:, --[\w-]+)*|[a-z][a-z-]*(?=  ))", re.MULTILINE)


class Sectioned(TyperCommand):
    """A command whose help lists its options in sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options of each section."""
        rows = [(_title(row), record) for row in self.get_params(ctx) if (record := row.get_help_record(ctx))]
        _write_sections(rows, formatter)

    def get_help(self, ctx: Any) -> str:
        """The help, in colour."""
        return _coloured(super().get_help(ctx))


class Commands(TyperGroup):
    """The commands, listed by section."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for. Raises UsageError ``usage.command``."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise no_command(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each section with their first sentences."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(str(row.rich_help_panel), (name, _first_paragraph(row))) for name, row in commands if row]  # type: ignore[attr-defined]
        _write_sections(rows, formatter)

    def get_help(self, ctx: Any) -> str:
        """The help, in colour."""
        return _coloured(super().get_help(ctx))


def _title(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    return getattr(parameter, "rich_help_panel", None) or "Options"


def _first_paragraph(command: Any) -> str:
    return (command.help or "").split("\n\n")[0].replace("\n", " ")


def _write_sections(rows: Iterable[tuple[str, tuple[str, str]]], formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for title, row in rows:
        sections.setdefault(title, []).append(row)
    for title, found in sections.items():
        with formatter.section(title):
            formatter.write_dl(found)


def _coloured(text: str) -> str:
    """The text with colours, which are removed again where the output is not a terminal."""
    if os.environ.get("NO_COLOR"):
        return text
    text = _HEADING.sub(lambda found: typer.style(found[1], fg="yellow", bold=True), text)
    return _NAME.sub(lambda found: f"  {typer.style(found[1], fg='cyan', bold=True)}", text)
