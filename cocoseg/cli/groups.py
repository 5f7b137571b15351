"""Options that go together: declared once as a function's, handed to a command as one dict."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any

from cocoseg.cli import options


def source_options(
    categories: options.Categories = None,
    images: options.Images = None,
    png_dir: options.PngDir = None,
    source_labels: options.SourceLabels = None,
    instances: options.Instances = None,
    source_format: options.From = None,
) -> None:
    """The options that say how SRC is read, those of ``tools.sources.Source``."""


def grouped(command: Callable[..., None], **groups: Callable[..., None]) -> Callable[..., None]:
    """The command with a group's options in the place of the parameter that has its name; choices as their values."""
    own = _signature(command).parameters
    found = {name: _signature(declare).parameters for name, declare in groups.items() if name in own}

    @wraps(command)
    def call(**given: Any) -> None:
        given = {name: value.value if isinstance(value, Enum) else value for name, value in given.items()}
        for name, parameters in found.items():
            given[name] = {option: given.pop(option) for option in parameters}
        command(**given)

    rows = [row for row in own.values() if row.name not in found]
    rows += [row for parameters in found.values() for row in parameters.values()]
    call.__signature__ = inspect.Signature(rows)  # type: ignore[attr-defined]
    call.__annotations__ = {row.name: row.annotation for row in rows}
    return call


def with_source(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of all that reads as ``source``."""
    return grouped(command, source=source_options)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """With annotations as values, but for what the function returns, which is not loaded for ``--help``."""
    function.__annotations__.pop("return", None)
    return inspect.signature(function, eval_str=True)
