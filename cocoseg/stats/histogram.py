"""Counts of whole numbers on a log axis, in constant memory, which add up in any order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

STEPS = 16  # bins of an octave, so that a bin is at most a sixteenth wide


class Bin(NamedTuple):
    """The number of values that are at least ``low`` and less than ``high``."""

    low: int
    high: int
    values: int


@dataclass
class Histogram:
    """Counts of whole numbers from 0. Up to 31, each number has a bin; from there on a bin is 3 to 6 % wide.

    ``counts`` are by the number of the bin. ``least`` and ``most`` are exact, and 0 where nothing was counted.

    >>> areas = Histogram()
    >>> areas.add([0, 3, 3, 1000])
    >>> areas.bins
    [Bin(low=0, high=1, values=1), Bin(low=3, high=4, values=2), Bin(low=992, high=1024, values=1)]
    >>> areas.median, areas.most
    (3, 1000)
    """

    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0
    sum: int = 0
    least: int = 0
    most: int = 0

    def add(self, values: Sequence[int]) -> None:
        """Count whole numbers, each 0 or more."""
        if values:
            self._join(Counter(map(_number, values)), sum(values), min(values), max(values))

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram."""
        if other.total:
            self._join(other.counts, other.sum, other.least, other.most)

    @property
    def bins(self) -> list[Bin]:
        """The bins that hold anything, the lowest first."""
        return [Bin(_low(number), _low(number + 1), count) for number, count in sorted(self.counts.items())]

    @property
    def mean(self) -> float:
        """The mean of all values, exact; 0 where there are none."""
        return self.sum / self.total if self.total else 0.0

    @property
    def median(self) -> int:
        """The middle value, or the mean of the two in the middle, rounded down; as exact as ``quantile``."""
        return (self._ranked((self.total + 1) // 2) + self._ranked(self.total // 2 + 1)) // 2

    def quantile(self, share: float) -> int:
        """The value below which this share of the values lie: exact up to 31, then at most a sixteenth off."""
        return self._ranked(max(1, math.ceil(share * self.total)))

    def _ranked(self, rank: int) -> int:
        """The value of this rank, from 1 for the least, as exact as its bin is narrow; 0 where there are none."""
        if not self.total:
            return 0
        if rank in (1, self.total):
            return self.least if rank == 1 else self.most
        bins = self.bins
        ends = accumulate(row.values for row in bins)
        found = next(row for row, end in zip(bins, ends, strict=True) if end >= rank)
        middle = (found.low + found.high - 1) // 2
        return min(max(middle, self.least), self.most)

    def _join(self, counts: Mapping[int, int], added: int, least: int, most: int) -> None:
        self.least = min(self.least, least) if self.total else least
        self.most = max(self.most, most)
        self.total += sum(counts.values())
        self.sum += added
        for number, count in counts.items():
            self.counts[number] = self.counts.get(number, 0) + count


def _number(value: int) -> int:
    """The bin of a value, from its leading bits: no logarithm, so that no value is rounded over a bound."""
    shift = max(value.bit_length() - STEPS.bit_length(), 0)
    return shift * STEPS + (value >> shift)


def _low(number: int) -> int:
    """The least value of a bin."""
    octave, step = divmod(number, STEPS)
    return number if octave == 0 else (STEPS + step) << (octave - 1)
