"""What all metrics share: counts that add up to the same numbers, in any order and from any number of processes.

So all counts are integers. Sums of IoU and of weights are exact too, in units of 2^-53: float64 has no finer numbers
from one half on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cocoseg.errors import UsageError

State = dict[str, Any]
Ints = npt.NDArray[np.int64]
C = TypeVar("C", bound="Counter")

_UNITS = 1 << 53


class Counter(ABC):
    """A metric that counts images. A worker counts one with an ``empty`` copy, and sends the copy's ``state``.

    >>> from cocoseg import ConfusionMatrix
    >>> total = ConfusionMatrix(2)
    >>> image = total.empty()
    >>> image.update([[0, 0, 1]], [[0, 1, 1]])
    >>> image.state()
    {'cells': [0, 1, 4], 'pixels': [1, 1, 1]}
    >>> total.add(image.state())
    >>> total == image
    True
    """

    __hash__ = None  # type: ignore[assignment]

    @abstractmethod
    def _options(self) -> dict[str, Any]:
        """The arguments that make a metric of the same kind; only those add up."""

    @abstractmethod
    def _add(self, state: State) -> None:
        """Add a state; one that is refused adds nothing."""

    @abstractmethod
    def state(self) -> State:
        """What was counted, in values that JSON holds: for one image a few numbers, whatever was counted before."""

    def add(self, state: State) -> None:
        """Add the ``state`` of a metric of the same kind. Raises UsageError ``usage.counts`` for anything else."""
        try:
            self._add(state)
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
            found = f"this is no state of {self} ({type(error).__name__}: {error})"
            raise UsageError("usage.counts", f"{found}; make both with the same arguments") from None

    def empty(self: C) -> C:
        """A metric of the same kind that has counted nothing."""
        make: Any = type(self)
        made: C = make(**self._options())
        return made

    def __iadd__(self: C, other: C) -> C:
        if type(other) is not type(self):
            return NotImplemented
        if self._options() != other._options():
            raise UsageError("usage.counts", f"{self} and {other} can't be added; make both with the same arguments")
        self._add(other.state())
        return self

    def __add__(self: C, other: C) -> C:
        if type(other) is not type(self):
            return NotImplemented
        total = self.empty()
        total += self
        total += other
        return total

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counter) or type(other) is not type(self):
            return NotImplemented
        return self._options() == other._options() and self.state() == other.state()


def sparse(counts: Ints) -> State:
    """Counts of any shape -> the places of those that are not 0, and these.

    >>> sparse(np.array([[0, 7], [5, 0]]))
    {'cells': [1, 2], 'pixels': [7, 5]}
    """
    flat = counts.reshape(-1)
    cells = np.flatnonzero(flat != 0)  # ten times as fast as to look for integers
    return {"cells": cells.tolist(), "pixels": flat[cells].tolist()}


def add_sparse(counts: Ints, state: State) -> None:
    """Add what ``sparse`` gave for counts of the same shape. Raises KeyError, ValueError, IndexError, TypeError."""
    cells, pixels = (np.array(state[name], np.int64) for name in ("cells", "pixels"))
    if cells.shape != pixels.shape or (cells < 0).any() or (pixels < 0).any():
        raise ValueError("cells and pixels do not fit")
    np.add.at(counts.reshape(-1), cells, pixels)


def units(numbers: Iterable[float]) -> list[int]:
    """Numbers in units of 2^-53, exact from one half on.

    >>> units([0.75, 1e6])
    [6755399441055744, 9007199254740992000000]
    """
    return [int(number * _UNITS) for number in numbers]


def number(total: int) -> float:
    """A sum of units -> the nearest float64."""
    return total / _UNITS


def split(total: int) -> list[int]:
    """A sum of units -> its whole part and the rest in units, as JSON holds no more than 64 bits.

    >>> split(joined([3, 5]))
    [3, 5]
    """
    return list(divmod(total, _UNITS))


def joined(parts: Iterable[int]) -> int:
    """What ``split`` gave -> the sum of units. Raises TypeError, ValueError."""
    whole, rest = parts
    return int(whole) * _UNITS + int(rest)
