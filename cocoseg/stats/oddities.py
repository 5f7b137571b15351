"""What is strange in a single image, from its facts: counted under the category of its finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cocoseg.runs.tally import counted
from cocoseg.stats.extremes import Example, Few
from cocoseg.stats.facts import ImageFacts, PhotoFacts

MOST_VOID = 0.9  # of an image, from which it is worth a look

Oddity = tuple[str, int, str]  # category, how often, what there is to say


@dataclass
class Occurrences:
    """How often something was found, in how many images, and the first of them with what there is to say."""

    count: int = 0
    images: int = 0
    first: Few = field(default_factory=lambda: Few(5))
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, key: str, position: int, count: int, text: str) -> None:
        """Count what was found in an image."""
        self.count += count
        self.images += 1
        self.first.add(Example(position, key, position))
        self.texts[position] = text
        self.texts = {row.position: self.texts[row.position] for row in self.first.examples}

    @property
    def examples(self) -> list[tuple[str, str]]:
        """The first images: key, and what there is to say."""
        return [(row.key, self.texts[row.position]) for row in self.first.examples]


def oddities(facts: ImageFacts) -> Iterator[Oddity]:
    """What is strange in an image."""
    yield from _labels(facts)
    yield from _twins(facts)
    yield from _areas(facts)
    if facts.photo:
        yield from _photo(facts.photo, (facts.height, facts.width))


def _labels(facts: ImageFacts) -> Iterator[Oddity]:
    pixels = facts.height * facts.width
    if not any(facts.areas):
        yield "image.empty", 1, ""
    elif facts.void >= MOST_VOID * pixels:
        yield "image.void", 1, f"{facts.void / pixels:.1%} void"


def _twins(facts: ImageFacts) -> Iterator[Oddity]:
    """Segments with the same mask: the same annotation twice, or two categories of one object."""
    same = [(one, other) for one, other in facts.twins if facts.categories[one] == facts.categories[other]]
    differing = [pair for pair in facts.twins if pair not in same]
    for category, pairs in (("seg.twice", same), ("seg.conflict", differing)):
        if pairs:
            one, other = pairs[0]
            more = f" and {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
            yield category, len(pairs), f"segments {one} and {other}{more}"


def _areas(facts: ImageFacts) -> Iterator[Oddity]:
    """Areas that the source states, and that are not those of the masks."""
    if facts.off:
        segment, stated = facts.off[0]
        more = f" and {len(facts.off) - 1:,} more" if len(facts.off) > 1 else ""
        yield "seg.area", len(facts.off), f"segment {segment} states {stated:g}, has {facts.areas[segment]:,}{more}"


def _photo(photo: PhotoFacts, size: tuple[int, int]) -> Iterator[Oddity]:
    """A photo that is missing, broken, or of another size than its label."""
    if photo.problem:
        yield ("photo.missing" if photo.problem.category == "file.missing" else "photo.corrupt"), 1, ""
        return
    if photo.turned == size:
        return
    what = "photo {}×{}, label {}×{}".format(*photo.stored, *size)
    yield ("photo.orientation" if photo.stored == size else "photo.size"), 1, what
