"""``cocoseg report``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocoseg.cli import options
from cocoseg.errors import UsageError
from cocoseg.options import Reporting

if TYPE_CHECKING:
    from cocoseg.tools.report import Report

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="SRC [VAL] OUT",
        help="A data set, or two such as those of training and of validation; and the HTML file to write.",
        show_default=False,
    ),
]


@options.command(Reporting, options.OnCluster, options.Printing)
def command(places: Places, *, json: bool, quiet: bool, verbose: bool, dask: str | None, **given: Any) -> None:
    """Write a page about a data set, or about two: what is odd, classes, distributions, pictures.

    OUT is one HTML file of less than 2 MB; a CSV beside it has a line for each image. Run the same command again to
    resume. The exit code is 1 if a finding is an error, as with check.

    Example: cocoseg report train.json val.json report.html --photos photos/
    """
    from cocoseg import parallel
    from cocoseg.cli.cluster import cluster
    from cocoseg.cli.printing import as_json, print_lines
    from cocoseg.cli.progress import progress
    from cocoseg.tools.report import report

    src, val, out = _places(places)
    parallel.tune_memory()
    with cluster(dask) as found, progress(quiet) as on_done:
        given["workers"] = given["workers"] or (found.workers if found.executor else options.cores())
        result = report(src, out, val, **given, executor=found.executor, on_done=on_done)
    if json:
        typer.echo(as_json(result.as_dict() | {"page": result.page, "tables": list(result.tables)}))
    else:
        print_lines(_errors(result) if quiet else [*_done(result), *_errors(result), _last_words(result, verbose)])
    raise typer.Exit(1 if result.errors else 0)


def _places(given: list[str]) -> tuple[str, str | None, str]:
    """SRC, VAL if there is one, and OUT. Raises UsageError ``usage.out``."""
    if len(given) not in (2, 3):
        raise UsageError("usage.out", f"expected SRC and OUT, or SRC, VAL and OUT; found {len(given)} names")
    return given[0], given[1] if len(given) == 3 else None, given[-1]


def _done(result: Report) -> list[str]:
    """What was looked at."""
    from cocoseg.runs.tally import guess

    guesses = [line for side in result.sides for line in guess(side.dataset.read_as)]
    images = sum(side.statistics.images for side in result.sides)
    listed = sum(side.statistics.listed for side in result.sides)
    kept = f", {result.kept:,} of them finished before" if result.kept else ""
    rate = f" ({(images - result.kept) / result.seconds:,.0f} images/s)" if images > result.kept else ""
    done = f"{images:,} of {listed:,} images in {result.seconds:.1f} s{rate}{kept}"
    return [*guesses, done, *result.notes]


def _errors(result: Report) -> list[str]:
    from cocoseg.cli.printing import printable

    return [
        printable(f"error  {row.source}{': ' if row.source else ''}{row.category}: {row.message}")
        for row in result.errors
    ]


def _last_words(result: Report, verbose: bool) -> str:
    from cocoseg.runs.tally import counted

    said = f"{counted(len(result.errors), 'error')}, {counted(len(result.warnings), 'warning')}"
    tables = " and ".join(result.tables)
    size = f" ({result.bytes:,} bytes)" if verbose else ""
    return f"{said}; the page is {result.page}{size}, beside it {tables}"
