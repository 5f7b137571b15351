"""Makes a command of a conversion: options, progress, summary, exit code."""

from collections.abc import Callable
from typing import Any

import typer

from cocoseg.cli.options import Command, OnCluster, Out, Printing, Src, command, cores


def conversion(declaration: Any, target: Any = Out) -> Callable[[Callable[[], Callable[..., Any]]], Command]:
    """Make a command of a function that imports and returns its tool; its docstring is the help.

    The command takes the options of the tool's declaration. Its exit code is 1 if an image failed.
    """

    def decorate(tool: Callable[[], Callable[..., Any]]) -> Command:
        @command(declaration, OnCluster, Printing)
        def call(src: Src, out: target, **options: Any) -> None:
            printing = {name: options.pop(name) for name in Printing.__annotations__}
            convert(tool(), (src, out), options, **printing)

        call.run.__doc__ = tool.__doc__
        return call

    return decorate


def convert(
    tool: Callable[..., Any], places: tuple[Any, str], options: Any, *, json: bool, quiet: bool, verbose: bool
) -> None:
    """Call a tool with its places, print its summary, and exit."""
    from cocoseg import parallel
    from cocoseg.cli.cluster import cluster
    from cocoseg.cli.printing import as_json, print_summary
    from cocoseg.cli.progress import progress

    parallel.tune_memory()
    with cluster(options.pop("dask")) as found, progress(quiet) as on_done:
        options["workers"] = options["workers"] or (found.workers if found.executor else cores())
        summary = tool(*places, **options, executor=found.executor, on_done=on_done)
    if json:
        typer.echo(as_json(summary.as_dict() | summary.about_run()))
    else:
        print_summary(summary, None if options["dry_run"] else places[1], quiet, verbose)
    raise typer.Exit(1 if summary.failures else 0)
