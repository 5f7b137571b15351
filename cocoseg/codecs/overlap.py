"""Masks of one size that overlap: painting one over another, intersections, unions, IoU.

One idea serves them all. The positions where any mask starts or ends, sorted, cut the picture into few stretches, and
nothing changes within a stretch. Sums of +1 and -1 count the masks that cover a stretch; sums of powers of two tell
them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.ragged import Ints, as_bytes, as_indices
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs, area, bbox, check_same_size, draw, from_toggles, mask_type, take
from cocoseg.errors import SampleError
from cocoseg.native import native

T = TypeVar("T", bound=np.generic)

_BITS = 52  # the powers of two of so many masks add up in a float without rounding
_PAIRS = 1 << 10  # of masks, compared at a time by ``iou``


def layers(packed: Runs, order: npt.NDArray[np.integer] | None = None) -> tuple[Regions, npt.NDArray[np.bool_]]:
    """Masks painted one over another -> the topmost mask of each stretch, and whether several masks cover it (R,) bool.

    ``order`` (n,) lists every mask once, the lowest first; by default later masks are on top.

    >>> from cocoseg.codecs.rle import encode
    >>> regions, contested = layers(encode(np.array([[[1, 1, 1, 0]], [[0, 0, 1, 1]]])))
    >>> regions.paint(np.array([1, 2]), outside=0)
    array([[1, 1, 2, 2]])
    >>> int(regions.lengths[contested].sum())
    1
    """
    count = len(packed)
    order = np.arange(count) if order is None else order
    if (found := _layered(packed, order)) is not None:
        return found
    ranks = np.empty(count, np.intp)
    ranks[order] = np.arange(count)
    masks, positions, signs = _events(packed)
    ranks, signs, lengths = _stretches(packed, ranks[masks], positions, signs)
    # 0 stands for no mask, so the topmost mask is the highest bit of a stretch, counted from 1.
    top = np.zeros(len(lengths), np.intp)
    for low in range(0, count, _BITS):
        highest = _highest_bits(ranks - low, signs) if count > _BITS else _bits_on_top(ranks, signs)
        np.copyto(top, highest + low, where=highest > 0)
    contested = np.zeros(len(lengths), np.bool_)
    np.greater(np.cumsum(signs), 1, out=contested[1:])
    segments = np.append(count, order)[top]
    return Regions(packed.size, count, segments, lengths, by_column=True), contested & (lengths > 0)


def _layered(packed: Runs, order: npt.NDArray[np.integer]) -> tuple[Regions, npt.NDArray[np.bool_]] | None:
    """``layers`` by the native part (``c/layers.c``); None if it is not there, or the masks are not for it."""
    found = native and native.layers(*map(as_bytes, (packed.counts, packed.offsets, order)), packed.pixels)
    if not found:
        return None
    segments, lengths = map(as_indices, found[:2])
    return Regions(packed.size, len(packed), segments, lengths, by_column=True), np.frombuffer(found[2], np.bool_)


def paint(
    packed: Runs, values: npt.NDArray[T], canvas: npt.NDArray[T], order: npt.NDArray[np.integer] | None = None
) -> None:
    """Paint a value per mask (n,) into the caller's canvas (H, W); pixels outside the masks keep their values.

    ``order`` (m,) lists the masks to paint, the lowest first; by default all are painted, later ones on top.
    Raises SampleError: ``size.mismatch``, ``list.length``.

    >>> from cocoseg.codecs.rle import encode
    >>> canvas = np.zeros((1, 4), np.uint8)
    >>> paint(encode(np.array([[[1, 1, 1, 0]], [[0, 0, 1, 1]]])), np.array([1, 2], np.uint8), canvas)
    >>> canvas
    array([[1, 1, 2, 2]], dtype=uint8)
    """
    check_same_size(canvas.shape[:2], packed.size)
    if len(values) != len(packed):
        raise SampleError("list.length", f"{len(values)} values for {len(packed)} masks; give each mask one")
    order = np.arange(len(packed)) if order is None else order
    if mask_type() is None:
        _paint_runs(take(packed, order), values[order], canvas)
        return
    joined = canvas if canvas.flags.forc else canvas.copy()
    draw(packed, order.tolist(), repeat(joined), values[order].tolist())
    if joined is not canvas:
        canvas[:] = joined


def _paint_runs(packed: Runs, values: npt.NDArray[T], canvas: npt.NDArray[T]) -> None:
    """``paint`` in numpy: the later mask is on top."""
    regions, _ = layers(packed)
    painted = regions.fill(np.append(values, values.dtype.type(0))[regions.segments])
    np.copyto(canvas, painted, where=regions.fill(regions.segments < len(packed)))


def intersection(first: Runs, second: Runs) -> Runs:
    """Mask by mask, the pixels that both cover: two packs of n -> one of n. Raises as ``iou`` does."""
    _check_pairs(first, second)
    masks, positions, signs = map(np.concatenate, zip(_events(first), _events(second), strict=True))
    return threshold(masks, positions, signs, 2, len(first), first.size)


def difference(first: Runs, second: Runs) -> Runs:
    """Mask by mask, the pixels of the first that the second does not cover. Raises as ``intersection`` does."""
    _check_pairs(first, second)
    masks, positions, signs = map(np.concatenate, zip(_events(first), _events(second), strict=True))
    signs[len(signs) - 2 * len(second.drawn) :] *= -1
    return threshold(masks, positions, signs, 1, len(first), first.size)


def _check_pairs(first: Runs, second: Runs) -> None:
    check_same_size(second.size, first.size)
    if len(first) != len(second):
        raise SampleError("list.length", f"{len(first)} masks and {len(second)}; give two packs of as many")


def merge(packed: Runs, groups: Ints | None = None, count: int = 1) -> Runs:
    """The union of all masks, or of the masks of each group (n,) of ``count`` -> Runs of ``count`` masks.

    Raises SampleError ``list.empty``: no masks to merge.
    """
    if not len(packed) and groups is None:
        raise SampleError("list.empty", "there are no masks to merge; give at least one")
    masks, positions, signs = _events(packed)
    return threshold(masks * 0 if groups is None else groups[masks], positions, signs, 1, count, packed.size)


def iou(detections: Runs, truths: Runs, iscrowd: Sequence[bool] | npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Intersection over union of all pairs, (d,) masks and (t,) masks -> (d, t) float64, bit for bit as pycocotools.

    Where ``iscrowd`` (t,), the detection's area replaces the union, since a crowd may contain many detections.
    Raises SampleError: ``size.mismatch``, ``list.length``.
    """
    crowd = np.asarray(iscrowd, np.bool_)
    if crowd.shape != (len(truths),):
        raise SampleError("list.length", f"{len(crowd)} crowd flags for {len(truths)} masks; give each mask one")
    check_same_size(detections.size, truths.size)
    common = _intersections(detections, truths)
    areas = area(detections)[:, None]
    whole = np.where(crowd, areas, areas + area(truths) - common)
    return np.divide(common, whole, out=np.zeros(common.shape), where=common > 0)


