"""The few images that stand for many: those at the ends, and some chosen by their names alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

Box = tuple[int, int, int, int]
WHOLE = -1  # in place of a segment, where an image as a whole is meant


class Example(NamedTuple):
    """An image, or a segment in it. ``value`` is what it was chosen by: an area, pixels, or a hash.

    ``position`` is that of the image in the data set. ``segment`` is the number of the segment in the sample's columns,
    or ``WHOLE``; ``box`` is its box as x, y, width, height, or that of the image.
    """

    value: int
    key: str
    position: int
    segment: int = WHOLE
    category: int | None = None
    box: Box = (0, 0, 0, 0)


@dataclass
class Few:
    """The ``most`` examples with the lowest values, or with ``highest`` the highest ones, of whatever comes.

    Of equal values that of the first image stays, so that they are the same in whichever order images come.
    """

    most: int = 8
    highest: bool = False
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """Take an example, and let go of the one that is too many."""
        if len(self.examples) == self.most and self._rank(example) >= self._rank(self.examples[-1]):
            return
        self.examples.append(example)
        self.examples.sort(key=self._rank)
        del self.examples[self.most :]

    def _rank(self, example: Example) -> tuple[int, int, int]:
        value = -example.value if self.highest else example.value
        return value, example.position, example.segment


def stable_hash(key: str, category: int = 0) -> int:
    """A number that only the name of an image and a category decide, 0 to 2^48 - 1, so that a choice by it is stable.

    >>> stable_hash("a.png", 1) == stable_hash("a.png", 1) != stable_hash("a.png", 2)
    True
    """
    name = f"{category}\0{key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=6).digest(), "big")
