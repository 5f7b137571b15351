"""The confusion matrix of class maps on their device, without waiting for it.

Nothing is copied to the host and nothing waits while batches are counted. The matrix equals numpy's, bit for bit. On
CPUs runs are counted as there; elsewhere every pixel adds 1 to a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cocoseg.errors import SampleError, UsageError, show
from cocoseg.metrics import confusion
from cocoseg.metrics.conventions import Convention, SemanticResult

Counting = Literal["runs", "pixels"]


class ConfusionMatrix:
    """How many pixels of each true class were predicted as each class, and as void, counted on the device.

    ``cells`` (C + 2, C + 2) int64 is the matrix of ``cocoseg.ConfusionMatrix``, and a last row and column for values
    that are neither a class nor void. It is on ``device``, and moves to that of the class maps. ``void`` is 255 by
    default, and 65535 for more than 255 classes. Matrices add up. By default the device decides whether runs or pixels
    are counted (``counting``), with the same result. Raises UsageError ``usage.number``, ``usage.choice``.

    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(torch.tensor([[[0, 0, 1, 255]]]), torch.tensor([[[0, 1, 1, 1]]], dtype=torch.uint8))
    >>> matrix.result().headlines["mIoU"]
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        void: int | None = None,
        device: torch.device | str | None = None,
        *,
        counting: Counting | None = None,
    ) -> None:
        if counting not in (None, "runs", "pixels"):
            raise UsageError("usage.choice", f"counting is {show(counting)}, expected 'runs' or 'pixels'")
        self.num_classes, self.void = confusion.checked_numbers(num_classes, void)
        self.cells = torch.zeros((self.num_classes + 2,) * 2, dtype=torch.int64, device=device)
        self._counting = counting

    def update(self, truth: Tensor, prediction: Tensor) -> None:
        """Count the pixels of class maps, a picture (H, W) or a batch (..., H, W), of any integer types, on one device.

        Values that are neither a class nor void are counted apart, since refusing them would mean to wait; ``result``
        does. Raises UsageError ``usage.picture``; SampleError ``size.mismatch`` for shapes that differ.

        >>> logits, truth = torch.randn(2, 19, 8, 8), torch.randint(19, (2, 8, 8))
        >>> ConfusionMatrix(19).update(truth, logits.argmax(dim=1))
        """
        _check("truth", truth)
        _check("prediction", prediction)
        if truth.shape != prediction.shape:
            text = f"the prediction has shape {tuple(prediction.shape)}, expected the truth's {tuple(truth.shape)}"
            raise SampleError("size.mismatch", f"{text}; resize the prediction")
        if truth.device != prediction.device:
            text = f"the prediction is on {prediction.device}, the truth on {truth.device}"
            raise UsageError("usage.picture", f"{text}; move one of them")
        self.cells = self.cells.to(truth.device)
        by_runs = (self._counting or _faster(truth)) == "runs"
        (self._count_runs if by_runs else self._count_pixels)(truth.detach(), prediction.detach())

    def _count_runs(self, truth: Tensor, prediction: Tensor) -> None:
        pictures = (_array(truth), _array(prediction))
        self.cells += torch.from_numpy(confusion.count_pairs(*pictures, self.num_classes, self.void))

    def _count_pixels(self, truth: Tensor, prediction: Tensor) -> None:
        codes = self._rows(truth) * (self.num_classes + 2) + self._rows(prediction)
        ones = torch.ones((), dtype=torch.int64, device=codes.device)
        self.cells.view(-1).scatter_add_(0, codes, ones.expand(codes.shape))

    def _rows(self, values: Tensor) -> Tensor:
        """Values -> the rows that count them: that of their class, C for void, C + 1 for any other; (N,) int64."""
        rows = values.reshape(-1).long()
        strange = (rows < 0) | (rows >= self.num_classes)
        found = rows.masked_fill(strange, self.num_classes + 1)
        wraps = values.dtype == torch.uint64 and self.void < 0  # the largest of these have become negative
        return found if wraps else found.masked_fill_(rows == self.void, self.num_classes)

    def reduced(self, group: Any = None) -> ConfusionMatrix:
        """The sum of the matrices of all processes of a ``torch.distributed`` group; this one stays what it is.

        All processes of the group have to call it, with ``cells`` on devices that its backend serves.
        """
        total = self._like(self.cells.clone())
        torch.distributed.all_reduce(total.cells, group=group)
        return total

    def numpy(self) -> confusion.ConfusionMatrix:
        """The matrix on the host, without the pixels of other values. It waits for the device."""
        matrix = self.cells[:-1, :-1].cpu().numpy()
        return confusion.ConfusionMatrix(self.num_classes, self.void, matrix=matrix)

    @property
    def out_of_range(self) -> tuple[int, int]:
        """The pixels so far whose value is neither a class nor void, in the truth and in the prediction. It waits."""
        return int(self.cells[-1].sum()), int(self.cells[:, -1].sum())

    def result(self, convention: Convention = "mmseg", groups: Sequence[str | None] | None = None) -> SemanticResult:
        """The numbers of a tool, as those of ``cocoseg.ConfusionMatrix.result``. It waits for the device.

        Raises SampleError ``classmap.range`` if any value was neither a class nor void; UsageError ``usage.choice``,
        ``usage.number``.
        """
        true, predicted = self.out_of_range
        if true or predicted:
            text = f"{true:,} pixels of the truth and {predicted:,} of the prediction were out of range"
            expected = f"a class from 0 to {self.num_classes - 1} or void, {self.void}"
            raise SampleError("classmap.range", f"{text}, expected {expected}; numpy() has the others")
        return self.numpy().result(convention, groups)

    def __iadd__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        if (self.num_classes, self.void) != (other.num_classes, other.void):
            raise UsageError("usage.counts", f"{self} and {other} can't be added; make both for the same classes")
        self.cells = self.cells + other.cells.to(self.cells.device)
        return self

    def __add__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        total = self._like(self.cells)
        total += other
        return total

    def _like(self, cells: Tensor) -> ConfusionMatrix:
        matrix = ConfusionMatrix(self.num_classes, self.void, cells.device, counting=self._counting)
        matrix.cells = cells
        return matrix

    def __repr__(self) -> str:
        return f"ConfusionMatrix({self.num_classes}, void={self.void}, device={str(self.cells.device)!r})"


def _faster(truth: Tensor) -> Counting:
    return "runs" if truth.device.type == "cpu" else "pixels"


def _array(pictures: Tensor) -> npt.NDArray[Any]:
    """A CPU tensor as an array, without a copy; True is 1."""
    array: npt.NDArray[Any] = pictures.as_subclass(Tensor).numpy()
    return array.view(np.uint8) if pictures.dtype == torch.bool else array


def _check(name: str, pictures: object) -> None:
    """Raises UsageError ``usage.picture`` for anything but a tensor of integers."""
    if not isinstance(pictures, Tensor):
        raise UsageError("usage.picture", f"the {name} is a {type(pictures).__name__}, expected a tensor")
    if pictures.is_floating_point() or pictures.is_complex():
        text = f"the {name} has shape {tuple(pictures.shape)} and dtype {pictures.dtype}, expected integers"
        raise UsageError("usage.picture", f"{text}; class scores become classes by argmax(dim=1)")
