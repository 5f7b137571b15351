"""Annotations to a detection JSON: the function behind ``cocoseg to-coco``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from cocoseg.errors import UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco.writer import Annotated, Annotations, detection_document
from cocoseg.formats.reading import evaluated
from cocoseg.model import Category, Dataset
from cocoseg.options import Reading, ToCoco, part, takes
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import open_folder
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about, check_categories
from cocoseg.tools.things import left_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-coco"

_ANNOTATED = msgspec.json.Decoder(Annotated)


@dataclass
class AnnotationSummary(Tally):
    """The result of a conversion to a detection JSON.

    ``annotations`` is the number of annotations written, including ``crowds``. ``simplified`` polygons, or polygons
    ``filled`` as OpenCV does, have a mean IoU of ``iou_mean`` with their exact masks; ``iou_least`` is the lowest.
    """

    makes: ClassVar[str] = "Annotations"
    result: ClassVar[Any] = Annotated

    annotations: int = 0
    crowds: int = 0
    simplified: int = 0
    iou_mean: float = 1.0
    iou_least: float = 1.0
    filled: int = 0

    def count(self, row: Row) -> None:
        """Add an image's annotations."""
        found = _ANNOTATED.decode(row.result)
        self.annotations += found.annotations
        self.crowds += found.crowds
        if found.simplified or found.filled:
            total = self.iou_mean * (self.simplified + self.filled) + found.iou_sum
            self.simplified += found.simplified
            self.filled += found.filled
            self.iou_mean = total / (self.simplified + self.filled)
            self.iou_least = min(self.iou_least, found.iou_least)

    def results(self) -> dict[str, Any]:
        """The numbers of annotations, and the IoU of simplified polygons."""
        numbers: dict[str, Any] = {"annotations": self.annotations, "crowds": self.crowds}
        if self.simplified or self.filled:
            iou = {"iou_mean": round(self.iou_mean, 6), "iou_least": round(self.iou_least, 6)}
            numbers |= {"simplified": self.simplified, "filled": self.filled} | iou
        return numbers

    def remarks(self) -> list[str]:
        """The numbers of annotations, and the IoU of simplified polygons, in words."""
        crowds = f", {self.crowds:,} of them crowds" if self.crowds else ""
        if self.crowds and self.crowds == self.annotations:
            crowds += " (--crowd-as-things makes them single things)"
        words = [f"{counted(self.annotations, 'annotation')}{crowds}"]
        if self.simplified or self.filled:
            how = " that OpenCV fills" if self.filled else ""
            words.append(f"IoU of polygons{how} {self.iou_mean:.4f} on average, {self.iou_least:.4f} at least")
        return words


@takes(ToCoco)
def to_coco(src: StrPath, out: StrPath, **options: Unpack[ToCoco]) -> AnnotationSummary:
    """Convert annotations to a detection JSON ``out``; journal and report are in the folder ``<out>.cocoseg``.

    Masks are written as compressed RLE, as RLE with lists of counts, or as polygons that pycocotools fills to exactly
    the same mask, or OpenCV and Pillow with ``fill="opencv"``. With polygons, crowds and empty masks are still RLE.
    ``simplify`` changes masks, and the summary gives the IoU with the exact ones.

    Raises DocumentError, UsageError before anything is written, OutputError where nothing can be written.

    >>> to_coco("fixtures/panoptic.json", "instances.json", dry_run=True).annotations
    11
    """
    how = running(options)
    _check_options(options)
    stuff, segmentation = options["stuff"], options["segmentation"]
    target = place(out)
    check_name(target)
    source = Source(src, part(Reading, options | {"keep_fields": True}))
    dataset, notes = evaluated(source.read())
    check_categories(dataset, "detection")
    without = left_out(dataset, options["things_only"])
    listed = frozenset(row.id for row in dataset.categories)
    convert = Annotations(
        listed,
        segmentation,
        without,
        stuff,
        written_ids(dataset, stuff),
        options["simplify"],
        options["check"],
        options["fill"],
    )
    summary = AnnotationSummary(len(dataset), problems=list(dataset.problems), notes=notes)
    shown = {"as": segmentation} | {name: options[name] for name in ("things_only", "stuff", "simplify", "fill")}

    def document(folder: Folder) -> Document:
        where = Place(open_folder(places.parent(target)), places.base_name(target), folder)
        return detection_document(where, _categories(dataset, stuff), convert, about(dataset, src))

    head = Head(source.files(dataset), shown | source.given)
    return run(Work(COMMAND, dataset, convert, summary, target, head, document, places.beside(target)), how)


def check_name(target: str) -> None:
    """Raises UsageError ``usage.out`` for what is not the name of a JSON."""
    if not target.lower().endswith(".json"):
        raise UsageError("usage.out", f"OUT is {show(target, 300)}, expected the name of a .json file")
    if places.is_folder(target):
        raise UsageError("usage.out", f"OUT {show(target, 300)} is a folder, expected the name of a .json file")


def _check_options(options: ToCoco) -> None:
    segmentation, simplify = options["segmentation"], options["simplify"]
    if options["things_only"] and options["stuff"]:
        raise UsageError("usage.stuff", "things_only leaves out the stuff that stuff asks for; choose one of the two")
    if options["fill"] != "pycocotools" and segmentation != "polygons":
        raise UsageError("usage.fill", f"{segmentation} is not filled; fill is for segmentation polygons")
    if simplify is None:
        return
    if options["fill"] != "pycocotools":
        raise UsageError("usage.fill", "simplify is for polygons that pycocotools fills; leave out one of the two")
    if segmentation != "polygons":
        raise UsageError("usage.simplify", f"there is nothing to simplify in {segmentation}; write polygons")
    if math.isinf(simplify):
        raise UsageError("usage.simplify", f"simplify is {simplify}, expected a finite number of pixels")


def _categories(dataset: Dataset, stuff: bool) -> Sequence[Category]:
    """The categories for the output: with ``stuff`` they all become stuff, unless unlabelled pixels are background."""
    if dataset.conventions.unlabelled == "background" or not stuff:
        return dataset.categories
    return [replace(row, isthing=False) for row in dataset.categories]


def written_ids(dataset: Dataset, stuff: bool) -> Literal["annotation", "segment"] | None:
    """How segment ids are written: as ``id``, as ``segment_id``, or not at all."""
    if stuff:
        return None
    if dataset.conventions.ids == "picture":
        return "segment"
    return "annotation" if dataset.conventions.ids == "file" else None
