"""COCO run-length masks, all masks of an image in one pack.

A mask is the lengths of its runs down its columns, one column after the other, starting with a run of zeros::

    #..
    ##.    [0, 2, 1, 1, 2]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.ragged import Ints, offsets_of, owners, ranges
from cocoseg.codecs.regions import line_boxes, rows_from_columns, runs
from cocoseg.errors import SampleError, show
from cocoseg.limits import MOST_PIXELS, allowed_pixels

_FAR = 1 << 33
_LARGE = 1 << 12  # pixels of a mask from which it is faster to encode each alone


@dataclass(frozen=True, eq=False)
class Runs:
    """n masks of one size, as ``pack`` and the other functions here make them.

    ``size`` is (height, width), ``counts`` (C,) int64 the run lengths of all masks joined, ``offsets`` (n + 1,) int64
    where each mask starts. Every mask is in its shortest form: only the first run may be empty, so that equal masks
    have equal counts. ``outlines`` (n, 4) float64 or None: boxes of the polygons that the masks were filled from,
    as least x and y, greatest x and y.
    """

    size: tuple[int, int]
    counts: Ints
    offsets: Ints
    outlines: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def pixels(self) -> int:
        """Pixels of each mask, including the background."""
        return self.size[0] * self.size[1]

    @cached_property
    def masks(self) -> Ints:
        """(C,) int64: the mask that each run belongs to."""
        return owners(np.diff(self.offsets))

    @cached_property
    def stops(self) -> Ints:
        """(C,) int64: where each run ends in its mask, counted down the columns."""
        return np.cumsum(self.counts) - self.masks * self.pixels

    @cached_property
    def drawn(self) -> Ints:
        """(F,) int64: the indices of foreground runs, every second of each mask."""
        return ranges(self.offsets[:-1] + 1, np.diff(self.offsets) // 2, step=2)


def check_size(size: Any) -> tuple[int, int]:
    """Check a size that an annotation gives -> (height, width).

    Raises SampleError: ``size.type``, ``size.invalid``, ``limit.pixels``.

    >>> check_size([480, 640])
    (480, 640)
    """
    if isinstance(size, list | tuple) and len(size) == 2 and all(isinstance(side, float) for side in size):
        size = [int(side) if side.is_integer() else side for side in size]  # as pandas writes them
    if not isinstance(size, list | tuple) or len(size) != 2 or not all(map(_is_integer, size)):
        raise SampleError("size.type", f"size is {show(size)}; expected [height, width], two whole numbers")
    height, width = int(size[0]), int(size[1])
    if height < 1 or width < 1:
        raise SampleError("size.invalid", f"size is {show(size)}; expected a height and a width of at least 1")
    if height * width > max(MOST_PIXELS, allowed_pixels()):
        raise SampleError(
            "limit.pixels", f"size is {show(size)}: more than the {MOST_PIXELS:,} pixels that are allowed"
        )
    return height, width


def pack(counts: npt.NDArray[np.integer], offsets: Ints, size: tuple[int, int]) -> Runs:
    """Check counts (C,) of n masks joined, from any source, with their offsets (n + 1,) -> Runs.

    Raises SampleError: ``rle.empty``, ``rle.negative``, ``rle.sum``, and what ``check_size`` raises.

    >>> pack(np.array([0, 0, 0, 2, 4]), np.array([0, 5]), (2, 3)).counts
    array([0, 2, 4])
    """
    height, width = check_size(size)
    packed = Runs((height, width), counts.astype(np.int64, copy=False), offsets)
    _check_counts(packed)
    empty = packed.counts == 0
    empty[offsets[:-1]] = False
    return _shortest(packed) if empty.any() else packed


def from_toggles(masks: Ints, positions: Ints, count: int, size: tuple[int, int]) -> Runs:
    """Where masks change -> Runs of ``count`` masks: mask of each change (T,), its position down the columns (T,).

    Each mask's positions rise. A change at the end of the last column changes nothing.
    """
    pixels = size[0] * size[1]
    inside = positions < pixels
    masks, positions = masks[inside], positions[inside]
    ends = np.arange(1, count + 1) * pixels
    stops = np.sort(np.concatenate([masks * pixels + positions, ends]), kind="stable")
    return Runs(size, np.diff(stops, prepend=0), offsets_of(np.bincount(masks, minlength=count) + 1))


def odd_toggles(masks: Ints, positions: Ints, pixels: int) -> tuple[Ints, Ints]:
    """Changes in any order -> sorted, and only those where the mask changes an odd number of times."""
    keys = np.sort(masks * (pixels + 1) + positions, kind="stable")
    if not len(keys):
        return keys, keys
    keys, times = runs(keys)
    keys = keys[times & 1 == 1]
    return keys // (pixels + 1), keys % (pixels + 1)


def toggles(packed: Runs) -> tuple[Ints, Ints]:
    """Runs -> where masks change: mask of each change (T,), its position down the columns (T,)."""
    inner = np.ones(len(packed.counts), np.bool_)
    inner[packed.offsets[1:] - 1] = False
    return packed.masks[inner], packed.stops[inner]


def decode(packed: Runs) -> npt.NDArray[np.bool_]:
    """Runs of n masks -> (n, H, W) bool. Raises SampleError ``limit.pixels``.

    >>> decode(pack(np.array([0, 2, 1, 1, 2]), np.array([0, 5]), (2, 3))).astype(int)
    array([[[1, 0, 0],
            [1, 1, 0]]])
    """
    check_pixels(packed.size)
    if mask_type() is None:
        foreground = np.zeros(len(packed.counts), np.bool_)
        foreground[packed.drawn] = True
        columns = np.repeat(foreground, packed.counts)
        return rows_from_columns(columns.reshape(len(packed), packed.size[1], packed.size[0]))
    masks = np.zeros((len(packed), *packed.size), np.uint8)
    draw(packed, range(len(packed)), masks, repeat(1))
    return masks.view(np.bool_)


@cache
def mask_type() -> Any:
    """The mask class of rlemasklib, or None: it has no wheels for Python 3.14 and for Linux on ARM.

    Its C code fills in place, which no numpy call does. Repeating the runs and turning columns into rows in numpy takes
    four times as long, with the same results.
    """
    try:
        from rlemasklib import RLEMask
    except ImportError:
        return None
    return RLEMask


def draw(packed: Runs, indices: Iterable[int], canvases: Iterable[npt.NDArray[Any]], values: Iterable[int]) -> None:
    """Draw the masks at ``indices`` in turn, each with its value into its canvas (H, W), contiguous in C or F order.

    Needs ``mask_type``. The runs have been checked, so that it refuses none.
    """
    counts, bounds = packed.counts.astype(np.uint32), packed.offsets.tolist()
    for index, canvas, value in zip(indices, canvases, values, strict=False):
        mask = mask_type().from_counts(counts[bounds[index] : bounds[index + 1]], packed.size, validate_sum=False)
        mask.decode_into(canvas, value)


def encode(masks: npt.NDArray[Any]) -> Runs:
    """Masks (n, H, W), bool or integer, 0 for background -> Runs.

    Raises SampleError: ``mask.shape``, ``mask.type``, and what ``check_size`` raises.

    >>> encode(np.array([[[1, 0, 0], [1, 1, 0]]])).counts
    array([0, 2, 1, 1, 2])
    """
    size = _check_array(masks, 3)
    bits = masks if masks.dtype == np.bool_ else masks != 0
    if mask_type() is not None and size[0] * size[1] >= _LARGE:
        return _encode_each(bits, size)
    columns = rows_from_columns(bits).reshape(len(masks), size[0] * size[1])
    changes = np.empty_like(columns)
    changes[:, 0] = columns[:, 0]
    np.not_equal(columns[:, 1:], columns[:, :-1], out=changes[:, 1:])
    keys = np.flatnonzero(changes)
    return from_toggles(keys // columns.shape[1], keys % columns.shape[1], len(masks), size)


def _encode_each(masks: npt.NDArray[np.bool_], size: tuple[int, int]) -> Runs:
    """Encode masks one by one with rlemasklib, which transposes runs instead of pixels."""
    plain = (mask if mask.flags.forc else np.ascontiguousarray(mask) for mask in masks)
    counts = [mask_type().from_array(mask).counts for mask in plain]
    return Runs(size, np.concatenate([np.zeros(0, np.int64), *counts]), offsets_of([len(one) for one in counts]))


def encode_numbers(numbers: npt.NDArray[np.integer], count: int) -> Runs:
    """The number of each pixel's mask (H, W), from 0, or ``count`` where it has none -> Runs of ``count`` masks.

    Raises SampleError: ``mask.shape``, ``mask.type``, and what ``check_size`` raises.

    >>> encode_numbers(np.array([[1, 1, 2], [1, 0, 2]]), 2).counts
    array([3, 1, 2, 0, 3, 3])
    """
    size = _check_array(numbers, 2)
    values, lengths = runs(rows_from_columns(numbers).reshape(-1))
    return from_stretches(values, lengths, count, size)


def from_stretches(numbers: npt.NDArray[np.integer], lengths: Ints, count: int, size: tuple[int, int]) -> Runs:
    """A picture's stretches down its columns: the mask of each (R,), ``count`` for none, and its length (R,) -> Runs.

    No stretch is empty, and the next one has a different mask. The result has ``count`` masks.
    """
    stops = np.cumsum(lengths)
    found = np.flatnonzero(numbers < count)
    masks = numbers[found].astype(np.min_scalar_type(count))  # numbers of 16 bits are sorted by counting
    by_mask = np.argsort(masks, kind="stable")
    found = found[by_mask]
    positions = np.empty((len(found), 2), np.int64)
    positions[:, 1] = stops[found]
    np.subtract(positions[:, 1], lengths[found], out=positions[:, 0])
    return from_toggles(np.repeat(masks[by_mask].astype(np.int64), 2), positions.reshape(-1), count, size)


def area(packed: Runs) -> Ints:
    """Foreground pixels of each mask: (n,) int64."""
    starts = packed.offsets[:-1]
    if not len(starts):
        return np.zeros(0, np.int64)
    # Background minus foreground, or the reverse where the mask starts at an odd position.
    balance = packed.counts.copy()
    np.negative(balance[1::2], out=balance[1::2])
    areas: Ints = (packed.pixels - np.add.reduceat(balance, starts) * (1 - 2 * (starts & 1))) // 2
    return areas


def bbox(packed: Runs) -> Ints:
    """The box of each mask, COCO's xywh: (n, 4) int64; zeros where nothing is drawn.

    >>> bbox(pack(np.array([0, 2, 1, 1, 2]), np.array([0, 5]), (2, 3)))
    array([[0, 0, 2, 2]])
    """
    boxes = np.zeros((len(packed), 4), np.int64)
    drawn = packed.drawn
    if not len(drawn):
        return boxes
    firsts = np.searchsorted(drawn, packed.offsets)
    masks = np.flatnonzero(firsts[1:] > firsts[:-1])
    boxes[masks] = line_boxes(packed.stops[drawn - 1], packed.stops[drawn] - 1, packed.size[0], firsts[masks])
    return boxes


def take(packed: Runs, indices: npt.NDArray[np.integer]) -> Runs:
    """The masks at ``indices`` (m,), in that order."""
    lengths = np.diff(packed.offsets)[indices]
    return Runs(packed.size, packed.counts[ranges(packed.offsets[indices], lengths)], offsets_of(lengths))


def concatenate(packs: list[Runs]) -> Runs:
    """One pack of all masks of ``packs``, one or more of one size. Raises SampleError ``size.mismatch``."""
    size = packs[0].size
    for other in packs:
        check_same_size(other.size, size)
    lengths = np.concatenate([np.diff(one.offsets) for one in packs])
    return Runs(size, np.concatenate([one.counts for one in packs]), offsets_of(lengths))


def check_same_size(found: tuple[int, int], expected: tuple[int, int]) -> None:
    """Raises SampleError ``size.mismatch``."""
    if found != expected:
        swapped = ". Height and width look swapped" if found[::-1] == expected else ""
        raise SampleError(
            "size.mismatch",
            f"the mask's size is {list(found)}, expected [height, width] = {list(expected)}{swapped}; make it again",
        )


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check_counts(packed: Runs) -> None:
    counts, offsets, size, pixels = packed.counts, packed.offsets, packed.size, packed.pixels
    if not len(packed):
        return
    if (np.diff(offsets) == 0).any():
        raise SampleError("rle.empty", f"counts are empty; a mask without foreground is [{pixels}]")
    # Counts far beyond any picture are clipped, so that no sum of counts can wrap.
    sums = np.add.reduceat(np.minimum(np.maximum(counts, -_FAR), _FAR), offsets[:-1])
    lowest = int(counts.min())
    if lowest < 0 and sums.max() <= pixels:
        raise SampleError("rle.negative", f"counts contain {lowest}; run lengths are not negative, make the mask again")
    wrong = np.flatnonzero(sums != pixels)
    if len(wrong):
        found = sum(counts[offsets[wrong[0]] : offsets[wrong[0] + 1]].tolist())
        raise SampleError("rle.sum", f"counts add up to {found}, but the mask is {size[0]}×{size[1]} = {pixels} pixels")


def _shortest(packed: Runs) -> Runs:
    masks, positions = odd_toggles(*toggles(packed), packed.pixels)
    return from_toggles(masks, positions, len(packed), packed.size)


def _check_array(array: npt.NDArray[Any], dimensions: int) -> tuple[int, int]:
    if array.ndim != dimensions:
        shape = "(n, H, W)" if dimensions == 3 else "(H, W)"
        raise SampleError("mask.shape", f"the array has the shape {array.shape}; expected {shape}")
    if array.dtype.kind not in "biu":
        raise SampleError("mask.type", f"the array has the dtype {array.dtype}; expected bool or integers")
    return check_size(array.shape[-2:])
