"""``cocoseg verify``."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from cocoseg.cli.options import cores, with_options
from cocoseg.options import Checking, Printing

Done = Annotated[
    str,
    typer.Argument(metavar="OUT", help="What a finished run wrote: a folder, or to-coco's JSON.", show_default=False),
]


@with_options(Checking, Printing)
def command(out: Done, *, workers: int | None, json: bool) -> None:
    """Check every file of a finished run against its journal.

    The exit code is 0 if OUT is whole, else 1.

    Example: cocoseg verify out/
    """
    from cocoseg.cli.report import problem_lines
    from cocoseg.runs.tally import counted
    from cocoseg.tools.verify import verify

    found = verify(out, workers=workers or cores())
    if json:
        numbers = {"images": found.images, "files": found.files, "refused": found.refused}
        told = {"whole": found.whole, **numbers, "failures": [problem._asdict() for problem in found.failures]}
        typer.echo(json_module.dumps(told, ensure_ascii=False))
    else:
        what = "is whole" if found.whole else "is not whole"
        refused = f"; {counted(found.refused, 'image')} more refused by the run" if found.refused else ""
        lines = [f"{out} {what}: {counted(found.files, 'file')} of {counted(found.images, 'image')}{refused}"]
        typer.echo("\n".join([*lines, *problem_lines("Not as written", found.failures, "")]))
    raise typer.Exit(0 if found.whole else 1)
