"""``cocoseg verify``."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from cocoseg.cli import options
from cocoseg.options import Verifying

Done = Annotated[
    str,
    typer.Argument(metavar="OUT", help="What a finished run wrote: a folder, or to-coco's JSON.", show_default=False),
]


@options.command(Verifying, options.Printing)
def command(out: Done, *, workers: int | None, json: bool) -> None:
    """Check every file of a finished run against its journal.

    The exit code is 0 if OUT is whole, else 1.

    Example: cocoseg verify out/
    """
    from cocoseg.cli.report import problem_lines
    from cocoseg.runs.tally import counted
    from cocoseg.tools.verify import verify

    found = verify(out, workers=workers or options.cores())
    if json:
        numbers = {"images": found.images, "files": found.files, "refused": found.refused}
        result = {"whole": found.whole, **numbers, "failures": [problem._asdict() for problem in found.failures]}
        typer.echo(json_module.dumps(result, ensure_ascii=False))
    else:
        what = "is whole" if found.whole else "is not whole"
        refused = f"; the run refused {counted(found.refused, 'more image')}" if found.refused else ""
        lines = [f"{out} {what}: {counted(found.files, 'file')} of {counted(found.images, 'image')}{refused}"]
        typer.echo("\n".join([*lines, *problem_lines("Not as written", found.failures, "")]))
    raise typer.Exit(0 if found.whole else 1)
