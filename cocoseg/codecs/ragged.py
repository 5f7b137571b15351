"""Ragged arrays: the values of n groups joined, and offsets (n + 1,) at which the groups start and end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def as_bytes(numbers: npt.NDArray[Any], dtype: type[np.generic] = np.int64) -> bytes:
    """Numbers as the native part takes them, which looks at nothing but their bytes.

    >>> as_bytes(np.array([1, 2], np.uint8)) == np.array([1, 2], np.int64).tobytes()
    True
    """
    return numbers.astype(dtype, copy=False).tobytes()


def as_indices(data: bytes) -> npt.NDArray[np.intp]:
    """Bytes of int64, as the native part gives them -> indices or lengths.

    >>> as_indices(as_bytes(np.array([7, 0])))
    array([7, 0])
    """
    return np.frombuffer(data, np.int64).astype(np.intp, copy=False)


def offsets_of(lengths: npt.ArrayLike) -> Ints:
    """Lengths (n,) -> offsets (n + 1,) int64.

    >>> offsets_of([2, 0, 3])
    array([0, 2, 2, 5])
    """
    lengths = np.asarray(lengths)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def owners(lengths: Ints) -> Ints:
    """Lengths (n,) -> the group of each value (N,).

    >>> owners(np.array([2, 0, 3]))
    array([0, 0, 2, 2, 2])
    """
    return np.repeat(np.arange(len(lengths)), lengths)


def ranges(starts: Ints, lengths: Ints, step: int = 1) -> Ints:
    """For each group its start, and ``step`` more for each further value: starts (n,), lengths (n,) -> (N,).

    >>> ranges(np.array([7, 0, 4]), np.array([2, 0, 3]))
    array([7, 8, 4, 5, 6])
    """
    before = np.cumsum(lengths) - lengths
    numbers = np.repeat(starts - step * before, lengths)
    numbers += step * np.arange(len(numbers))
    return numbers
