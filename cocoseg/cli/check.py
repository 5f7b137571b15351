"""``cocoseg check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from cocoseg.cli import options
from cocoseg.options import Checking

if TYPE_CHECKING:
    from cocoseg.stats.findings import Finding, Side
    from cocoseg.tools.check import Check

Val = Annotated[
    Optional[str],  # noqa: UP045
    typer.Argument(metavar="[VAL]", help="A second source, such as that of validation.", show_default=False),
]
_WIDE = 100  # characters of a line of names
_SHORT = 60  # characters of a name
_INDENT = 9


@options.command(Checking, options.OnCluster, options.Printing)
def command(
    src: options.Src, val: Val = None, *, json: bool, quiet: bool, verbose: bool, dask: str | None, **given: Any
) -> None:
    """Look at every image, and say what is odd about the data set before it is trained on.

    The exit code is 1 if a finding is an error, else 0.

    Example: cocoseg check train.json val.json --photos photos/
    """
    from cocoseg import parallel
    from cocoseg.cli.cluster import cluster
    from cocoseg.cli.printing import as_json, print_lines
    from cocoseg.cli.progress import progress
    from cocoseg.tools.check import check

    parallel.tune_memory()
    with cluster(dask) as found, progress(quiet) as on_done:
        given["workers"] = given["workers"] or (found.workers if found.executor else options.cores())
        result = check(src, val, **given, executor=found.executor, on_done=on_done)
    if json:
        typer.echo(as_json(result.as_dict()))
    else:
        print_lines(_findings(result, verbose) if quiet else [*_head(result), *_findings(result, verbose)])
    raise typer.Exit(1 if result.errors else 0)


def _head(result: Check) -> list[str]:
    """What was looked at, and how much was found."""
    from cocoseg.runs.tally import counted, guess

    guesses = [line for side in result.sides for line in guess(side.dataset.read_as)]
    errors, warnings = len(result.errors), len(result.warnings)
    said = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if errors or warnings else "Nothing odd found"
    return [*guesses, *map(_side, result.sides), *result.notes, f"{said} in {result.seconds:.1f} s"]


def _side(side: Side) -> str:
    from cocoseg.errors import show
    from cocoseg.runs.tally import counted

    stats = side.statistics
    used = sum(bool(row.images) for row in stats.classes.values())
    of = f"{used:,} of {len(stats.categories):,} categories used" if stats.categories else "no categories"
    what = f"{counted(stats.listed, 'image')}, {counted(stats.segments, 'segment')}"
    return f"{show(side.dataset.source, 300)[1:-1]}: {what}, {of}"


def _findings(result: Check, verbose: bool) -> list[str]:
    return [line for row in result.findings for line in _lines(row, verbose)]


def _lines(row: Finding, verbose: bool) -> list[str]:
    """A finding, and below it where it was seen, on one line if there is room."""
    from cocoseg.cli.printing import printable

    severity = "error" if row.is_error else "warning"
    where = f"{row.source}: " if row.source else ""
    why = f" ({row.why})" if verbose else ""
    examples = (f"{'':{_INDENT}}{printable(line)}" for line in _examples(row))
    return [printable(f"{severity:{_INDENT}}{where}{row.category}: {row.message}{why}"), *examples]


def _examples(row: Finding) -> list[str]:
    """Where a finding was seen: short names beside each other, sentences below each other."""
    if max(map(len, row.examples), default=0) > _SHORT:
        return [*row.examples, *([f"... and {row.left_out:,} more"] if row.left_out else [])]
    return _filled([*row.examples, *(["..."] if row.left_out else [])])


def _filled(names: list[str]) -> list[str]:
    """Names beside each other, on as many lines as they need."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) < _WIDE:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return lines
