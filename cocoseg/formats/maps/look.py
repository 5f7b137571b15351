"""What some pictures of a folder hold, looked at before the first is converted.

The pictures are spread over the whole folder, whatever split is read, so that every part and worker decides alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import runs
from cocoseg.errors import SampleError
from cocoseg.files import places
from cocoseg.files.png import read_picture
from cocoseg.files.reading import read_file
from cocoseg.formats.maps.codes import is_noisy, is_photo
from cocoseg.formats.maps.kinds import is_turned, read_numbers

MOST = 16  # pictures that are looked at
MOST_EMPTY = 256  # pictures that are looked at if they hold only zeros
T = TypeVar("T")

_SOME = 4
_SHOWN = 8
_NUMBERS = 1 << 16


@dataclass
class Look:
    """The pixels of each value (65536,) in ``pictures`` of a folder, of which so many are ``noisy`` as photos are.

    ``unread`` pictures are damaged, or none of one channel; ``turned`` are those whose palette shows 0 as white.
    """

    pixels: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_NUMBERS, np.int64))
    pictures: int = 0
    noisy: int = 0
    unread: int = 0
    turned: int = 0

    @property
    def values(self) -> set[int]:
        """The values that occur."""
        return set(np.flatnonzero(self.pixels).tolist())

    def share(self, value: int) -> float:
        """The share of a value among all pixels, 0 to 1."""
        return float(self.pixels[value]) / max(1, int(self.pixels.sum()))

    def add(self, picture: npt.NDArray[Any]) -> None:
        """Count a picture's values."""
        values, lengths = runs(picture.reshape(-1))  # in far less memory than its pixels
        self.pixels += np.bincount(values, lengths, _NUMBERS).astype(np.int64)
        self.pictures += 1
        self.noisy += is_noisy(picture)

    def folded(self, tolerance: int) -> Look:
        """The same with all values as 0 and 255, if all are up to ``tolerance`` off from these."""
        if any(tolerance < value < 255 - tolerance or value > 255 for value in self.values):
            return self
        pixels = np.zeros_like(self.pixels)
        pixels[0], pixels[255] = self.pixels[: tolerance + 1].sum(), self.pixels[tolerance + 1 :].sum()
        return replace(self, pixels=pixels)

    def __str__(self) -> str:
        """The most frequent values and their shares, in words."""
        ranked = sorted(self.values, key=lambda value: -self.pixels[value])
        some = ", ".join(f"{value} ({self.share(value):.1%})" for value in ranked[:_SHOWN])
        more = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
        return f"{some}{more}"


def look_at(folder: str, names: Sequence[str], enough: Callable[[Look], bool] = lambda _: False) -> Look:
    """Look at pictures of a folder until ``enough``."""
    look, telling = Look(), 0
    for name in islice(spread(names), MOST_EMPTY):
        try:
            data = read_file(places.join(folder, name))
            picture = read_numbers(data, lossy=True)
        except SampleError:  # it will be refused by itself
            look.unread += 1
        else:
            look.add(picture)
            look.turned += is_turned(data)
            telling += bool(picture.any())
        if telling + look.unread >= MOST or (look.pictures and enough(look)):
            break
    return look


def are_photos(folder: str, names: Sequence[str]) -> bool:
    """Whether most of some pictures in colours are photos."""
    found = []
    for name in islice(spread(names), _SOME):
        try:
            found.append(is_photo(read_picture(read_file(places.join(folder, name)))))
        except SampleError:
            continue
    return 2 * sum(found) > len(found)


def spread(names: Sequence[T]) -> Iterator[T]:
    """All names, first ``MOST`` that are evenly spread, then those behind them, and so on.

    >>> list(spread(range(64)))[14:18]
    [56, 60, 1, 5]
    """
    step = -(-len(names) // MOST)
    return chain.from_iterable(names[start::step] for start in range(step))
