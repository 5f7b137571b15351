"""The overview of all commands: whole sentences in sections, in colour on a terminal."""

from __future__ import annotations

import os
from typing import Any

import typer
from typer.core import TyperGroup


class Commands(TyperGroup):
    """The commands, listed by section."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each section with their first sentences."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in commands.items():
            text = (command.help or "").split("\n\n")[0].replace("\n", " ") if command else ""
            sections.setdefault(getattr(command, "rich_help_panel", ""), []).append((_styled(name, "cyan"), text))
        for title, rows in sections.items():
            with formatter.section(_styled(title, "yellow")):
                formatter.write_dl(rows)


def _styled(text: str, colour: str) -> str:
    """The text in colour; the terminal's absence removes it again when the help is printed."""
    return text if os.environ.get("NO_COLOR") else typer.style(text, fg=colour, bold=True)
