"""What all conversions have in common on the command line: options, progress, summary, exit code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import typer

from cocoseg.cli import options
from cocoseg.cli.groups import grouped, source_options

if TYPE_CHECKING:
    from cocoseg.runs.tally import Tally


def _shared(
    workers: options.Workers = None,
    dask: options.Dask = None,
    overwrite: options.Overwrite = False,
    on_error: options.ErrorPolicy = options.OnError.skip,
    time_limit: options.TimeLimit = 300.0,
    dry_run: options.DryRun = False,
    json: options.AsJson = False,
) -> None:
    """The options that every conversion has."""


def _painted(
    labels: options.Labels = "index",
    overlap: options.OverlapPolicy = None,
    unlabelled: options.UnlabelledPolicy = None,
) -> None:
    """The options of conversions that paint class maps first."""


def conversion(convert: Callable[..., Tally]) -> Callable[..., None]:
    """A command with the options of all conversions: its function gets those of the tool as ``how``.

    What it has as ``source`` are the options of all that reads, as ``painted`` those of conversions that paint class
    maps first. Choices come as their values. The function returns the tool's result, which is printed; the exit code is
    1 where an image failed.
    """

    @wraps(convert)
    def command(how: dict[str, Any], **given: Any) -> None:
        from cocoseg import parallel
        from cocoseg.cli.cluster import cluster
        from cocoseg.cli.progress import progress
        from cocoseg.cli.report import print_summary

        dask, as_json = how.pop("dask"), how.pop("json")
        parallel.tune_memory()
        with cluster(dask) as executor, progress() as on_done:
            how["workers"] = how["workers"] or (None if executor else options.cores())
            summary = convert(**given, how=how | {"executor": executor, "on_done": on_done})
        print_summary(summary, None if how["dry_run"] else given["out"], as_json)
        raise typer.Exit(1 if summary.failures else 0)

    return grouped(command, painted=_painted, source=source_options, how=_shared)
