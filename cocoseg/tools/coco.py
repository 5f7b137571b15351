"""Annotations to a detection JSON: the guts of ``cocoseg to-coco``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import msgspec

from cocoseg.errors import UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco.writer import Annotated, Annotations, Shape, detection_document
from cocoseg.labels import LabelScheme
from cocoseg.model import Category, Dataset
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.folders import open_folder
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Run, check_choice
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.sources import Source, about, check_categories
from cocoseg.tools.things import left_out

COMMAND = "to-coco"

_ANNOTATED = msgspec.json.Decoder(Annotated)


@dataclass
class AnnotationSummary(Tally):
    """The result of a conversion to a detection JSON.

    ``annotations`` were written, ``crowds`` of them for crowds. ``simplified`` polygons have an IoU with the exact mask
    of ``iou_mean``, and of ``iou_least`` at worst.
    """

    makes: ClassVar[str] = "Annotations"

    annotations: int = 0
    crowds: int = 0
    simplified: int = 0
    iou_mean: float = 1.0
    iou_least: float = 1.0

    def count(self, row: Row) -> None:
        """Add an image's annotations."""
        found = _ANNOTATED.decode(row.result)
        self.annotations += found.annotations
        self.crowds += found.crowds
        if found.simplified:
            total = self.iou_mean * self.simplified + found.iou_sum
            self.simplified += found.simplified
            self.iou_mean = total / self.simplified
            self.iou_least = min(self.iou_least, found.iou_least)

    def results(self) -> dict[str, Any]:
        """The annotations, and what simplifying them cost."""
        numbers: dict[str, Any] = {"annotations": self.annotations, "crowds": self.crowds}
        if self.simplified:
            iou = {"mean": round(self.iou_mean, 6), "least": round(self.iou_least, 6)}
            numbers["simplified"] = {"polygons": self.simplified, "iou": iou}
        return numbers

    def remarks(self) -> list[str]:
        """The annotations, and what simplifying them cost."""
        crowds = f", {self.crowds:,} of them crowds" if self.crowds else ""
        told = [f"{counted(self.annotations, 'annotation')}{crowds}"]
        if self.simplified:
            told.append(f"IoU of polygons {self.iou_mean:.4f} on average, {self.iou_least:.4f} at least")
        return told


def to_coco(
    src: StrPath,
    out: StrPath,
    *,
    segmentation: Shape = "rle",
    things_only: bool = False,
    stuff: bool = False,
    simplify: float | None = None,
    check: bool = True,
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
    on_done: Callable[[AnnotationSummary], None] | None = None,
) -> AnnotationSummary:
    """Convert annotations to a detection JSON ``out``; journal and report are in the folder ``<out>.cocoseg``.

    ``segmentation`` is what masks are written as: compressed RLE, RLE with lists of counts, or polygons that
    pycocotools fills to exactly the same mask, which is checked for each one unless ``check`` is False; crowds and
    masks without a pixel are RLE then. ``simplify`` leaves out corners of polygons that are no more than so many pixels
    off, and the summary says what that cost. ``things_only`` leaves out stuff; ``stuff`` unites the masks of each
    category to one annotation, as COCO-Stuff has them. The other options are those of ``to_semantic``.

    Raises DocumentError, UsageError before anything is written, OutputError where nothing can be written.

    >>> to_coco("fixtures/panoptic.json", "instances.json", dry_run=True).annotations
    11
    """
    how = Run(workers, executor, overwrite, on_error, time_limit, dry_run, on_done)
    _check_options(segmentation, things_only, stuff, simplify)
    target = place(out)
    _check_name(target)
    source = Source(src, categories, images, png_dir, source_labels, instances, source_format)
    dataset = source.read()
    check_categories(dataset, "detection")
    without = left_out(dataset, things_only)
    listed = frozenset(row.id for row in dataset.categories)
    convert = Annotations(listed, segmentation, without, stuff, _ids(dataset, stuff), simplify, check)
    summary = AnnotationSummary(len(dataset), problems=list(dataset.problems))
    options = {"as": segmentation, "things_only": things_only, "stuff": stuff, "simplify": simplify}

    def document(folder: Folder) -> Document:
        where = Place(open_folder(places.parent(target)), places.base_name(target), folder)
        return detection_document(where, _categories(dataset, stuff), convert, about(dataset, src))

    head = Head(source.files, options | source.told)
    return how.convert(COMMAND, dataset, convert, summary, target, head, document, places.beside(target))


def _check_name(target: str) -> None:
    if not target.lower().endswith(".json"):
        raise UsageError("usage.out", f"OUT is {show(target, 300)}, expected the name of a .json file")
    if places.is_folder(target):
        raise UsageError("usage.out", f"OUT {show(target, 300)} is a folder, expected the name of a .json file")


def _check_options(segmentation: str, things_only: bool, stuff: bool, simplify: float | None) -> None:
    check_choice("as", segmentation or str(segmentation), ("rle", "rle-list", "polygons"))
    if things_only and stuff:
        raise UsageError("usage.stuff", "things_only leaves out what stuff asks for; choose one of the two")
    if simplify is None:
        return
    if segmentation != "polygons":
        raise UsageError("usage.simplify", f"there is nothing to simplify in {segmentation}; write polygons")
    if not (math.isfinite(simplify) and simplify >= 0):
        raise UsageError("usage.simplify", f"simplify is {simplify}, expected a number of pixels, 0 or more")


def _categories(dataset: Dataset, stuff: bool) -> Sequence[Category]:
    """What is annotated by class is stuff, whatever it was, unless a pixel of none is background, and not unknown."""
    if dataset.conventions.unlabelled == "background" or not stuff:
        return dataset.categories
    return [replace(row, isthing=False) for row in dataset.categories]


def _ids(dataset: Dataset, stuff: bool) -> Literal["annotation", "segment"] | None:
    if stuff:
        return None
    if dataset.conventions.ids == "picture":
        return "segment"
    return "annotation" if dataset.conventions.ids == "file" else None
