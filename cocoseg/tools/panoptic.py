"""Annotations to panoptic pictures: the guts of ``cocoseg to-panoptic``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import msgspec

from cocoseg.errors import DocumentError, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco.stuff import join
from cocoseg.formats.coco_json.document import coco_document
from cocoseg.formats.detect import detect
from cocoseg.formats.panoptic.writer import DOCUMENT, Counts, PanopticFiles, output_categories
from cocoseg.formats.reading import read
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Overlap
from cocoseg.model import Dataset
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import How, Work, check_choice, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.sources import Source, about, check_categories

COMMAND = "to-panoptic"

_COUNTS = msgspec.json.Decoder(Counts)


@dataclass
class PanopticSummary(Tally):
    """The result of a conversion to panoptic pictures.

    ``things`` and ``stuff`` are the segments, ``crowds`` the things that are crowds; ``hidden`` segments have no pixel
    left under others, ``contested`` pixels were claimed by several masks.
    """

    makes: ClassVar[str] = "panoptic.json, the PNGs"

    things: int = 0
    stuff: int = 0
    crowds: int = 0
    hidden: int = 0
    contested: int = 0

    @property
    def segments(self) -> int:
        """Things and stuff."""
        return self.things + self.stuff

    def count(self, row: Row) -> None:
        """Add an image's segments."""
        found = _COUNTS.decode(row.result)
        self.things += found.things
        self.stuff += found.stuff
        self.crowds += found.crowds
        self.hidden += found.hidden
        self.contested += found.contested

    def results(self) -> dict[str, Any]:
        """The segments, and what several masks claimed."""
        segments = {"things": self.things, "stuff": self.stuff, "crowds": self.crowds, "hidden": self.hidden}
        return {"segments": segments, "contested": self.contested}

    def remarks(self) -> list[str]:
        """The segments, and what several masks claimed."""
        crowds = f", {self.crowds:,} of them crowds" if self.crowds else ""
        told = [f"{counted(self.segments, 'segment')} ({counted(self.things, 'thing')}{crowds}, {self.stuff:,} stuff)"]
        told += [f"{counted(self.hidden, 'segment')} hidden by others"] if self.hidden else []
        return told + ([f"{self.contested:,} pixels contested"] if self.contested else [])


def to_panoptic(
    src: StrPath,
    out: StrPath,
    *,
    stuff: StrPath | None = None,
    overlap: Overlap | None = None,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    png_dir: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
    source_format: str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    overwrite: bool = False,
    on_error: Literal["skip", "stop"] = "skip",
    time_limit: float = 300.0,
    dry_run: bool = False,
    on_done: Callable[[PanopticSummary], None] | None = None,
) -> PanopticSummary:
    """Convert annotations to COCO panoptic: ``out/panoptic.json`` and pictures of ids ``out/panoptic/<file_name>``.

    ``stuff`` is a detection JSON of the same images, whose masks lie below those of ``src``. All stuff of a category
    becomes one segment; ``overlap`` says which of several masks a pixel goes to (``file``, by default), and a segment
    that others hide is left out. Ids are colours near their category's, the same in every run; those of a panoptic
    ``src`` stay. The other options are those of ``to_semantic``.

    Raises DocumentError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_panoptic("fixtures/instances.json", "out", stuff="fixtures/stuff.json", dry_run=True).segments
    10
    """
    how = How(workers, executor, overwrite, on_error, time_limit, dry_run, on_done)
    check_choice("overlap", overlap, (None, "file", "area", "score", "void", "error"))
    source = Source(src, categories, images, png_dir, source_labels, instances, source_format)
    dataset = source.read()
    files = [path for path in (src, stuff) if path is not None]
    if stuff is not None:
        dataset = join(dataset, _stuff(dataset, stuff))
    check_categories(dataset, "panoptic")
    listed = output_categories(dataset.categories)
    _, ids, grouped = dataset.conventions
    convert = PanopticFiles(listed, overlap or "file", ids == "picture", grouped)
    summary = PanopticSummary(len(dataset), problems=list(dataset.problems))
    options = {"overlap": convert.overlap, "stuff": stuff and places.base_name(place(stuff))} | source.told
    sources = [*source.files, *([place(stuff)] if stuff else ())]

    def document(folder: Folder) -> Document:
        return coco_document(Place(folder, DOCUMENT, folder), convert.categories, about(dataset, *files))

    return run(Work(COMMAND, dataset, convert, summary, out, Head(sources, options), document), how)


def _stuff(dataset: Dataset, path: StrPath) -> Dataset:
    """The stuff file for a detection JSON; where it has no categories, those of the other stand for them."""
    if dataset.folders:
        text = f"{dataset.source}: has pictures, which hold their stuff already; --stuff is for instances without any"
        raise UsageError("usage.stuff", text)
    if (found := detect(path)) not in ("coco", None):
        what = "panoptic annotations" if found == "panoptic" else "label pictures"
        text = f"holds {what}; --stuff takes masks, as stuff_*.json of COCO has them"
        raise DocumentError("doc.kind", f"{show(place(path), 300)}: {text}")
    stuff = read(path)
    return stuff if stuff.categories else replace(stuff, categories=dataset.categories)
