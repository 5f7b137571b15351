"""Makes typer's parameters from the declared options."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Annotated, Any, Optional, TypedDict

import typer

from cocoseg.formats import FORMATS
from cocoseg.options import Declared, Option, Painting, Reading, Running, declared

# Places are strings: a Path would make s3:/bucket of s3://bucket.
Src = Annotated[
    str,
    typer.Argument(metavar="SRC", help="A COCO JSON, or a folder of label pictures or masks.", show_default=False),
]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The folder to write to.", show_default=False)]


class Printing(TypedDict, total=False):
    """How a command prints its result."""

    json: Annotated[bool, Option("Print the result as JSON.", False)]


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
        rows = {row.name: row for kind in self.declarations for row in declared(kind) if row.flags}

        @wraps(self.run)
        def call(**given: Any) -> None:
            self.run(**{name: _value(value, rows.get(name)) for name, value in given.items()})

        own = inspect.signature(self.run, eval_str=True).parameters.values()
        arguments = [row for row in own if row.kind is not row.VAR_KEYWORD and row.name not in rows]
        parameters = [*arguments, *map(_parameter, rows.values())]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {row.name: row.annotation for row in parameters}
        return call


def command(*declarations: Any) -> Callable[[Callable[..., None]], Command]:
    """Make a command of a function that takes the declared options. Choices arrive as their values."""
    return lambda run: Command(run, declarations)


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parameter(row: Declared) -> inspect.Parameter:
    kind, default = _kind(row), False if _negated(row) else row.option.default
    is_choice = issubclass(kind, Enum)
    shown = typer.Option(
        *row.flags,
        metavar=None if is_choice else row.option.metavar,
        help=_help(row),
        min=row.option.least,
        show_default=default is not None,
        rich_help_panel=_section(row),
    )
    default = kind(default) if is_choice and default is not None else default
    annotation = Annotated[Optional[kind] if default is None else kind, shown]  # type: ignore[valid-type]  # noqa: UP045
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _help(row: Declared) -> str:
    option, shell = row.option, row.option.shell
    unset = "" if option.default is not None else (shell and shell.unset) or option.unset
    return f"{(shell and shell.help) or option.help}{f' [default: {unset}]' if unset else ''}"


def _kind(row: Declared) -> type:
    """The type that the command line converts to: an enum of the choices, a number, a flag, or a string."""
    choices = tuple(FORMATS) if row.name == "source_format" else row.choices
    if choices:
        return Enum(row.name, {choice: choice for choice in choices}, type=str)  # type: ignore[return-value]
    return next((kind for kind in (bool, int, float) if row.type in (kind, Optional[kind])), str)  # noqa: UP045


def _negated(row: Declared) -> bool:
    """Whether an option is on until its flag turns it off."""
    return row.option.default is True


def _section(row: Declared) -> str | None:
    return next(
        (title for title, kinds in SECTIONS.items() for kind in kinds if row.name in kind.__annotations__), None
    )


def _value(value: Any, row: "Declared | None") -> Any:
    if row and _negated(row):
        return not value
    return value.value if isinstance(value, Enum) else value
