"""COCO's compressed counts: strings to run lengths and back, many strings in one call.

From ``rleToString`` and ``rleFrString`` in pycocotools' ``maskApi.c``: a number is five bits a character, lowest first,
plus 48; bit 0x20 means that more follow, bit 0x10 of the last group is the sign. From the fourth count of a string on,
the number is the difference to the count two before. ``[22, 4, 6, 4, 6, 4, 54]`` is ``f046000`1``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.ragged import offsets_of
from cocoseg.errors import SampleError, show

LONGEST = 12  # characters of a number: enough for 63 bits, and five more than any count needs
LARGEST = 1 << 33  # differences of 32-bit counts are smaller; the sum of 2**30 of them fits 64 bits

_FIRST, _BITS, _MORE, _SIGN = 48, 31, 32, 16


def decode(text: bytes, offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Strings, joined, with their offsets (n + 1,) -> counts (C,) int64, joined, and their offsets (n + 1,).

    The counts may be negative and have any sum; ``rle.pack`` checks them. Numbers may be padded with redundant groups.
    Raises SampleError: ``rle.charset``, ``rle.truncated``, ``rle.overflow``.

    >>> decode(b"f046000`111>", np.array([0, 9, 12]))
    (array([22,  4,  6,  4,  6,  4, 54,  1,  1, 14]), array([ 0,  7, 10]))
    """
    groups = np.frombuffer(text, np.uint8) - np.uint8(_FIRST)
    _check(groups, text, offsets)
    ends = np.flatnonzero(groups < _MORE) + 1
    numbers = _numbers(groups, ends)
    bounds = np.searchsorted(ends, offsets, side="right")
    return _undo_differences(numbers, bounds), bounds


def encode(counts: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> tuple[bytes, npt.NDArray[np.int64]]:
    """Counts (C,) of 0 to 2**32 - 1, joined, and their offsets (n + 1,) -> pycocotools' strings, joined, and theirs.

    >>> encode(np.array([22, 4, 6, 4, 6, 4, 54, 1, 1, 14]), np.array([0, 7, 10]))
    (b'f046000`111>', array([ 0,  9, 12]))
    """
    numbers = _differences(counts, offsets)
    magnitudes = numbers ^ (numbers >> 63)
    lengths = np.ones(len(numbers), np.int64)
    for bits in range(4, 34, 5):
        longer = magnitudes >= 1 << bits
        if not longer.any():
            break
        lengths += longer
    ends = offsets_of(lengths)
    return _characters(numbers, lengths, ends).tobytes(), ends[offsets]


def _check(groups: npt.NDArray[np.uint8], text: bytes, offsets: npt.NDArray[np.int64]) -> None:
    if groups.size and groups.max() > _BITS + _MORE:
        index = int(np.argmax(groups > _BITS + _MORE))
        raise SampleError(
            "rle.charset",
            f"counts contain the character {show(chr(text[index]))}; COCO's compressed counts use only the "
            "characters '0' to 'o'. Write bytes with .decode('ascii'), not with str()",
        )
    last = offsets[1:][offsets[1:] > offsets[:-1]] - 1
    if (groups[last] >= _MORE).any():
        raise SampleError(
            "rle.truncated", "counts end in the middle of a number; the string was cut off, get the annotation again"
        )


def _numbers(groups: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Five-bit groups, and the end of each number -> the numbers."""
    lengths = np.diff(ends, prepend=0)
    longest = int(lengths.max(initial=0))
    if longest > LONGEST:
        raise SampleError("rle.overflow", f"counts contain a number of {longest} characters; a count needs at most 7")
    starts = ends - lengths
    last = groups[ends - 1].astype(np.int64)
    numbers: npt.NDArray[np.int64] = (last & _BITS) - ((last & _SIGN) << 1) << 5 * (lengths - 1)
    for group in range(longest - 1):
        more = np.flatnonzero(lengths > group + 1)
        numbers[more] |= (groups[starts[more] + group].astype(np.int64) & _BITS) << 5 * group
    wide = np.abs(numbers) >= LARGEST
    if wide.any():
        raise SampleError("rle.overflow", f"counts contain the number {numbers[wide][0]}; counts are below 2**32")
    return numbers


def _undo_differences(numbers: npt.NDArray[np.int64], bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sum every second number in one pass over all strings, and subtract the sum before each string."""
    total = len(numbers)
    sums = np.zeros(total + 2 + total % 2, np.int64)
    sums[2 : total + 2] = numbers
    np.cumsum(sums.reshape(-1, 2), axis=0, out=sums.reshape(-1, 2))
    starts = np.repeat(bounds[:-1], np.diff(bounds))
    inside = np.arange(total) - starts
    counts: npt.NDArray[np.int64] = sums[2 : total + 2] - sums[starts + 2 - (inside & 1)]
    first = inside == 0
    counts[first] = numbers[first]
    return counts


def _differences(counts: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    numbers = counts.astype(np.int64)
    numbers[2:] -= counts[:-2]
    for position in range(3):
        raw = offsets[:-1][np.diff(offsets) > position] + position
        numbers[raw] = counts[raw]
    return numbers


def _characters(
    numbers: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    characters = np.empty(ends[-1], np.uint8)
    characters[ends[:-1]] = (numbers & _BITS) + _FIRST + (lengths > 1) * _MORE
    for group in range(1, int(lengths.max(initial=1))):
        more = np.flatnonzero(lengths > group)
        bits = numbers[more] >> 5 * group & _BITS
        characters[ends[more] + group] = bits + _FIRST + (lengths[more] > group + 1) * _MORE
    return characters
