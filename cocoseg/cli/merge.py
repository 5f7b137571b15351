"""``cocoseg merge``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cocoseg.cli import options
from cocoseg.cli.conversion import convert
from cocoseg.errors import UsageError
from cocoseg.options import Merging

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="SRC ... OUT", help="The data sets, and the JSON or the folder to write to.", show_default=False
    ),
]


@options.command(Merging, options.OnCluster, options.Printing)
def command(places: Places, *, json: bool, quiet: bool, verbose: bool, **given: Any) -> None:
    """Make one data set of several, of any formats. Classes are the same by name.

    Ids stay where they are free; cocoseg.json has a table of those that changed.

    Example: cocoseg merge a.json b.json all.json
    """
    from cocoseg.tools.merge import merge

    *sources, out = places
    if not sources:
        raise UsageError("usage.sources", "there is one place, expected the data sets to merge, and OUT last")
    convert(merge, (sources, out), given, json=json, quiet=quiet, verbose=verbose)
