"""The sources of a conversion, and what a COCO JSON says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from cocoseg.errors import DocumentError
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.reading import read, survey
from cocoseg.labels import PRESETS, LabelScheme
from cocoseg.model import Dataset
from cocoseg.options import Reading
from cocoseg.version import __version__


@dataclass(frozen=True)
class Source:
    """What a command reads, with all reading options of ``cocoseg.read``."""

    src: StrPath
    reading: Reading

    def read(self) -> Dataset:
        """The data set. Raises DocumentError, LabelError, UsageError."""
        return read(self.src, **self.reading)

    def survey(self) -> dict[str, Any]:
        """Counts that need no decoded picture. Raises as ``read`` does."""
        return survey(self.src, **self.reading)

    @property
    def files(self) -> list[str]:
        """All files and folders that are read, except the PNGs of a panoptic JSON."""
        given = self.reading
        named = (self.src, given["instances"], given["categories"], given["images"])
        labels = labels_file(given["source_labels"])
        return [*(place(path) for path in named if path is not None), *([labels] if labels else ())]

    @property
    def told(self) -> dict[str, Any]:
        """The given options that are not files, for the report."""
        given, labels = self.reading, self.reading["source_labels"]
        name = labels.name if isinstance(labels, LabelScheme) else labels and str(labels)
        told = {"source_labels": name, "split": given["split"], "from": given["source_format"]}
        return {option: value for option, value in told.items() if value is not None}


def about(dataset: Dataset, *files: StrPath) -> dict[str, Any]:
    """``info`` and ``licenses`` for a COCO JSON: copied from the source, or else naming its files and cocoseg."""
    names = " and ".join(places.base_name(place(path)) for path in files)
    made = {"info": {"description": f"{names}, by cocoseg {__version__}"}}
    return made | {name: Raw(text) for name, text in dataset.about.items()}


def labels_file(labels: StrPath | LabelScheme | None) -> str | None:
    """The file of a label scheme, or None if it is not from a file."""
    if labels is None or isinstance(labels, LabelScheme) or labels in PRESETS:
        return None
    return place(labels) if places.is_file(place(labels)) else None


def check_categories(dataset: Dataset, kind: str) -> None:
    """Raises DocumentError if a data set without categories is to become a JSON that must list them."""
    if not dataset.categories:
        text = f"no categories, which a {kind} JSON has to list; name the file that has them with --categories"
        raise DocumentError("doc.missing_key", f"{dataset.source}: {text}")