def threshold(masks: Ints, positions: Ints, signs: Ints, at_least: int, count: int, size: tuple[int, int]) -> Runs:
    """Pixels of each mask where the sum of the signs so far is at least ``at_least`` -> Runs of ``count`` masks.

    Each event has its mask (E,), its position (E,) and its sign (E,). The signs of a mask add up to 0.
    """
    keys = masks * (size[0] * size[1] + 1) + positions
    order = np.argsort(keys, kind="stable")
    keys, masks, positions = keys[order], masks[order], positions[order]
    last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
    covered = (np.cumsum(signs[order]) >= at_least)[last]
    changes = covered != np.append(False, covered[:-1])[: len(covered)]
    return from_toggles(masks[last][changes], positions[last][changes], count, size)


def _events(packed: Runs) -> tuple[Ints, Ints, Ints]:
    """The starts and ends of foreground runs, +1 and -1: masks (E,), positions (E,), signs (E,)."""
    drawn = packed.drawn
    masks = np.repeat(packed.masks[drawn], 2)
    positions = np.stack([packed.stops[drawn - 1], packed.stops[drawn]], axis=1).reshape(-1)
    return masks, positions, np.tile(np.array([1, -1]), len(drawn))


def _stretches(packed: Runs, masks: Ints, positions: Ints, signs: Ints) -> tuple[Ints, Ints, Ints]:
    """Events in order of position: masks (E,), signs (E,), and the lengths (E + 1,) of the stretches between them."""
    order = np.argsort(positions, kind="stable")
    bounds = np.empty(len(positions) + 2, np.int64)
    bounds[0], bounds[-1] = 0, packed.pixels
    bounds[1:-1] = positions[order]
    return masks[order], signs[order], np.diff(bounds)


def _bits_on_top(ranks: Ints, signs: Ints) -> npt.NDArray[np.intp]:
    """The highest of up to 52 ranks that cover each stretch, counted from 1; 0 for none: (E,) -> (E + 1,)."""
    covering = np.zeros(len(ranks) + 1, np.int64)
    np.cumsum(signs << ranks, out=covering[1:])
    return np.frexp(covering.astype(np.float64))[1].astype(np.intp)


def _highest_bits(ranks: Ints, signs: Ints) -> npt.NDArray[np.intp]:
    here = (ranks >= 0) & (ranks < _BITS)
    return _bits_on_top(ranks * here, signs * here)


def _intersections(first: Runs, second: Runs) -> npt.NDArray[np.float64]:
    """Common pixels of all pairs: (d, t) float64. Only pairs whose boxes overlap are compared."""
    common = np.zeros((len(first), len(second)))
    these, those = _corners(first)[:, :, None], _corners(second)[:, None, :]
    one, two = np.nonzero((np.minimum(these[2:], those[2:]) > np.maximum(these[:2], those[:2])).all(axis=0))
    for start in range(0, len(one), _PAIRS):
        rows, columns = one[start : start + _PAIRS], two[start : start + _PAIRS]
        common[rows, columns] = area(intersection(take(first, rows), take(second, columns)))
    return common


def _corners(packed: Runs) -> Ints:
    """Left, top, right and bottom of each mask: (4, n)."""
    boxes = bbox(packed).T
    return np.concatenate([boxes[:2], boxes[:2] + boxes[2:]])
