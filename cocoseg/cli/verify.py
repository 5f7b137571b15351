"""``cocoseg verify``."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

from cocoseg.cli import options

Done = Annotated[
    str,
    typer.Argument(metavar="OUT", help="What a finished run wrote: a folder, or to-coco's JSON.", show_default=False),
]


def command(out: Done, workers: options.Workers = None, json: options.AsJson = False) -> None:
    """Check every file of a finished run against its journal; exit code 0: OUT is whole.

    Example: cocoseg verify out/
    """
    from cocoseg.cli.report import problem_lines
    from cocoseg.tools.verify import verify

    found = verify(out, workers=workers or options.cores())
    if json:
        failures = [problem._asdict() for problem in found.failures]
        told = {"whole": found.whole, "images": found.images, "files": found.files, "failures": failures}
        typer.echo(json_module.dumps(told, ensure_ascii=False))
    else:
        what = "is whole" if found.whole else "is not whole"
        files = "1 file" if found.files == 1 else f"{found.files:,} files"
        lines = [f"{out} {what}: {files} of {found.images:,} images"]
        typer.echo("\n".join([*lines, *problem_lines("Not as written", found.failures, "")]))
    raise typer.Exit(0 if found.whole else 1)
