"""Annotations to panoptic pictures: the function behind ``cocoseg to-panoptic``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from cocoseg.errors import DocumentError, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco.stuff import join
from cocoseg.formats.coco_json.document import coco_document
from cocoseg.formats.detect import detect
from cocoseg.formats.panoptic.writer import DOCUMENT, Counts, PanopticFiles, output_categories
from cocoseg.formats.reading import evaluated, read
from cocoseg.model import Dataset
from cocoseg.options import Reading, ToPanoptic, part, takes
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about, by_score, check_categories

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-panoptic"

_COUNTS = msgspec.json.Decoder(Counts)


@dataclass
class PanopticSummary(Tally):
    """The result of a conversion to panoptic pictures.

    ``things`` and ``stuff`` are the numbers of segments; ``things`` includes ``crowds``. ``hidden`` segments lie
    completely under others. ``contested`` pixels were claimed by several masks.
    """

    makes: ClassVar[str] = "panoptic.json, the PNGs"
    result: ClassVar[Any] = Counts

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
        """The numbers of segments and of contested pixels."""
        names = ("segments", "things", "stuff", "crowds", "hidden", "contested")
        return {name: getattr(self, name) for name in names}

    def remarks(self) -> list[str]:
        """The numbers of segments and of contested pixels."""
        crowds = f", {self.crowds:,} of them crowds" if self.crowds else ""
        words = [f"{counted(self.segments, 'segment')} ({counted(self.things, 'thing')}{crowds}, {self.stuff:,} stuff)"]
        words += [f"{counted(self.hidden, 'segment')} hidden by others"] if self.hidden else []
        return words + ([f"{self.contested:,} pixels contested"] if self.contested else [])


@takes(ToPanoptic)
def to_panoptic(src: StrPath, out: StrPath, **options: Unpack[ToPanoptic]) -> PanopticSummary:
    """Convert annotations to COCO panoptic: ``out/panoptic.json`` and pictures of ids ``out/panoptic/<file_name>``.

    ``stuff`` is a detection JSON of the same images. All stuff of a category becomes one segment, and segments that
    others hide completely are left out. Ids are colours near the category's colour and the same in every run; those of
    a panoptic ``src`` are kept.

    Raises DocumentError, UsageError before a picture is written, OutputError where none can be written.

    >>> to_panoptic("fixtures/instances.json", "new-panoptic", stuff="fixtures/stuff.json", dry_run=True).segments
    10
    """
    how = running(options)
    stuff, overlap = options["stuff"], options["overlap"]
    source = Source(src, part(Reading, options))
    dataset, notes = evaluated(source.read())
    files = [path for path in (src, stuff) if path is not None]
    if stuff is not None:
        dataset = join(dataset, _stuff(dataset, stuff, options))
    check_categories(dataset, "panoptic")
    listed = output_categories(dataset.categories)
    convert = PanopticFiles(listed, overlap, dataset.conventions.ids == "picture")
    summary = PanopticSummary(len(dataset), problems=list(dataset.problems))
    summary.notes += notes + by_score(dataset, overlap)
    shown = {"overlap": overlap, "stuff": stuff and places.base_name(place(stuff))} | source.given
    sources = [*source.files(dataset), *([place(stuff)] if stuff else ())]

    def document(folder: Folder) -> Document:
        return coco_document(Place(folder, DOCUMENT, folder), convert.categories, about(dataset, *files))

    return run(Work(COMMAND, dataset, convert, summary, out, Head(sources, shown), document), how)


def _stuff(dataset: Dataset, path: StrPath, options: Reading) -> Dataset:
    """The stuff file for a detection JSON. If it has no categories, it gets those of the instances."""
    if dataset.folders and dataset.conventions.unlabelled != "background":
        text = f"{dataset.source}: has pictures, which hold their stuff already; --stuff is for instances without any"
        raise UsageError("usage.stuff", text)
    if (found := detect(path)) not in ("coco", None):
        what = "panoptic annotations" if found == "panoptic" else "label pictures"
        text = f"holds {what}; --stuff takes masks, as stuff_*.json of COCO has them"
        raise DocumentError("doc.kind", f"{show(place(path), 300)}: {text}")
    stuff = read(
        path,
        images=options["images"],
        photos=options["photos"],
        match=options["match"],
        min_score=options["min_score"],
        flatten=options["flatten"],
        basename=options["basename"],
        max_pixels=options["max_pixels"],
    )
    return stuff if stuff.categories else replace(stuff, categories=dataset.categories)
