"""Where most goes wrong: the worst images, and those behind each cell of the confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_IMAGES = 10
_OF_CELL = 3
_BINS = 20
_SCORES = ("mIoU", "PQ")

Ranked = list[tuple[float, str]]


@dataclass
class Worst:
    """The images with the lowest score, and those with the most pixels in each cell of the matrix.

    ``score`` is the number that images are ranked by: their mIoU, else their PQ; "" until an image has one. ``lowest``
    and the lists in ``cells``, which are by (true, predicted) class, have the worst image first. ``counts`` (20,) are
    images by their score, from 0 to 1. All are the same in whichever order images come.
    """

    num_classes: int = 0
    score: str = ""
    lowest: Ranked = field(default_factory=list)
    cells: dict[tuple[int, int], Ranked] = field(default_factory=dict)
    counts: list[int] = field(default_factory=lambda: [0] * _BINS)

    def add(self, key: str, numbers: Mapping[str, Any], matrix: Mapping[str, Any] | None) -> None:
        """Take the numbers of an image, and its confusion matrix as ``ConfusionMatrix.state`` gives it."""
        name = next((name for name in _SCORES if numbers.get(name) is not None), None)
        if name:
            self.score = name
            score = float(numbers[name])
            self.counts[min(int(score * _BINS), _BINS - 1)] += 1
            _keep(self.lowest, (score, key), _IMAGES)
        if matrix:
            for cell, pixels in zip(matrix["cells"], matrix["pixels"], strict=True):
                self._add(divmod(cell, self.num_classes + 1), pixels, key)

    def _add(self, cell: tuple[int, int], pixels: int, key: str) -> None:
        if cell[0] != cell[1] and cell[0] != self.num_classes:
            _keep(self.cells.setdefault(cell, []), (-pixels, key), _OF_CELL)


def _keep(ranked: Ranked, row: tuple[float, str], most: int) -> None:
    """Take a row into a short sorted list, and let go of the one that is too many."""
    if len(ranked) == most and row >= ranked[-1]:
        return
    ranked.append(row)
    ranked.sort()
    del ranked[most:]
