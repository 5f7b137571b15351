"""Makes typer's parameters from the declared options."""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Optional, TypedDict

import typer

from cocoseg.cli.values import choices_of, is_negated, value_of
from cocoseg.options import Declared, Option, Painting, Reading, Running, Shell, declared, is_of

# Places are strings: a Path would make s3:/bucket of s3://bucket.
Src = Annotated[
    str,
    typer.Argument(metavar="SRC", help="A file of annotations, or the folder of a data set.", show_default=False),
]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The folder to write to.", show_default=False)]


class Printing(TypedDict, total=False):
    """How a command prints its result."""

    json: Annotated[bool, Option("Print the result, or the error, as JSON.", False)]
    quiet: Annotated[bool, Option("Print warnings and refused images only.", False, shell=Shell(("--quiet", "-q")))]
    verbose: Annotated[
        bool,
        Option(
            "Print all warnings, refused images and rows, not only the first 20.",
            False,
            shell=Shell(("--verbose", "-v")),
        ),
    ]


DEBUG = "Print the traceback of an error."


class Debugging(TypedDict, total=False):
    """What every command has, and only the guard around them reads."""

    debug: Annotated[bool, Option(DEBUG, False)]


class OnCluster(TypedDict, total=False):
    """Where a conversion runs, for those who cannot pass an executor."""

    dask: Annotated[
        str | None,
        Option("Let a Dask cluster do the work: its scheduler's address, or scheduler file.", metavar="ADDRESS"),
    ]


SECTIONS = {"Label options": (Painting,), "Input options": (Reading,), "Run options": (Running, OnCluster)}


@dataclass(frozen=True)
class Command:
    """A command: the function that does it, and the declarations of its options."""

    run: Callable[..., None]
    declarations: tuple[Any, ...]

    def for_typer(self) -> Callable[..., None]:
        """The function with all its parameters; formats are those that are registered by now."""
        kinds = (*self.declarations, Debugging)
        rows = {row.name: row for kind in kinds for row in declared(kind) if row.flags}

        @wraps(self.run)
        def call(**given: Any) -> None:
            given.pop("debug")
            self.run(**{name: value_of(rows[name], value) if name in rows else value for name, value in given.items()})

        own = inspect.signature(self.run, eval_str=True).parameters.values()
        arguments = [row for row in own if row.kind is not row.VAR_KEYWORD and row.name not in rows]
        parameters = [*arguments, *map(_parameter, rows.values())]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {row.name: row.annotation for row in parameters}
        return call


def command(*declarations: Any) -> Callable[[Callable[..., None]], Command]:
    """Make a command of a function that takes the declared options. Choices arrive as their values."""
    return lambda run: Command(run, declarations)


def completing(words: Sequence[str]) -> Callable[[str], list[str]]:
    """What completes a word to one of some words."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def completing_presets(incomplete: str) -> list[str]:
    """The presets, files and folders that an incomplete word begins."""
    from glob import escape, glob

    from cocoseg.labels import PRESETS

    files = [f"{path}{'/' if os.path.isdir(path) else ''}" for path in sorted(glob(f"{escape(incomplete)}*"))]
    return [*(name for name in PRESETS if name.startswith(incomplete)), *files]


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parameter(row: Declared) -> inspect.Parameter:
    """A flag, or an option with a text, which ``value_of`` reads: typer's own sentences differ between versions."""
    words = choices_of(row)
    complete = completing(words) if words else completing_presets if "PRESET" in (row.option.metavar or "") else None
    shown = typer.Option(
        *row.flags,
        metavar=row.option.metavar or "|".join(words),
        help=_help(row),
        show_default=row.option.default is not None,
        rich_help_panel=_section(row),
        autocompletion=complete,
    )
    kind: Any = bool if row.type is bool else str if row.option.default is not None else Optional[str]  # noqa: UP045
    return inspect.Parameter(
        row.name, inspect.Parameter.KEYWORD_ONLY, default=_default(row), annotation=Annotated[kind, shown]
    )


def _default(row: Declared) -> Any:
    """The default as typer takes it: a flag that is off, or a text."""
    default = row.option.default
    if default is None or row.type is bool:
        return default and not is_negated(row)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _help(row: Declared) -> str:
    option, shell = row.option, row.option.shell
    unset = "" if option.default is not None else (shell and shell.unset) or option.unset
    text = (shell and shell.help) or option.help
    if option.metavar and (words := choices_of(row)):
        text = f"{text.rstrip('.')}: {', '.join(words)}."
    return f"{text}{f' [default: {unset}]' if unset else ''}"


def _section(row: Declared) -> str | None:
    return next((title for title, kinds in SECTIONS.items() for kind in kinds if is_of(row, kind)), None)
