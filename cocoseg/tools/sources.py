"""What conversions are made from, and where they may not write."""

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
from cocoseg.version import __version__


@dataclass(frozen=True)
class Source:
    """What a command reads, and all options that say how, as ``cocoseg.read`` has them."""

    src: StrPath
    categories: StrPath | None = None
    images: StrPath | None = None
    png_dir: StrPath | None = None
    source_labels: StrPath | LabelScheme | None = None
    instances: StrPath | None = None
    source_format: str | None = None

    def read(self) -> Dataset:
        """The data set. Raises DocumentError, LabelError, UsageError."""
        return read(self.src, **self._options())

    def survey(self) -> dict[str, Any]:
        """What can be told of it without decoding a picture. Raises as ``read`` does."""
        return survey(self.src, **self._options())

    @property
    def files(self) -> list[str]:
        """All files and folders that it is read from, but for the PNGs of a panoptic JSON."""
        named = (self.src, self.instances, self.categories, self.images, labels_file(self.source_labels))
        return [place(path) for path in named if path is not None]

    @property
    def told(self) -> dict[str, Any]:
        """Of the options that are no files those that were given, for the report."""
        labels = self.source_labels.name if isinstance(self.source_labels, LabelScheme) else self.source_labels
        told = {"source_labels": None if labels is None else str(labels), "from": self.source_format}
        return {name: value for name, value in told.items() if value is not None}

    def _options(self) -> dict[str, Any]:
        options = {name: value for name, value in vars(self).items() if name not in ("src", "source_format")}
        return options | {"source_format": self.source_format}


def about(dataset: Dataset, *files: StrPath) -> dict[str, Any]:
    """``info`` and ``licenses`` of a COCO JSON: the source's own, or else what it was made of, and by what."""
    names = " and ".join(places.base_name(place(path)) for path in files)
    made = {"info": {"description": f"{names}, by cocoseg {__version__}"}}
    return made | {name: Raw(text) for name, text in dataset.about.items()}


def labels_file(labels: StrPath | LabelScheme | None) -> str | None:
    """The file that a label scheme comes from, if it does."""
    if labels is None or isinstance(labels, LabelScheme) or labels in PRESETS:
        return None
    return place(labels) if places.is_file(place(labels)) else None


def check_categories(dataset: Dataset, kind: str) -> None:
    """Refuse to make a JSON of a kind that has to list its categories where there are none."""
    if not dataset.categories:
        text = f"no categories, which a {kind} JSON has to list; name the file that has them with --categories"
        raise DocumentError("doc.missing_key", f"{dataset.source}: {text}")
