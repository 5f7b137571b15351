"""What a page says of one data set or two, as its template takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

from cocoseg.errors import Problem
from cocoseg.page import charts, together
from cocoseg.page.classes import ClassRow, Weights, class_rows, few, names_of, rule, weights
from cocoseg.page.gallery import MOST, Group, Picture, chosen, grouped
from cocoseg.page.words import name, percent, whole
from cocoseg.stats.findings import Finding, Side
from cocoseg.stats.histogram import Histogram
from cocoseg.stats.picture_rules import shared

ROWS = 500  # of a table
_HEATS = 120  # heat maps of a page
_SIZES = 400  # dots of a cloud


class Figure(NamedTuple):
    """A number that stands for all, on each side."""

    title: str
    values: list[str]


class Refusal(NamedTuple):
    """An image that can't be used, and why."""

    source: str
    key: str
    category: str
    message: str


@dataclass
class DatasetPage:
    """A page about data sets: their sides, the findings, and the pictures once they are drawn."""

    sides: Sequence[Side]
    findings: Sequence[Finding]
    notes: Sequence[str] = ()
    tables: Sequence[str] = ()  # names of the CSV files beside the page
    pictures: list[Picture] = field(default_factory=list)
    left_out: int = 0

    template = "dataset.html"
    most_rows = ROWS
    named = together.NAMED

    @property
    def title(self) -> str:
        """What the page is called."""
        return " and ".join(dict.fromkeys(self.names_or_sources))

    @cached_property
    def names(self) -> list[str]:
        """What the sides are called; empty where there is one."""
        return [name(side.name) for side in self.sides if side.name]

    @property
    def names_or_sources(self) -> list[str]:
        """The names of the sides, or the source of the only one."""
        source = self.sides[0].dataset.source
        return self.names or [name(source.rstrip("/").rpartition("/")[2] or source)]

    @property
    def sources(self) -> list[str]:
        """The sources as they were given, with their formats."""
        return [f"{name(side.dataset.source, 120)} ({side.format})" for side in self.sides]

    @property
    def heads(self) -> list[str]:
        """The columns of counts in tables about charts."""
        return self.names or ["count"]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(row.is_error for row in self.findings)

    @property
    def verdict(self) -> str:
        """The answer in one line."""
        warnings = len(self.findings) - self.errors
        look = f"{warnings} {'thing is' if warnings == 1 else 'things are'} worth a look"
        if self.errors:
            mend = f"{self.errors} {'error has' if self.errors == 1 else 'errors have'} to be mended before training"
            return f"{mend}{f'; {look}' if warnings else ''}."
        return f"No error was found; {look}." if warnings else "Nothing odd was found."

    @cached_property
    def figures(self) -> list[Figure]:
        """The numbers that stand for all."""
        stats = [side.statistics for side in self.sides]
        used = [sum(bool(row.images) for row in one.classes.values()) for one in stats]
        refused = any(one.failed for one in stats)
        return [
            Figure("images", [whole(one.images) for one in stats]),
            *([Figure("refused", [whole(one.failed) for one in stats])] if refused else []),
            Figure("segments", [whole(one.segments) for one in stats]),
            Figure("classes used", [f"{n} of {len(one.classes)}" for n, one in zip(used, stats, strict=True)]),
            Figure("segments in an image (median)", [whole(one.segments_per_image.median) for one in stats]),
            Figure("void", [percent(one.void_share) for one in stats]),
            Figure("in several masks", [percent(one.contested / max(one.pixels, 1)) for one in stats]),
        ]

    @cached_property
    def rows(self) -> list[ClassRow]:
        """All classes."""
        return class_rows(self.sides)

    @property
    def under(self) -> list[list[str]]:
        """The under-represented classes of each side."""
        return [few(self.rows, k) for k in range(len(self.sides))]

    def rule(self, k: int) -> str:
        """When a class of side ``k`` is under-represented."""
        return rule(self.sides[k])

    @property
    def kinds(self) -> bool:
        """Whether it is known of any class that it is a thing or stuff."""
        return any(row.kind for row in self.rows)

    @property
    def weights(self) -> list[Weights]:
        """Weights of classes, of the first source, which is trained on."""
        return weights(self.sides[0])

    @property
    def tail(self) -> charts.Bars:
        """The pixels of classes, the largest first."""
        rows = sorted(self.rows, key=lambda row: -row.mean)
        rows = [row for row in rows if row.mean][:ROWS]
        values = [[float(row.sides[k].stats.pixels) for row in rows] for k in range(len(self.sides))]
        shown = [[whole(int(n)) for n in column] for column in values]
        some = sorted({0, len(rows) // 2, len(rows) - 1}) if rows else []
        ticks = [charts.Tick((k + 0.5) / len(rows), name(rows[k].title, 18)) for k in some]
        return charts.bars(values, [row.name for row in rows], shown, ["class", *self.heads], ticks, log=True)

    @property
    def histograms(self) -> list[tuple[str, str, charts.Bars]]:
        """Distributions: title, unit, and bars."""
        stats = [side.statistics for side in self.sides]
        about: list[tuple[str, str, list[Histogram]]] = [
            ("Area of segments", "pixels", [one.areas for one in stats]),
            ("Segments in an image", "segments", [one.segments_per_image for one in stats]),
            ("Classes in an image", "classes", [one.classes_per_image for one in stats]),
            ("Parts of a segment", "parts", [_sum(side, "parts") for side in self.sides]),
            ("Holes in a segment", "holes", [_sum(side, "holes") for side in self.sides]),
            ("Pixels in several masks", "pixels of an image", [one.contested_per_image for one in stats]),
        ]
        heads = self.names or ["images"]
        units = {"pixels": ["segments"], "parts": ["segments"], "holes": ["segments"]}
        return [
            (title, what, charts.histogram(sides, what, self.names or units.get(what, heads)))
            for title, what, sides in about
            if any(side.total for side in sides)
        ]

    @property
    def void(self) -> charts.Bars:
        """Images by their share of void."""
        shares = [side.statistics.void_per_image for side in self.sides]
        return charts.shares(shares, "void", self.names or ["images"])

    @property
    def sizes(self) -> charts.Dots:
        """The sizes of images."""
        return charts.dots([side.statistics.sizes for side in self.sides], self.names, _SIZES)

    @property
    def different_sizes(self) -> int:
        """How many sizes there are."""
        return sum(len(side.statistics.sizes) for side in self.sides)

    @cached_property
    def heats(self) -> list[together.Heat]:
        """Where classes lie."""
        return together.heats(self.rows, self.sides, _HEATS // len(self.sides))

    @property
    def matrices(self) -> list[together.Matrix]:
        """Which classes are seen together."""
        rows = together.in_order(self.rows)
        return [together.matrix(rows, side, k) for k, side in enumerate(self.sides)] if len(rows) > 1 else []

    @property
    def pairs(self) -> list[list[together.Pair]]:
        """The classes that are together most often."""
        return [together.pairs(self.rows, side, k) for k, side in enumerate(self.sides)]

    @property
    def largest(self) -> float:
        """The largest share that a class has, for bars in the table."""
        return max((side.share for row in self.rows for side in row.sides), default=0) or 1.0

    @property
    def extremes(self) -> list[Group]:
        """The pictures at the ends: the smallest and the largest."""
        return grouped([row for row in self.pictures if row.caption])

    @property
    def examples(self) -> list[Group]:
        """The pictures of classes."""
        return grouped([row for row in self.pictures if not row.caption])

    @cached_property
    def shared(self) -> list[tuple[str, str]]:
        """The images that are in both sources, by their names in each."""
        return shared(*self.sides) if len(self.sides) == 2 else []

    @cached_property
    def refused(self) -> list[Refusal]:
        """The images that can't be used."""
        return [row for side in self.sides for row in map(partial(_refusal, side), side.statistics.failures)]

    def wanted(self) -> list[list[Picture]]:
        """The pictures to draw, for each side."""
        return [chosen(side, names_of(side), MOST // len(self.sides)) for side in self.sides]


def _sum(side: Side, what: str) -> Histogram:
    """A histogram of all classes together."""
    found = Histogram()
    for row in side.statistics.classes.values():
        found.merge(getattr(row, what))
    return found


def _refusal(side: Side, problem: Problem) -> Refusal:
    message = problem.message.removeprefix(f"{side.dataset.source}: ")
    return Refusal(name(side.name), name(problem.file or "", 100), problem.category, name(message, 400))
