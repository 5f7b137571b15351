"""What conversions are made from, and where they may not write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cocoseg.errors import UsageError, show
from cocoseg.files import places
from cocoseg.model import Dataset
from cocoseg.version import __version__


def check_places(dataset: Dataset, sources: Sequence[str], out: str) -> None:
    """Refuse to write among the sources."""
    if dataset.folder is not None and places.same_place(dataset.folder, out):
        raise UsageError(
            "out.is_input",
            f"OUT {show(out, 300)} and the PNGs' folder {show(dataset.folder, 300)} lie in one another, so "
            "that sources could be overwritten; choose another OUT",
        )
    if inside := next((path for path in sources if places.lies_in(path, out)), None):
        raise UsageError(
            "out.is_input",
            f"{show(inside, 300)} lies in OUT {show(out, 300)}, so that it could be overwritten; choose another OUT",
        )


def report_head(command: str, options: dict[str, Any], sources: Sequence[str]) -> dict[str, Any]:
    """What every report begins with: by what, how and of what it was made."""
    return {
        "cocoseg": __version__,
        "command": command,
        "options": options,
        "sources": [{"name": places.base_name(path), "bytes": places.size(path)} for path in sources],
    }
