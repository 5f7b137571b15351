"""Cityscapes' iIoU: the IoU of classes with instances, in which small instances weigh as much as large ones.

Cordts et al. 2016 (arXiv 1604.01685, section 4.1), evalPixelLevelSemanticLabeling.py of cityscapesScripts:
``iIoU = iTP / (iTP + FP + iFN)``. A pixel of an instance weighs the average size of its class over that of the
instance; false positives weigh 1, as predictions have no instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import run_bounds
from cocoseg.errors import SampleError, UsageError
from cocoseg.metrics.confusion import ConfusionMatrix, Picture, checked, class_indices, integers
from cocoseg.metrics.conventions import Column, mean
from cocoseg.metrics.counter import Counter, State, joined, number, split, units

Floats = npt.NDArray[np.float64]

# The average pixels of an instance in the training set, as cityscapesScripts has them.
CITYSCAPES_SIZES = {
    "bicycle": 4672.3249222261,
    "caravan": 36771.8241758242,
    "motorcycle": 6298.7200839748,
    "rider": 3930.4788056518,
    "bus": 35732.1511111111,
    "train": 67583.7075812274,
    "car": 12794.0202738185,
    "person": 3462.4756337644,
    "truck": 27855.1264367816,
    "trailer": 16926.9763313609,
}


@dataclass(frozen=True)
class InstanceWeightedResult:
    """The numbers of ``InstanceWeightedIoU``, as fractions of 1. Undefined is None.

    ``columns``: ``iIoU`` of each class (C,), None for a class without sizes, or that neither has instances nor is
    predicted. ``groups``: that of each group, if groups were given. ``headlines``: their means, ``mean iIoU`` and
    ``mean iIoU of groups``.
    """

    columns: Mapping[str, Column]
    headlines: Mapping[str, float | None]
    groups: Mapping[str, float | None]


class InstanceWeightedIoU(Counter):
    """The instance-weighted IoU of class maps, which adds up as ``ConfusionMatrix`` does.

    ``sizes`` (C,) are the average pixels of an instance of each class, None for a class without instances.
    ``confusion`` is the confusion matrix. ``weighted`` (C + 1, C + 1) float64 is that of instances
    alone, by their weights, the same for any order of images.

    >>> weighted = InstanceWeightedIoU([None, 2.0])
    >>> weighted.update([[0, 1, 1, 1]], [[0, 1001, 1002, 1002]], [[0, 0, 1, 1]])
    >>> weighted.result().columns["iIoU"], weighted.confusion.result().columns["IoU"]
    ((None, 0.5), (0.5, 0.6666666666666666))
    """

    def __init__(self, sizes: Iterable[float | None], void: int | None = None, *, above: int = 1000) -> None:
        self.sizes = tuple(sizes)
        self.above = above
        self.confusion = ConfusionMatrix(len(self.sizes), void)
        self._units: dict[int, int] = {}  # of the cells of ``weighted``

    def update(self, truth: npt.ArrayLike, instances: npt.ArrayLike, prediction: npt.ArrayLike) -> None:
        """Count the pixels of class maps, and of ``instances``, the ids of a picture's instances, of the same shape.

        All are of any integer types, a picture (H, W) or a batch (..., H, W). Ids up to ``above`` are no instances: in
        Cityscapes' pictures of instanceIds those up to 1000, which mark groups.
        Raises what ``ConfusionMatrix.update`` raises.
        """
        true, predicted = checked(truth, prediction)
        ids = integers("picture of instances", instances)
        if ids.shape != true.shape:
            text = f"the picture of instances has shape {ids.shape}, expected the truth's {true.shape}"
            raise SampleError("size.mismatch", f"{text}; resize it")
        self.confusion.update(true, predicted)
        for index in np.ndindex(true.shape[:-2]):
            sums = self._weigh(*(picture[index].reshape(-1) for picture in (true, ids, predicted)))
            cells = np.flatnonzero(sums)
            self._add_units(zip(cells.tolist(), units(sums[cells].tolist()), strict=True))

    def _add_units(self, cells: Iterable[tuple[int, int]]) -> None:
        for cell, more in cells:
            self._units[cell] = self._units.get(cell, 0) + more

    @property
    def weighted(self) -> Floats:
        """(C + 1, C + 1) float64: the pixels of instances by their weights."""
        weighted = np.zeros(self.confusion.matrix.shape)
        for cell, total in self._units.items():
            weighted.flat[cell] = number(total)
        return weighted

    def _weigh(self, true: Picture, ids: Picture, predicted: Picture) -> Floats:
        """The pixels of instances of one picture by their weights, as the cells of ``weighted``."""
        starts, lengths = run_bounds(_changes(true) | _changes(ids) | _changes(predicted))
        count, void = self.confusion.num_classes, self.confusion.void
        rows, columns = (class_indices(side[starts], count, void) for side in (true, predicted))
        sizes = np.array([size or 0.0 for size in (*self.sizes, None)])
        chosen = (ids[starts] > self.above) & (sizes[rows] > 0)
        rows, columns, lengths = rows[chosen], columns[chosen], lengths[chosen]
        found, numbers = np.unique(ids[starts][chosen], return_inverse=True)
        pairs = numbers * (count + 1) + rows
        pixels = np.bincount(pairs, lengths, len(found) * (count + 1))
        weights = sizes[rows] / pixels[pairs] * lengths
        sums = np.bincount(rows * (count + 1) + columns, weights, (count + 1) ** 2)
        return sums.astype(np.float64)  # no runs at all give integers

    def result(self, groups: Sequence[str | None] | None = None) -> InstanceWeightedResult:
        """The numbers so far. ``groups`` (C,) names the group of each class, or None.

        Raises UsageError ``usage.number`` for groups that are not as many as the classes.
        """
        column = tuple(self._iou({row}) for row in range(len(self.sizes)))
        headlines = {"mean iIoU": mean(column)}
        found = {} if groups is None else self._groups(groups)
        if groups is not None:
            headlines["mean iIoU of groups"] = mean(tuple(found.values()))
        return InstanceWeightedResult({"iIoU": column}, headlines, found)

    def _groups(self, groups: Sequence[str | None]) -> dict[str, float | None]:
        if len(groups) != len(self.sizes):
            raise UsageError("usage.number", f"{len(groups)} groups for {len(self.sizes)} classes; give each class one")
        members = {name: {row for row, group in enumerate(groups) if group == name} for name in groups if name}
        return {name: self._iou(rows) for name, rows in members.items()}

    def _iou(self, rows: set[int]) -> float | None:
        """The iIoU of some classes together, with the false positives from all others."""
        here, others = sorted(rows), sorted(set(range(len(self.sizes))) - rows)
        if not any(self.sizes[row] for row in here):
            return None
        weighted = self.weighted
        hits = float(weighted[np.ix_(here, here)].sum())
        false = int(self.confusion.matrix[np.ix_(others, here)].sum())
        whole = float(weighted[here].sum()) + false
        return hits / whole if whole else None

    def _options(self) -> dict[str, Any]:
        return {"sizes": self.sizes, "void": self.confusion.void, "above": self.above}

    def state(self) -> State:
        """The state of ``confusion``, and the cells of ``weighted``: their sums as a whole part and units of 2^-53."""
        weighted = [[cell, *split(total)] for cell, total in sorted(self._units.items())]
        return {"confusion": self.confusion.state(), "weighted": weighted}

    def _add(self, state: State) -> None:
        cells = [(int(cell), joined(parts)) for cell, *parts in state["weighted"]]
        if not all(0 <= cell < self.confusion.matrix.size for cell, _ in cells):
            raise IndexError("a cell is out of bounds")
        self.confusion.add(state["confusion"])
        self._add_units(cells)

    def __repr__(self) -> str:
        return f"InstanceWeightedIoU({len(self.sizes)} classes, above={self.above}; {self.confusion.pixels:,} pixels)"


def _changes(values: Picture) -> npt.NDArray[np.bool_]:
    changes: npt.NDArray[np.bool_] = values[1:] != values[:-1]
    return changes
