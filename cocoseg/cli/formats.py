"""``cocoseg formats``."""

from __future__ import annotations

import typer


def command() -> None:
    """Say what converts to what, and what becomes of what one of the two can't tell.

    Example: cocoseg formats
    """
    from cocoseg.cli.report import table
    from cocoseg.tools import formats

    heads, made, *rows = formats.table()
    typer.echo("\n".join(f"{command}: {what}" for command, what in zip(heads[1:], made[1:], strict=True)))
    typer.echo("\n".join(table([heads, *rows])))
