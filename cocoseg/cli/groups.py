"""Options that go together: declared once as a function's, handed to a command as one dict."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from cocoseg.cli import options


def _source(
    categories: options.Categories = None,
    images: options.Images = None,
    png_dir: options.PngDir = None,
    source_labels: options.SourceLabels = None,
    instances: options.Instances = None,
    source_format: options.From = None,
) -> None:
    """The options that say how SRC is read, those of ``tools.sources.Source``."""


def grouped(command: Callable[..., None], **groups: Callable[..., None]) -> Callable[..., None]:
    """The command with a group's options in the place of the parameter that has its name.

    ``source`` is a group for all; ``groups`` are more of them.
    """
    own = _signature(command).parameters
    found = {name: _signature(declare).parameters for name, declare in {"source": _source, **groups}.items()}
    found = {name: parameters for name, parameters in found.items() if name in own}

    @wraps(command)
    def call(**given: Any) -> None:
        for name, parameters in found.items():
            given[name] = {option: given.pop(option) for option in parameters}
        if source := given.get("source"):
            source["source_format"] = source["source_format"] and source["source_format"].value
        command(**given)

    rows = [row for row in own.values() if row.name not in found]
    rows += [row for parameters in found.values() for row in parameters.values()]
    call.__signature__ = inspect.Signature(rows)  # type: ignore[attr-defined]
    call.__annotations__ = {row.name: row.annotation for row in rows}
    return call


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """With annotations as values, but for what the function returns, which is not loaded for ``--help``."""
    function.__annotations__.pop("return", None)
    return inspect.signature(function, eval_str=True)
