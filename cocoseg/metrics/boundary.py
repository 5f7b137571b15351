"""Boundary IoU: the IoU of what is near the boundaries, so that large segments don't hide bad outlines.

Cheng et al. 2021 (arXiv 2103.16562), boundary_utils.py of boundary-iou-api. Near is within ``distance`` pixels of
another value, or of the edge of the picture, diagonals too: what erosion by 3×3, so many times, takes from a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.errors import UsageError, show
from cocoseg.metrics.confusion import ConfusionMatrix, checked, count_pairs
from cocoseg.metrics.conventions import Column, mean
from cocoseg.metrics.counter import Counter, State, add_sparse, sparse

Bits = npt.NDArray[np.bool_]
RATIO = 0.02


@dataclass(frozen=True)
class BoundaryResult:
    """The numbers of ``BoundaryIoU``, as fractions of 1. Undefined is None.

    ``columns``: ``boundary IoU`` of each class (C,), None for a class without a boundary on either side. ``headlines``:
    its mean, ``mean boundary IoU``. ``distances``: those that ``ratio`` gave for the pictures, sorted.
    """

    columns: Mapping[str, Column]
    headlines: Mapping[str, float | None]
    ratio: float
    distances: tuple[int, ...]


def boundary_distance(size: tuple[int, int], ratio: float = RATIO) -> int:
    """How far a boundary reaches, a share of the picture's diagonal in pixels; at least 1, rounded as Python rounds.

    Raises UsageError ``usage.number`` for a ratio that is not positive.

    >>> boundary_distance((480, 640)), boundary_distance((75, 100)), boundary_distance((12, 16))
    (16, 2, 1)
    """
    if not 0 < ratio < np.inf:
        raise UsageError("usage.number", f"the ratio of the boundary is {show(ratio)}, expected a positive number")
    return max(1, round(ratio * hypot(*size)))


def near_boundary(pictures: npt.NDArray[Any], distance: int) -> Bits:
    """Pictures (..., H, W) of any values -> which pixels have another value, or the edge, near them: (..., H, W) bool.

    A picture of all classes or segments takes as long as a mask.

    >>> near_boundary(np.array([[1, 1, 1, 1, 2]] * 3), 1).astype(int)
    array([[1, 1, 1, 1, 1],
           [1, 0, 0, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    near = np.ones(pictures.shape, np.bool_)
    if min(pictures.shape[-2:]) <= 2 * distance:
        return near
    # Around an inner pixel, every row of the window has one value, and so has the window's middle column.
    rows = _all_of(pictures[..., 1:] == pictures[..., :-1], 2 * distance, -1)
    middle = pictures[..., distance:-distance]
    column = _all_of(middle[..., 1:, :] == middle[..., :-1, :], 2 * distance, -2)
    inner = _all_of(rows, 2 * distance + 1, -2) & column
    near[..., distance:-distance, distance:-distance] = ~inner
    return near


def _all_of(bits: Bits, count: int, axis: int) -> Bits:
    """Whether all of ``count`` neighbours along an axis are set, which is shorter by one less; windows double."""
    done = 1
    while done < count:
        step = min(done, count - done)
        bits = _part(bits, slice(None, -step), axis) & _part(bits, slice(step, None), axis)
        done += step
    return bits


def _part(bits: Bits, part: slice, axis: int) -> Bits:
    return bits[..., part] if axis == -1 else bits[..., part, :]


def mask_boundary(masks: npt.ArrayLike, ratio: float = RATIO) -> Bits:
    """Masks (..., H, W), 0 for background -> their pixels near the boundary, (..., H, W) bool.

    Raises UsageError ``usage.number``, and ``usage.picture`` for less than two dimensions.

    >>> mask_boundary(np.ones((1, 4, 4))).astype(int)
    array([[[1, 1, 1, 1],
            [1, 0, 0, 1],
            [1, 0, 0, 1],
            [1, 1, 1, 1]]])
    """
    bits: Bits = np.asarray(masks) != 0
    bits &= near_boundary(bits, boundary_distance(_size(bits), ratio))
    return bits


def boundary_iou(first: npt.ArrayLike, second: npt.ArrayLike, ratio: float = RATIO) -> float | None:
    """Two masks of one shape -> the IoU of their boundaries; None where both are empty.

    Raises what ``mask_boundary`` raises.

    >>> boundary_iou([[1, 1, 0]], [[1, 1, 1]])
    0.6666666666666666
    """
    one, two = mask_boundary(first, ratio), mask_boundary(second, ratio)
    union = int((one | two).sum())
    return int((one & two).sum()) / union if union else None


class BoundaryIoU(Counter):
    """The boundary IoU of the classes of class maps, which adds up as ``ConfusionMatrix`` does.

    The boundary of each class is that of its mask; pixels whose truth is void are left out afterwards, on both sides.
    ``pixels`` (3, C) int64 are those of boundaries: in both, in the truth, in the prediction.

    >>> boundary = BoundaryIoU(2)
    >>> boundary.update(np.array([[0, 0, 1, 255]]), np.array([[0, 1, 1, 1]]))
    >>> boundary.result().columns["boundary IoU"], boundary.result().distances
    ((0.5, 0.5), (1,))
    """

    def __init__(self, num_classes: int, void: int | None = None, ratio: float = RATIO) -> None:
        boundary_distance((1, 1), ratio)
        self.num_classes = num_classes
        self.void = ConfusionMatrix(num_classes, void).void
        self.ratio = ratio
        self.distances: frozenset[int] = frozenset()
        self.pixels = np.zeros((3, num_classes), np.int64)

    def update(self, truth: npt.ArrayLike, prediction: npt.ArrayLike) -> None:
        """Count the boundary pixels of class maps: a picture (H, W) or a batch (..., H, W), of any integer types.

        Raises what ``ConfusionMatrix.update`` raises, and UsageError ``usage.picture`` for less than two dimensions.
        """
        ConfusionMatrix(self.num_classes, self.void).update(truth, prediction)
        true, predicted = checked(truth, prediction)
        distance = boundary_distance(_size(true), self.ratio)
        near_true, near_predicted = near_boundary(true, distance), near_boundary(predicted, distance)
        near_predicted &= true != self.void
        # With all else as void, the classes of boundaries are counted as those of class maps.
        void = np.array(self.void, np.min_scalar_type(self.void))
        marked = np.where(near_true, true, void), np.where(near_predicted, predicted, void)
        counts = count_pairs(*marked, self.num_classes, self.void)
        self.pixels += np.stack([np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)])[:, :-2]
        self.distances |= {distance}

    def result(self) -> BoundaryResult:
        """The numbers so far."""
        both, true, predicted = self.pixels.tolist()
        unions = [t + p - b for b, t, p in zip(both, true, predicted, strict=True)]
        column = tuple(b / union if union else None for b, union in zip(both, unions, strict=True))
        headlines = {"mean boundary IoU": mean(column)}
        return BoundaryResult({"boundary IoU": column}, headlines, self.ratio, tuple(sorted(self.distances)))

    def _options(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "void": self.void, "ratio": self.ratio}

    def state(self) -> State:
        """The distances, and the cells of ``pixels`` that are not 0, in values that JSON holds."""
        return {"distances": sorted(self.distances), **sparse(self.pixels)}

    def _add(self, state: State) -> None:
        distances = self.distances | set(map(int, state["distances"]))
        add_sparse(self.pixels, state)
        self.distances = distances

    def __repr__(self) -> str:
        return f"BoundaryIoU({self.num_classes}, void={self.void}, ratio={self.ratio})"


def _size(pictures: npt.NDArray[Any]) -> tuple[int, int]:
    """Raises UsageError ``usage.picture``."""
    if pictures.ndim < 2:
        raise UsageError("usage.picture", f"the picture has shape {pictures.shape}, expected (..., H, W)")
    return pictures.shape[-2], pictures.shape[-1]
