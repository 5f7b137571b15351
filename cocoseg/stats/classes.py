"""The statistics of one category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cocoseg.stats.extremes import Few, stable_hash
from cocoseg.stats.facts import CELLS, ImageFacts
from cocoseg.stats.histogram import Histogram


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
    heat: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((CELLS, CELLS), np.int64))
    gallery: Few = field(default_factory=Few)

    def add(self, key: str, position: int, category: int, facts: ImageFacts, rows: Sequence[int]) -> None:
        """Count the segments of an image that are of this category, by their numbers."""
        drawn = [number for number in rows if facts.areas[number]]
        self.segments += len(rows)
        self.crowds += sum(facts.crowds[number] for number in rows)
        self.empty += len(rows) - len(drawn)
        self.pixels += facts.painted.get(category, 0)
        if not drawn:
            return
        self.images += 1
        self._add_drawn(facts, drawn)
        largest = max(drawn, key=facts.areas.__getitem__)
        self.gallery.add(facts.example(largest, stable_hash(key, category), key, position))

    def _add_drawn(self, facts: ImageFacts, drawn: Sequence[int]) -> None:
        self.areas.add([facts.areas[number] for number in drawn])
        self.widths.add([facts.boxes[number][2] for number in drawn])
        self.heights.add([facts.boxes[number][3] for number in drawn])
        if facts.parts:
            self.parts.add([facts.parts[number] for number in drawn])
            self.holes.add([facts.holes[number] for number in drawn])


def by_category(facts: ImageFacts) -> dict[int, list[int]]:
    """The numbers of an image's segments by category."""
    found: dict[int, list[int]] = {}
    for number, category in enumerate(facts.categories):
        found.setdefault(category, []).append(number)
    return found
