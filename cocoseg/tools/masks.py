"""Annotations to a binary mask per segment: the function behind ``cocoseg to-masks``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from cocoseg.errors import DocumentError, show
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import category_row
from cocoseg.formats.masks.writer import Counts, MaskFiles, MaskStacks, stem
from cocoseg.model import Category, Dataset
from cocoseg.options import Reading, ToMasks, documented, part
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import Work, run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.running import checked, running
from cocoseg.tools.sources import Source
from cocoseg.tools.things import left_out

if TYPE_CHECKING:
    from typing_extensions import Unpack

COMMAND = "to-masks"

_COUNTS = msgspec.json.Decoder(Counts)


@dataclass
class MaskSummary(Tally):
    """The result of a conversion to masks.

    ``masks`` counts those of each category id, ``crowds`` those among them that are crowds, ``empty`` those without a
    pixel.
    """

    makes: ClassVar[str] = "Masks"

    categories: tuple[Category, ...] = field(kw_only=True)
    masks: dict[int, int] = field(default_factory=dict)
    crowds: int = 0
    empty: int = 0

    def count(self, row: Row) -> None:
        """Add an image's masks."""
        counts = _COUNTS.decode(row.result)
        self.crowds += counts.crowds
        self.empty += counts.empty
        for category, masks in counts.masks.items():
            self.masks[category] = self.masks.get(category, 0) + masks

    def close(self, seconds: float) -> None:
        """Put everything in order, however the parts came in."""
        super().close(seconds)
        self.masks = dict(sorted(self.masks.items()))

    def results(self) -> dict[str, Any]:
        """The masks of each category."""
        masks = {str(category): count for category, count in self.masks.items()}
        return {"masks": masks, "crowds": self.crowds, "empty": self.empty}

    def remarks(self) -> list[str]:
        """How many masks there are, and how many of them are odd."""
        odd = [f"{count:,} {what}" for count, what in ((self.crowds, "of crowds"), (self.empty, "empty")) if count]
        return [", ".join([counted(sum(self.masks.values()), "mask"), *odd])]

    def table(self) -> list[tuple[str, ...]]:
        """The categories, those with the most masks first."""
        names = {row.id: row.name for row in self.categories}
        ranked = sorted(self.masks.items(), key=lambda item: -item[1])
        return [("category", "name", "masks"), *((str(row), names.get(row, ""), f"{count:,}") for row, count in ranked)]


@documented(ToMasks)
def to_masks(src: StrPath, out: StrPath, **options: Unpack[ToMasks]) -> MaskSummary:
    """Convert annotations to binary masks ``out/<image>/<id>_<class>.png`` with a table ``out/<image>/masks.json``.

    Masks are 8-bit grey, 255 where the segment is and 0 elsewhere. All segments get one: stuff, unless ``things_only``,
    crowds, which the table marks, and those without a pixel. ``id`` is the segment's or annotation's own; annotations
    without one are numbered as they stand in the file from 1, and those of an image in which one is there twice as they
    stand in the image. With ``stack="npz"`` all masks of an image are in one file ``out/<image>.npz``, packed to bits,
    with the columns of the table ``out/<image>.json``. ``load_masks`` reads what was made of an image, either way.

    Raises DocumentError, UsageError before a mask is written, OutputError where none can be written.

    >>> summary = to_masks("fixtures/panoptic.json", "out", dry_run=True)
    >>> summary.images, summary.masks
    (3, {1: 4, 18: 2, 184: 1, 187: 2, 193: 2})
    """
    given = checked(ToMasks, options)
    how = running(given)
    source = Source(src, part(Reading, given))
    dataset = source.read()
    _check_folders(dataset)
    convert = (MaskStacks if given["stack"] else MaskFiles)(dataset.categories, left_out(dataset, given["things_only"]))
    summary = MaskSummary(len(dataset), problems=[*dataset.problems], categories=dataset.categories)
    head = Head(
        source.files, {"stack": given["stack"], "things_only": given["things_only"]} | source.told, _about(dataset)
    )
    return run(Work(COMMAND, dataset, convert, summary, out, head), how)


def _check_folders(dataset: Dataset) -> None:
    """Raises DocumentError ``path.collision``."""
    stems = Counter(stem(entry.key) for entry in dataset.entries if entry.key)
    if twice := next((name for name, count in stems.items() if count > 1), None):
        text = f"two images would have their masks in {show(twice)}, one with .png at its end and one without"
        raise DocumentError("path.collision", f"{dataset.source}: {text}; rename one")


def _about(dataset: Dataset) -> dict[str, Any]:
    """All that the masks do not tell of the data set."""
    return {
        "background": dataset.conventions.unlabelled == "background",
        "unique_ids": dataset.conventions.ids == "file",
        "categories": [category_row(row) for row in dataset.categories],
    }
