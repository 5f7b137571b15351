"""What all conversions have in common on the command line: options, progress, summary, exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import typer

from cocoseg.cli import options

if TYPE_CHECKING:
    from cocoseg.tools.tally import Tally


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


def conversion(convert: Callable[..., Tally]) -> Callable[..., None]:
    """A command with the options of all conversions: its function gets those of the tool as ``how``.

    The function returns the tool's result, which is printed; the exit code is 1 where an image failed.
    """

    @wraps(convert)
    def command(**given: Any) -> None:
        from cocoseg import parallel
        from cocoseg.cli.cluster import cluster
        from cocoseg.cli.progress import progress
        from cocoseg.cli.report import print_summary

        how = {name: given.pop(name) for name in shared.parameters}
        dask, as_json = how.pop("dask"), how.pop("json")
        parallel.tune_memory()
        with cluster(dask) as executor, progress() as on_done:
            how["workers"] = how["workers"] or (None if executor else options.cores())
            how["on_error"] = how["on_error"].value
            summary = convert(**given, how=how | {"executor": executor, "on_done": on_done})
        print_summary(summary, None if how["dry_run"] else given["out"], as_json)
        raise typer.Exit(1 if summary.failures else 0)

    shared = _signature(_shared)
    own = [row for row in _signature(convert).parameters.values() if row.name != "how"]
    parameters = [*own, *shared.parameters.values()]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {row.name: row.annotation for row in parameters}
    return command


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """With annotations as values, but for what the function returns, which is not loaded for ``--help``."""
    function.__annotations__.pop("return", None)
    return inspect.signature(function, eval_str=True)
