"""What a report begins with, and where a run may not write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cocoseg.errors import UsageError, show
from cocoseg.files import places
from cocoseg.files.listing import picture_names
from cocoseg.model import Dataset
from cocoseg.version import __version__


def check_places(dataset: Dataset, sources: Sequence[str], out: str) -> None:
    """Refuse to write among the sources, which are files and folders."""
    if among := next((folder for folder in (*dataset.folders, *sources) if places.lies_in(out, folder)), None):
        raise _in_one_another(out, among)
    if inside := next((folder for folder in dataset.folders if places.lies_in(folder, out)), None):
        raise _in_one_another(out, inside)
    if inside := next((path for path in sources if places.lies_in(path, out)), None):
        raise UsageError(
            "out.is_input",
            f"{show(inside, 300)} lies in OUT {show(out, 300)}, so that it could be overwritten; choose another OUT",
        )


@dataclass(frozen=True)
class Head:
    """What a report begins with: of what and how it was made, and ``about`` what was made, if there is more to tell."""

    sources: list[str]
    options: dict[str, Any]
    about: dict[str, Any] = field(default_factory=dict)

    def as_dict(self, command: str) -> dict[str, Any]:
        """As strict JSON holds it."""
        sources = [{"name": places.base_name(path), **_extent(path)} for path in self.sources]
        made = {"cocoseg": __version__, "command": command, "options": self.options, "sources": sources}
        return made | self.about


def _in_one_another(out: str, folder: str) -> UsageError:
    text = f"OUT {show(out, 300)} and {show(folder, 300)}, which is read, lie in one another, so that sources could be"
    return UsageError("out.is_input", f"{text} overwritten; choose another OUT")


def _extent(path: str) -> dict[str, int]:
    """How large a source is: the pictures of a folder, the bytes of a file."""
    return {"pictures": len(picture_names(path))} if places.is_folder(path) else {"bytes": places.size(path)}
