"""Annotations to a binary mask per segment: the function behind ``cocoseg to-masks``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import category_row
from cocoseg.formats.masks.writer import Counts, MaskFiles, MaskStacks
from cocoseg.formats.reading import evaluated
from cocoseg.model import Category, Dataset
from cocoseg.options import Reading, ToMasks, part, takes
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source
from cocoseg.tools.things import left_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-masks"

_COUNTS = msgspec.json.Decoder(Counts)


@dataclass
class MaskSummary(Tally):
    """The result of a conversion to masks.

    ``masks`` is the number of masks by category id; ``category_names`` are the names of these categories. It includes
    ``crowds``, and ``empty`` masks without a pixel.
    """

    makes: ClassVar[str] = "Masks"
    result: ClassVar[Any] = Counts

    categories: tuple[Category, ...] = field(kw_only=True)
    masks: dict[int, int] = field(default_factory=dict)
    crowds: int = 0
    empty: int = 0

    @property
    def category_names(self) -> dict[int, str]:
        """The names of the categories in ``masks``."""
        names = {row.id: row.name for row in self.categories}
        return {category: names.get(category, "") for category in self.masks}

    def count(self, row: Row) -> None:
        """Add an image's masks."""
        counts = _COUNTS.decode(row.result)
        self.crowds += counts.crowds
        self.empty += counts.empty
        for category, masks in counts.masks.items():
            self.masks[category] = self.masks.get(category, 0) + masks

    def close(self, seconds: float) -> None:
        """Sort the counts, since parts finish in any order."""
        super().close(seconds)
        self.masks = dict(sorted(self.masks.items()))

    def results(self) -> dict[str, Any]:
        """The masks of each category."""
        masks = {str(category): count for category, count in self.masks.items()}
        names = {str(category): name for category, name in self.category_names.items()}
        return {"masks": masks, "category_names": names, "crowds": self.crowds, "empty": self.empty}

    def remarks(self) -> list[str]:
        """The numbers of masks, of crowds among them, and of empty ones."""
        odd = [f"{count:,} {what}" for count, what in ((self.crowds, "of crowds"), (self.empty, "empty")) if count]
        return [", ".join([counted(sum(self.masks.values()), "mask"), *odd])]

    def table(self) -> list[tuple[str, ...]]:
        """The categories, those with the most masks first."""
        names = self.category_names
        ranked = sorted(self.masks.items(), key=lambda item: -item[1])
        return [("category", "name", "masks"), *((str(row), names[row], f"{count:,}") for row, count in ranked)]


@takes(ToMasks)
def to_masks(src: StrPath, out: StrPath, **options: Unpack[ToMasks]) -> MaskSummary:
    """Convert annotations to binary masks ``out/<image>/<id>_<class>.png`` with a table ``out/<image>/masks.json``.

    Masks are 8-bit grey, 255 where the segment is and 0 elsewhere. Every segment gets a mask: things, stuff, crowds
    (marked in the table), and segments without a pixel. ``id`` is the id of the segment or annotation. Annotations
    without an id are numbered from 1 in the order of the file; if an id occurs twice in an image, the masks of that
    image are numbered in their order. With ``stack="npz"``, ``out/<image>.npz`` holds all masks of an image, packed to
    bits, with the columns of the table ``out/<image>.json``. ``load_masks`` reads the masks of an image either way.

    Raises DocumentError, UsageError before a mask is written, OutputError where none can be written.

    >>> summary = to_masks("fixtures/panoptic.json", "new-masks", dry_run=True)
    >>> summary.images, summary.masks
    (3, {1: 4, 18: 2, 184: 1, 187: 2, 193: 2})
    """
    how = running(options)
    stack, things_only = options["stack"], options["things_only"]
    source = Source(src, part(Reading, options))
    dataset, notes = evaluated(source.read())
    convert = (MaskStacks if stack else MaskFiles)(dataset.categories, left_out(dataset, things_only))
    summary = MaskSummary(len(dataset), problems=[*dataset.problems], categories=dataset.categories, notes=notes)
    head = Head(source.files(dataset), {"stack": stack, "things_only": things_only} | source.given, _about(dataset))
    return run(Work(COMMAND, dataset, convert, summary, out, head), how)


def _about(dataset: Dataset) -> dict[str, Any]:
    """Facts about the data set that the masks do not contain."""
    return {
        "background": dataset.conventions.unlabelled == "background",
        "unique_ids": dataset.conventions.ids == "file",
        "categories": [category_row(row) for row in dataset.categories],
    }
