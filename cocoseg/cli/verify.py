"""``cocoseg verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocoseg.cli import options
from cocoseg.options import Verifying

if TYPE_CHECKING:
    from cocoseg.tools.verify import Verification

Done = Annotated[
    str,
    typer.Argument(metavar="OUT", help="What a finished run wrote: a folder, or to-coco's JSON.", show_default=False),
]


@options.command(Verifying, options.Printing)
def command(out: Done, *, workers: int | None, json: bool, quiet: bool, verbose: bool) -> None:
    """Check every file of a finished run against its journal.

    The exit code is 0 if OUT is whole, else 1.

    Example: cocoseg verify out/
    """
    from cocoseg.cli.printing import MOST, as_json, print_lines, problem_lines
    from cocoseg.tools.verify import verify

    found = verify(out, workers=workers or options.cores())
    if json:
        typer.echo(as_json({"whole": found.whole} | vars(found)))
    else:
        title = "Not as written" if found.state == "finished" else "Not finished"
        problems = problem_lines(title, found.failures, most=None if verbose else MOST)
        print_lines(problems if quiet else [f"{out} {_state(found)}", *problems])
    raise typer.Exit(0 if found.whole else 1)


def _state(found: Verification) -> str:
    """How much of a run is there, in words."""
    from cocoseg.runs.tally import counted

    if found.state != "finished":
        listed = f"{found.listed:,}" if found.listed else "an unknown number"
        return f"is not finished: {found.images:,} of {listed} images are done"
    refused = f"; the run refused {counted(found.refused, 'more image')}" if found.refused else ""
    what = "is whole" if found.whole else "is not whole"
    return f"{what}: {counted(found.files, 'file')} of {counted(found.images, 'image')}{refused}"
