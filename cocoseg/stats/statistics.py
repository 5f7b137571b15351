"""The sum of the facts of all images. Its memory is that of the classes, and 25 bytes for an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.model import Category
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally
from cocoseg.stats.classes import ClassStatistics, by_category
from cocoseg.stats.extremes import Example, Few
from cocoseg.stats.facts import CELLS, ImageFacts
from cocoseg.stats.heat import extent
from cocoseg.stats.histogram import Histogram
from cocoseg.stats.oddities import Occurrences, oddities
from cocoseg.stats.plain import plain

SHARES = 20  # bins of void, from 0 to 1
KEPT = np.dtype([("label", "u8"), ("photo", "u8"), ("height", "u4"), ("width", "u4"), ("plain", "?")])

_FACTS = msgspec.json.Decoder(ImageFacts)


@dataclass
class Statistics(Tally):
    """What all images hold, whatever the number of workers that counted it.

    * ``classes`` by category id, those without a segment too; ``together``: the images that show both of two
      categories, the lower id first; ``areas`` of all segments that have a pixel.
    * ``pixels`` of all images; ``uncovered``, ``void`` and ``contested`` ones among them, as in ``ImageFacts``.
    * ``segments_per_image``, ``classes_per_image``, ``contested_per_image``: of every image, the empty ones too.
      ``void_per_image``: images by their share of void, ``SHARES`` bins of equal width.
    * ``smallest``, ``largest``: segments, at most one of an image; ``most_overlap``, ``most_void``: images that have
      any, by pixels and by thousandths of the image.
    * ``odd``: what is strange in single images, by the category of its finding.
    * ``kept_rows`` (listed,) KEPT: digests of label and photo, and size, of each image; 0 where there is none.
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
    kept_rows: npt.NDArray[Any] = field(default_factory=lambda: np.zeros(0, KEPT), repr=False)

    def __post_init__(self) -> None:
        self.kept_rows = np.zeros(self.listed, KEPT)
        self.classes = {row.id: ClassStatistics() for row in self.categories}

    @property
    def sizes(self) -> dict[tuple[int, int], int]:
        """Images by (height, width), the most frequent first."""
        rows = self.kept_rows[self.kept_rows["height"] > 0]
        found = Counter(zip(rows["height"].tolist(), rows["width"].tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def cells(self) -> npt.NDArray[np.int64]:
        """(CELLS, CELLS) int64: all pixels by cells of the images; ``heat`` of a class is a share of them."""
        cells = np.zeros((CELLS, CELLS), np.int64)
        for size, images in self.sizes.items():
            cells += images * extent(size)
        return cells

    @property
    def segments(self) -> int:
        """All segments, those without a pixel too."""
        return self.segments_per_image.sum

    @property
    def void_share(self) -> float:
        """Void pixels among all pixels, 0 to 1."""
        return self.void / self.pixels if self.pixels else 0.0

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Count the rows of a part. What was counted is let go of, as rows with problems are kept to the end."""
        for position, row in enumerate(rows, first):
            if not row.failure:
                self._add(row.key, position, _FACTS.decode(row.result))
        super().add(first, [msgspec.structs.replace(row, result=msgspec.Raw(b"{}")) for row in rows])

    def close(self, seconds: float) -> None:
        """Sort the counts, since parts finish in any order."""
        super().close(seconds)
        self.classes = dict(sorted(self.classes.items()))
        self.together = dict(sorted(self.together.items()))
        self.odd = dict(sorted(self.odd.items()))

    def results(self) -> dict[str, Any]:
        """All numbers, for strict JSON."""
        return plain(self)

    def _add(self, key: str, position: int, facts: ImageFacts) -> None:
        size = facts.height, facts.width
        photo = facts.photo.digest if facts.photo else ""
        self.kept_rows[position] = (int(facts.label, 16), int(photo or "0", 16), *size, facts.plain)
        self._add_image(key, position, facts)
        self._add_segments(key, position, facts)
        for category, count, text in oddities(facts):
            self.odd.setdefault(category, Occurrences()).add(key, position, count, text)

    def _add_image(self, key: str, position: int, facts: ImageFacts) -> None:
        """What concerns the image as a whole."""
        pixels = facts.height * facts.width
        self.pixels += pixels
        self.uncovered += facts.uncovered
        self.void += facts.void
        self.contested += facts.contested
        self.void_per_image[min(facts.void * SHARES // pixels, SHARES - 1)] += 1
        self.contested_per_image.add([facts.contested])
        whole = (0, 0, facts.width, facts.height)
        if facts.contested:
            self.most_overlap.add(Example(facts.contested, key, position, box=whole))
        if facts.void:
            self.most_void.add(Example(facts.void * 1000 // pixels, key, position, box=whole))

    def _add_segments(self, key: str, position: int, facts: ImageFacts) -> None:
        """What concerns segments and their categories."""
        found, maps = by_category(facts), facts.heat_maps()
        self.segments_per_image.add([len(facts.categories)])
        for category, rows in found.items():
            known = self.classes.setdefault(category, ClassStatistics())
            known.add(key, position, category, facts, rows)
            if category in maps:
                known.heat += maps[category]
        drawn = [number for number, area in enumerate(facts.areas) if area]
        shown = sorted({facts.categories[number] for number in drawn})
        self.classes_per_image.add([len(shown)])
        for pair in combinations(shown, 2):
            self.together[pair] = self.together.get(pair, 0) + 1
        if drawn:
            self._add_areas(key, position, facts, drawn)

    def _add_areas(self, key: str, position: int, facts: ImageFacts, drawn: Sequence[int]) -> None:
        """The areas of the segments that have a pixel, and the image's smallest and largest one."""
        self.areas.add([facts.areas[number] for number in drawn])
        for few, choose in ((self.smallest, min), (self.largest, max)):
            number = choose(drawn, key=facts.areas.__getitem__)
            few.add(facts.example(number, facts.areas[number], key, position))
