"""The statistics of one category."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocoseg.stats.extremes import Few, stable_hash
from cocoseg.stats.facts import CELLS, ImageFacts
from cocoseg.stats.histogram import Histogram

Ints = npt.NDArray[np.int64]


@dataclass
class ClassStatistics:
    """What is known of one category.

    * ``images`` that show it, ``segments`` of it, ``crowds`` among them, and ``empty`` ones without a pixel.
    * ``pixels``: where every pixel counts once, as class maps are painted.
    * ``areas``, ``widths``, ``heights``, ``parts`` and ``holes`` of its segments that have a pixel.
    * ``heat``: (CELLS, CELLS) int64, its ``pixels`` by cells of the images; zeros where none were asked for.
    * ``gallery``: images chosen by a hash of their names, each with the box of its largest segment.
    """

    images: int = 0
    segments: int = 0
    crowds: int = 0
    empty: int = 0
    pixels: int = 0
    areas: Histogram = field(default_factory=Histogram)
    widths: Histogram = field(default_factory=Histogram)
    heights: Histogram = field(default_factory=Histogram)
    parts: Histogram = field(default_factory=Histogram)
    holes: Histogram = field(default_factory=Histogram)
    heat: Ints = field(default_factory=lambda: np.zeros((CELLS, CELLS), np.int64))
    gallery: Few = field(default_factory=Few)

    def add(self, key: str, position: int, category: int, facts: ImageFacts, rows: Ints) -> None:
        """Count the segments of an image that are of this category, by their numbers (m,)."""
        areas = np.array(facts.areas)[rows]
        drawn = rows[areas > 0]
        self.segments += len(rows)
        self.crowds += int(np.array(facts.crowds)[rows].sum())
        self.empty += len(rows) - len(drawn)
        self.pixels += facts.painted.get(category, 0)
        if not len(drawn):
            return
        self.images += 1
        self._add_drawn(facts, drawn)
        largest = int(rows[np.argmax(areas)])
        self.gallery.add(facts.example(largest, stable_hash(key, category), key, position))

    def _add_drawn(self, facts: ImageFacts, drawn: Ints) -> None:
        boxes = np.array(facts.boxes)[drawn]
        self.areas.add(np.array(facts.areas)[drawn])
        self.widths.add(boxes[:, 2])
        self.heights.add(boxes[:, 3])
        if facts.parts:
            self.parts.add(np.array(facts.parts)[drawn])
            self.holes.add(np.array(facts.holes)[drawn])


def by_category(facts: ImageFacts) -> dict[int, Ints]:
    """The numbers of an image's segments by category, the lowest id first."""
    if not facts.categories:
        return {}
    categories = np.array(facts.categories)
    order = np.argsort(categories, kind="stable")
    starts = np.flatnonzero(np.diff(categories[order], prepend=categories[order[0]] - 1))
    return dict(zip(categories[order[starts]].tolist(), np.split(order, starts[1:]), strict=True))
