"""Makes the options of a command from their declarations."""

import inspect
import os
from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Annotated, Any, Optional

import typer

from cocoseg.formats import FORMATS
from cocoseg.options import Declared, declared

# Places are strings: a Path would make s3:/bucket of s3://bucket.
Src = Annotated[
    str,
    typer.Argument(metavar="SRC", help="A COCO JSON, or a folder of label pictures or masks.", show_default=False),
]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The folder to write to.", show_default=False)]


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def with_options(*declarations: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the declared options, except those that only Python has. Choices arrive as their values."""
    rows = {row.name: row for kind in declarations for row in declared(kind) if not row.option.python_only}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def call(**given: Any) -> None:
            command(**{name: _value(value, rows.get(name)) for name, value in given.items()})

        own = inspect.signature(command, eval_str=True).parameters.values()
        arguments = [row for row in own if row.kind is not row.VAR_KEYWORD and row.name not in rows]
        parameters = [*arguments, *map(_parameter, rows.values())]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {row.name: row.annotation for row in parameters}
        return call

    return decorate


def _parameter(row: Declared) -> inspect.Parameter:
    option = row.option
    kind, default = _kind(row), False if option.negated else option.default
    if isinstance(kind, type) and issubclass(kind, Enum) and default is not None:
        default = kind(default)
    otherwise = f" [default: {option.otherwise}]" if option.otherwise else ""
    shown = typer.Option(
        *(option.flags or (f"--{row.name.replace('_', '-')}",)),
        metavar=None if isinstance(kind, type) and issubclass(kind, Enum) else option.metavar,
        help=f"{option.negated or option.help}{otherwise}",
        min=option.least,
        show_default=default is not None,
    )
    annotation = Annotated[Optional[kind] if default is None else kind, shown]  # type: ignore[valid-type]  # noqa: UP045
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _kind(row: Declared) -> type:
    """What the command line makes of a value: one of the choices, a number, yes, or a text."""
    choices = tuple(FORMATS) if row.name == "source_format" else row.choices
    if choices:
        return Enum(row.name, {choice: choice for choice in choices}, type=str)  # type: ignore[return-value]
    return next((kind for kind in (bool, int, float) if row.type in (kind, Optional[kind])), str)  # noqa: UP045


def _value(value: Any, row: "Declared | None") -> Any:
    if row and row.option.negated:
        return not value
    return value.value if isinstance(value, Enum) else value
