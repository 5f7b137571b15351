"""Makes a command of a conversion: options, progress, summary, exit code."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

from cocoseg.cli.options import Out, Src, cores, with_options
from cocoseg.options import Commanded


def conversion(tool: str, declaration: Any, text: str, target: Any = Out) -> Callable[..., None]:
    """The command of a tool ``module.function`` with the options of its declaration; ``text`` is its help.

    The exit code is 1 if an image failed.
    """

    @with_options(declaration, Commanded)
    def command(src: Src, out: target, *, dask: str | None, json: bool, **given: Any) -> None:
        from cocoseg import parallel
        from cocoseg.cli.cluster import cluster
        from cocoseg.cli.progress import progress
        from cocoseg.cli.report import print_summary

        parallel.tune_memory()
        module, function = tool.rsplit(".", 1)
        with cluster(dask) as executor, progress() as on_done:
            given["workers"] = given["workers"] or (None if executor else cores())
            convert = getattr(import_module(f"cocoseg.tools.{module}"), function)
            summary = convert(src, out, **given, executor=executor, on_done=on_done)
        print_summary(summary, None if given["dry_run"] else out, json)
        raise typer.Exit(1 if summary.failures else 0)

    command.__doc__ = text
    return command
