"""What all conversions have in common on the command line: options, progress, summary, exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
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


def _painted(
    labels: options.Labels = "index",
    overlap: options.OverlapPolicy = None,
    unlabelled: options.UnlabelledPolicy = None,
    categories: options.Categories = None,
    images: options.Images = None,
    png_dir: options.PngDir = None,
) -> None:
    """The options of conversions that paint class maps first."""


def conversion(convert: Callable[..., Tally]) -> Callable[..., None]:
    """A command with the options of all conversions: its function gets those of the tool as ``how``.

    One that has a parameter ``painted`` gets in it the options of conversions that paint class maps first. Choices come
    as their values.
    The function returns the tool's result, which is printed; the exit code is 1 where an image failed.
    """

    @wraps(convert)
    def command(**given: Any) -> None:
        from cocoseg import parallel
        from cocoseg.cli.cluster import cluster
        from cocoseg.cli.progress import progress
        from cocoseg.cli.report import print_summary

        given = {name: value.value if isinstance(value, Enum) else value for name, value in given.items()}
        how = {name: given.pop(name) for name in _GROUPS["how"]}
        if "painted" in own:
            given["painted"] = {name: given.pop(name) for name in _GROUPS["painted"]}
        dask, as_json = how.pop("dask"), how.pop("json")
        parallel.tune_memory()
        with cluster(dask) as executor, progress() as on_done:
            how["workers"] = how["workers"] or (None if executor else options.cores())
            summary = convert(**given, how=how | {"executor": executor, "on_done": on_done})
        print_summary(summary, None if how["dry_run"] else given["out"], as_json)
        raise typer.Exit(1 if summary.failures else 0)

    own = _parameters(convert)
    parameters = list(_in_full({name: row for name, row in own.items() if name != "how"}))
    parameters += _GROUPS["how"].values()
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {row.name: row.annotation for row in parameters}
    return command


def _in_full(own: dict[str, inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """Parameters, with those that stand for a group in place of it."""
    for name, row in own.items():
        yield from _GROUPS[name].values() if name in _GROUPS else [row]


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """With annotations as values, but for what the function returns, which is not loaded for ``--help``."""
    function.__annotations__.pop("return")
    return dict(inspect.signature(function, eval_str=True).parameters)


_GROUPS = {"how": _parameters(_shared), "painted": _parameters(_painted)}
