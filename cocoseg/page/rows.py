"""The table of images beside a page: a line of CSV for each, made where the image is measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from cocoseg.model import Sample
from cocoseg.runs.writer import Converted
from cocoseg.stats.facts import ImageFacts
from cocoseg.stats.measure import Measure

TITLES = (
    "image", "height", "width", "segments", "crowds", "classes", "uncovered", "void", "contested", "empty_segments",
    "smallest_area", "median_area", "largest_area", "parts", "holes", "photo",
)  # fmt: skip

_VERSION = 1  # changes when the same facts make another line


@dataclass(frozen=True)
class Tabled:
    """Measures a sample, and adds its line of the table as the text for a document."""

    measure: Measure

    def __call__(self, sample: Sample) -> Converted:
        """Raises SampleError."""
        facts = self.measure.facts(sample)
        return Converted({}, facts, (line(cells(sample.key, facts)),))

    def settings(self) -> bytes:
        """As ``Conversion`` has it."""
        return self.measure.settings() + f"{_VERSION} {','.join(TITLES)}".encode()


def line(values: tuple[object, ...]) -> bytes:
    r"""Values as a line of CSV; a name that is no text in UTF-8 keeps its bytes.

    >>> line(("a,b.png", 1, ""))
    b'"a,b.png",1,\n'
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode("utf-8", "surrogatepass")


def cells(key: str, facts: ImageFacts) -> tuple[object, ...]:
    """The values of an image, in the order of ``TITLES``."""
    areas = sorted(area for area in facts.areas if area)
    ends = (areas[0], _median(areas), areas[-1]) if areas else ("", "", "")
    classes = {number for number, area in zip(facts.categories, facts.areas, strict=True) if area}
    counts = (len(facts.areas), sum(facts.crowds), len(classes))
    pixels = (facts.uncovered, facts.void, facts.contested, len(facts.areas) - len(areas))
    return (
        *(key, facts.height, facts.width),
        *(*counts, *pixels, *ends),
        *(sum(facts.parts), sum(facts.holes), _photo(facts)),
    )


def _median(values: Sequence[int]) -> int | float:
    """The middle one of values in order, or the mean of the two in the middle."""
    both = values[(len(values) - 1) // 2] + values[len(values) // 2]
    return both / 2 if both % 2 else both // 2


def _photo(facts: ImageFacts) -> str:
    if facts.photo is None:
        return ""
    return facts.photo.problem.category if facts.photo.problem else "{1}x{0}".format(*facts.photo.turned)
