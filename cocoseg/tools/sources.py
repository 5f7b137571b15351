"""The sources of a conversion, and what a COCO JSON says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from cocoseg.errors import DocumentError
from cocoseg.files import places
from cocoseg.files.documents import as_text
from cocoseg.files.places import StrPath, place
from cocoseg.formats.reading import read
from cocoseg.labels import PRESETS, LabelScheme
from cocoseg.model import Dataset
from cocoseg.model.splits import list_file
from cocoseg.options import Reading
from cocoseg.options import given as changed
from cocoseg.version import __version__


@dataclass(frozen=True)
class Source:
    """What a command reads, with all reading options of ``cocoseg.read``."""

    src: StrPath
    options: Reading

    def read(self) -> Dataset:
        """The data set. Raises DocumentError, LabelError, UsageError."""
        return read(self.src, **self.options)

    def files(self, dataset: Dataset) -> list[str]:
        """All files and folders that are read, except the PNGs of a panoptic JSON; of a folder, the JSON in it."""
        options = self.options
        src = dataset.source if dataset.source.lower().endswith(".json") else self.src
        named = (src, *(options[name] for name in _FILES))  # type: ignore[literal-required]
        split = None if options["split"] is None else list_file(options["split"])
        files = (*named, split, labels_file(options["source_labels"]), labels_file(options["colors"]))
        return [place(path) for path in files if path is not None]

    @property
    def given(self) -> dict[str, Any]:
        """The given options that are not files, for the report."""
        files = (*_FILES, "png_dir", "keep_fields")
        given = {name: value for name, value in changed(Reading, self.options).items() if name not in files}
        return {_SHOWN.get(name, name): _plain(value) for name, value in given.items()}


_FILES = ("instances", "categories", "images", "photos")
_SHOWN = {"source_format": "from", "class_name": "class"}


def _plain(value: Any) -> Any:
    """An option as the report has it: schemes by their name, paths as text."""
    if isinstance(value, LabelScheme):
        return value.name
    return value if isinstance(value, int | float) else str(value)


def about(dataset: Dataset, *files: StrPath) -> dict[str, Any]:
    """``info`` and ``licenses`` for a COCO JSON: copied from the source, or else naming its files and cocoseg."""
    names = " and ".join(as_text(places.base_name(place(path))) for path in files)
    made = {"info": {"description": f"{names}, by cocoseg {__version__}"}}
    return made | {name: Raw(text) for name, text in dataset.about.items()}


def labels_file(labels: StrPath | LabelScheme | None) -> str | None:
    """The file of a label scheme, or None if it is not from a file."""
    if labels is None or isinstance(labels, LabelScheme) or labels in PRESETS:
        return None
    return place(labels) if places.is_file(place(labels)) else None


def by_score(dataset: Dataset, overlap: str | None) -> list[str]:
    """A note where scores decide which mask is on top although nobody asked for it."""
    asked = overlap is not None or not dataset.conventions.scored
    return [] if asked else ["where masks overlap, the higher score is on top; --overlap chooses another rule"]


def check_categories(dataset: Dataset, kind: str) -> None:
    """Raises DocumentError if a data set without categories is to become a JSON that must list them."""
    if not dataset.categories:
        text = f"no categories, which a {kind} JSON has to list; name the file that has them with --categories"
        raise DocumentError("doc.missing_key", f"{dataset.source}: {text}")
