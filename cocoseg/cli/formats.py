"""``cocoseg formats``."""

from __future__ import annotations

from typing import Annotated

import typer

from cocoseg.cli import options


@options.command()
def command(*, json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False) -> None:
    """Show which sources convert to which targets, and what is lost.

    Example: cocoseg formats
    """
    from cocoseg.tools import formats

    if json:
        from cocoseg.cli.printing import as_json

        typer.echo(as_json(formats.as_dict()))
        return
    heads, made, *rows = formats.table()
    lines = [f"{command}: {what}" for command, what in zip(heads[1:], made[1:], strict=True)]
    for row, (source, *remarks) in zip(formats.sources().values(), rows, strict=True):
        lines += ["", source, *_lacks(formats.lacks(row)), *_remarks(heads[1:], remarks)]
    typer.echo("\n".join(lines))


def _lacks(what: list[str]) -> list[str]:
    return [f"  holds no {', no '.join(what)}"] if what else []


def _remarks(commands: tuple[str, ...], remarks: list[str]) -> list[str]:
    """One line for each remark, with the commands that it applies to."""
    return [
        f"  {', '.join(name for name, said in zip(commands, remarks, strict=True) if said == remark)}: {remark}"
        for remark in dict.fromkeys(remarks)
    ]
