"""``cocoseg.json``, the report of a run: what it says, and where a run may not write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.documents import Count, read_document
from cocoseg.files.listing import picture_names
from cocoseg.files.names import REPORT
from cocoseg.model import Dataset
from cocoseg.runs.folder import Folder
from cocoseg.version import __version__


class Images(msgspec.Struct):
    """How many images a run converted, and how many it refused, as older versions wrote it."""

    converted: Count = 0
    failed: Count = 0


class Report(msgspec.Struct):
    """What readers need of a report. Any field may be missing: it may be of an older version, or a stranger's."""

    command: str | None = None
    options: dict[str, Any] = {}
    images: Count | Images = 0
    failed: Count = 0
    labels: Raw | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET
    masks: Any = None  # their number by category id
    background: bool = True
    unique_ids: bool = False
    reshaped: Any = None  # how the data set was made of others
    document: tuple[str, Count, str] | None = None
    documents: list[tuple[str, Count, str]] = []
    files: list[tuple[str, Count, str]] = []
    photos: str = ""  # the folder in OUT with photos that the run wrote

    @property
    def counts(self) -> Images:
        """How many images the run converted, and how many it refused."""
        return self.images if isinstance(self.images, Images) else Images(self.images, self.failed)


def read_report(folder: str) -> Report:
    """The report that a run left in a folder, or an empty one. Raises DocumentError, SampleError ``file.*``."""
    path = places.join(folder, REPORT)
    return read_document(path, Report) if places.exists(path) else Report()


def documents_of(folder: Folder) -> list[tuple[str, int, str]]:
    """The documents of parts that the last run in a folder wrote: name, size and digest; none if it does not say."""
    try:
        return read_document(folder.path(REPORT), Report, data=folder.read(REPORT)).documents
    except (DocumentError, SampleError):
        return []


@dataclass(frozen=True)
class Head:
    """What a report begins with: sources, options, and more ``about`` what was made."""

    sources: list[str]
    options: dict[str, Any]
    about: dict[str, Any] = field(default_factory=dict)

    def as_dict(self, command: str) -> dict[str, Any]:
        """As strict JSON holds it."""
        sources = [{"name": places.base_name(path), **_extent(path)} for path in self.sources]
        made = {"cocoseg": __version__, "command": command, "options": self.options, "sources": sources}
        return made | self.about


def check_places(dataset: Dataset, sources: Sequence[str], out: str) -> None:
    """Refuse to write among the sources. Raises UsageError ``out.is_input``."""
    if among := next((folder for folder in (*dataset.folders, *sources) if places.lies_in(out, folder)), None):
        raise _in_one_another(out, among)
    if inside := next((folder for folder in dataset.folders if places.lies_in(folder, out)), None):
        raise _in_one_another(out, inside)
    if inside := next((path for path in sources if places.lies_in(path, out)), None):
        text = f"{show(inside, 300)} lies in OUT {show(out, 300)}, so that it could be overwritten; choose another OUT"
        raise UsageError("out.is_input", text)


def _in_one_another(out: str, folder: str) -> UsageError:
    text = f"OUT {show(out, 300)} and {show(folder, 300)}, which is read, lie in one another, so that sources could be"
    return UsageError("out.is_input", f"{text} overwritten; choose another OUT")


def _extent(path: str) -> dict[str, int]:
    """How large a source is: the pictures of a folder, the bytes of a file."""
    return {"pictures": len(picture_names(path))} if places.is_folder(path) else {"bytes": places.size(path)}
