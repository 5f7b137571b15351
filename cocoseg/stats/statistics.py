"""The sum of the facts of all images. Its memory is that of the classes, and 24 bytes for an image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.model import Category
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally
from cocoseg.stats.extremes import WHOLE, Box, Example, Few, stable_hash
from cocoseg.stats.facts import CELLS, ImageFacts
from cocoseg.stats.heat import unpacked
from cocoseg.stats.histogram import Histogram

SHARES = 20  # bins of void, from 0 to 1
KEPT = np.dtype([("label", "V8"), ("photo", "V8"), ("height", "u4"), ("width", "u4")])

_FACTS = msgspec.json.Decoder(ImageFacts)


@dataclass
class ClassStatistics:
    """What is known of one category.

    * ``images`` that show it, ``segments`` of it, ``crowds`` among them, ``empty`` ones without a pixel.
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


@dataclass
class Occurrences:
    """How often something was found, in how many images, and the first of them with what there is to say."""

    count: int = 0
    images: int = 0
    first: Few = field(default_factory=lambda: Few(5))
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, key: str, position: int, count: int = 1, text: str = "", segment: int = WHOLE) -> None:
        """Count what was found in an image."""
        self.count += count
        self.images += 1
        self.first.add(Example(position, key, position, segment))
        self.texts[position] = text
        kept = {row.position for row in self.first.examples}
        self.texts = {where: said for where, said in self.texts.items() if where in kept}

    @property
    def examples(self) -> list[tuple[str, str]]:
        """The first images: key, and what there is to say."""
        return [(row.key, self.texts[row.position]) for row in self.first.examples]


@dataclass
class Statistics(Tally):
    """What all images hold, whatever the number of workers that counted it.

    * ``classes`` by category id, those without a segment too; ``together``: the images that show both of two
      categories, the lower id first; ``areas`` of all segments.
    * ``pixels`` of all images; ``uncovered``, ``void`` and ``contested`` ones among them, as in ``ImageFacts``.
    * ``segments_per_image``, ``classes_per_image``, ``contested_per_image``: of every image, the empty ones too.
      ``void_per_image``: images by their share of void, ``SHARES`` bins of equal width.
    * ``smallest``, ``largest``: segments, at most one of an image; ``most_overlap``, ``most_void``: images.
    * ``odd``: what is strange in single images, by the category of its finding.
    * ``cells``: (CELLS, CELLS) int64, all pixels by cells of the images, which ``heat`` of a class is a share of.
    """

    result: ClassVar[Any] = ImageFacts

    categories: tuple[Category, ...] = field(kw_only=True)
    classes: dict[int, ClassStatistics] = field(default_factory=dict)
    together: dict[tuple[int, int], int] = field(default_factory=dict)
    areas: Histogram = field(default_factory=Histogram)
    pixels: int = 0
    uncovered: int = 0
    void: int = 0
    contested: int = 0
    segments_per_image: Histogram = field(default_factory=Histogram)
    classes_per_image: Histogram = field(default_factory=Histogram)
    contested_per_image: Histogram = field(default_factory=Histogram)
    void_per_image: list[int] = field(default_factory=lambda: [0] * SHARES)
    smallest: Few = field(default_factory=Few)
    largest: Few = field(default_factory=lambda: Few(highest=True))
    most_overlap: Few = field(default_factory=lambda: Few(highest=True))
    most_void: Few = field(default_factory=lambda: Few(highest=True))
    odd: dict[str, Occurrences] = field(default_factory=dict)
    cells: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((CELLS, CELLS), np.int64))
