"""The confusion matrix of class maps, from which every convention's numbers follow.

Class maps are counted by runs, as label pictures of 640×480 have about 10,000 of them; noisy pictures by pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions, pair_stretches, run_bounds
from cocoseg.errors import SampleError, UsageError, show
from cocoseg.metrics.conventions import Convention, SemanticResult, evaluate, merge
from cocoseg.metrics.counter import Counter, State, add_sparse, sparse

Ints = npt.NDArray[np.int64]
Picture = npt.NDArray[Any]

_STRIP = 1 << 17  # pixels at a time, so that all that is made of them stays in the cache
_LONG_STRIP = 1 << 20  # the same for noise, of which more is made for each strip than for each pixel
_NOISE = 8  # pictures whose runs are shorter on average are counted by pixels


class ConfusionMatrix(Counter):
    """How many pixels of each true class were predicted as each class, and as void.

    ``matrix`` is (C + 1, C + 1) int64: rows are the truth, columns the prediction, the last of both is void. By default
    ``void`` is 255, and 65535 for more than 255 classes, as in class maps. It may be the number of a class, as the 0 of
    ``panopticapi``, which then has no pixels. Matrices of parts of a data set add up: ``first + second``.
    Raises UsageError: ``usage.number``, and ``usage.picture`` for a ``matrix`` of another shape.

    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(np.array([[0, 0, 1, 255]]), np.array([[0, 1, 1, 1]], np.uint8))
    >>> matrix.matrix
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 1, 0]])
    >>> matrix.result().headlines["mIoU"]
    0.5
    """

    def __init__(self, num_classes: int, void: int | None = None, *, matrix: npt.ArrayLike | None = None) -> None:
        self.num_classes, self.void = checked_numbers(num_classes, void)
        self.matrix: Ints = np.zeros((num_classes + 1,) * 2, np.int64) if matrix is None else np.array(matrix, np.int64)
        if self.matrix.shape != (num_classes + 1,) * 2:
            text = f"the matrix has shape {self.matrix.shape}, expected {(num_classes + 1,) * 2} for {num_classes}"
            raise UsageError("usage.picture", f"{text} classes and void")

    def update(self, truth: npt.ArrayLike, prediction: npt.ArrayLike) -> None:
        """Count the pixels of class maps: a picture (H, W) or a batch (..., H, W), of any integer types.

        If a value is refused, nothing of the call is counted. Raises SampleError: ``size.mismatch`` for shapes that
        differ, ``classmap.range`` for a value that is neither a class nor void; UsageError ``usage.picture``.
        """
        true, predicted = checked(truth, prediction)
        counts = count_pairs(true, predicted, self.num_classes, self.void)
        if counts[-1].any() or counts[:, -1].any():
            self._refuse("truth", true)
            self._refuse("prediction", predicted)
        self.matrix += counts[:-1, :-1]

    def update_regions(
        self, truth: Regions, true_values: npt.ArrayLike, prediction: Regions, predicted_values: npt.ArrayLike
    ) -> None:
        """Count two pictures of segments by a value for each run (R,), (S,): a class or void. Nothing is painted.

        It counts what ``update`` counts for ``truth.fill(true_values)`` and ``prediction.fill(predicted_values)``.
        Raises as ``update`` does, and UsageError ``usage.picture`` for values that are not as many as the runs.

        >>> from cocoseg.codecs.regions import Regions
        >>> halves = Regions((1, 4), 1, np.array([0, 1]), np.array([2, 2]))
        >>> matrix = ConfusionMatrix(2)
        >>> matrix.update_regions(halves, [0, 1], halves, [0, 255])
        >>> matrix.matrix.tolist()
        [[2, 0, 0], [0, 0, 2], [0, 0, 0]]
        """
        true = _run_values("truth", truth, true_values)
        predicted = _run_values("prediction", prediction, predicted_values)
        if truth.size != prediction.size:
            text = f"the prediction's size is {list(prediction.size)}, expected the truth's {list(truth.size)}"
            raise SampleError("size.mismatch", f"{text} (height, width); resize the prediction")
        first, second, lengths = pair_stretches(truth, prediction)
        counts = count_runs(true[first], predicted[second], lengths, self.num_classes, self.void)
        if counts[-1].any() or counts[:, -1].any():
            self._refuse("truth", np.repeat(true, truth.lengths))
            self._refuse("prediction", np.repeat(predicted, prediction.lengths))
        self.matrix += counts[:-1, :-1]

    def _refuse(self, side: str, values: Picture) -> None:
        strange = values[class_indices(values, self.num_classes, self.void) > self.num_classes]
        if strange.size:
            classes = f"a class from 0 to {self.num_classes - 1} or void, {self.void}"
            found = f"the {side} has the value {strange[0]} at {strange.size:,} of {values.size:,} pixels"
            if (strange != strange[0]).any():
                found = f"the {side} has {strange.size:,} pixels of values such as {strange[0]}"
            raise SampleError("classmap.range", f"{found}, expected {classes}")

    def result(self, convention: Convention = "mmseg", groups: Sequence[str | None] | None = None) -> SemanticResult:
        """The numbers of a tool: ``mmseg``, ``detectron2``, ``cityscapes``, ``ade20k``, ``cocostuff``, ``erfnet``,
        ``survey``.

        ``groups`` (C,) names the group of each class, or None, for the IoU of groups. Raises UsageError:
        ``usage.choice`` for another name, ``usage.number`` for groups that are not as many as the classes.
        """
        if groups is not None:
            self._check_numbers(len(groups))
        ignored = self.void if 0 <= self.void < self.num_classes else None
        return evaluate(self.matrix, convention, ignored, groups)

    def merged(self, numbers: Sequence[int | None]) -> ConfusionMatrix:
        """The matrix that other numbers of the classes (C,) would have given; classes of None become void.

        >>> ConfusionMatrix(3, matrix=np.ones((4, 4))).merged([0, None, 0]).matrix
        array([[4, 4],
               [4, 4]])

        Raises UsageError ``usage.number`` for numbers that are not as many as the classes, or below 0.
        """
        self._check_numbers(len(numbers))
        if any(number is not None and number < 0 for number in numbers):
            raise UsageError("usage.number", "the number of a class is below 0; count from 0 on, or give None")
        matrix = merge(self.matrix, numbers)
        return ConfusionMatrix(len(matrix) - 1, matrix=matrix)

    def _check_numbers(self, count: int) -> None:
        if count != self.num_classes:
            text = f"{count} numbers or groups for {self.num_classes} classes"
            raise UsageError("usage.number", f"{text}; give each class one, or None")

    @property
    def pixels(self) -> int:
        """The labelled pixels that were compared: those whose truth is not void."""
        return int(self.matrix[:-1].sum())

    @property
    def predicted_void(self) -> float | None:
        """The share of the labelled pixels that was predicted as void; None without labelled pixels."""
        return int(self.matrix[:-1, -1].sum()) / self.pixels if self.pixels else None

    @property
    def off_by_one(self) -> int:
        """-1 or 1 if adding that to the prediction raises its accuracy by over 20 points, else 0.

        >>> shifted = ConfusionMatrix(3)
        >>> shifted.update(np.array([[0, 1, 1]]), np.array([[1, 2, 2]]))
        >>> shifted.off_by_one
        -1
        """
        hits = {step: int(np.trace(self.matrix[:-1, :-1], offset=-step)) for step in (0, -1, 1)}
        best = max(hits, key=lambda step: hits[step])
        return best if hits[best] - hits[0] > 0.2 * self.pixels else 0

    def _options(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "void": self.void}

    def state(self) -> State:
        """The cells of the matrix that are not 0, row by row, and their pixels, in values that JSON holds."""
        return sparse(self.matrix)

    def _add(self, state: State) -> None:
        add_sparse(self.matrix, state)

    def __repr__(self) -> str:
        return f"ConfusionMatrix({self.num_classes}, void={self.void}; {self.pixels:,} pixels)"


def checked_numbers(num_classes: object, void: object) -> tuple[int, int]:
    """The number of classes, and void or its default. Raises UsageError ``usage.number``."""
    if not isinstance(num_classes, int | np.integer) or num_classes < 1:
        raise UsageError("usage.number", f"num_classes is {show(num_classes)}, expected a number of at least 1")
    if void is None:
        return int(num_classes), 65535 if num_classes > 255 else 255
    if not isinstance(void, int | np.integer):
        raise UsageError("usage.number", f"void is {show(void)}, expected a number")
    return int(num_classes), int(void)


def checked(truth: npt.ArrayLike, prediction: npt.ArrayLike) -> tuple[Picture, Picture]:
    """Two class maps of one shape, as arrays of integers. Raises as ``ConfusionMatrix.update`` does."""
    true, predicted = integers("truth", truth), integers("prediction", prediction)
    if true.shape != predicted.shape:
        text = f"the prediction has shape {predicted.shape}, expected the truth's {true.shape}"
        raise SampleError("size.mismatch", f"{text}; resize the prediction")
    return true, predicted


def integers(name: str, given: npt.ArrayLike) -> Picture:
    """An array of integers; True is 1. Raises UsageError ``usage.picture``."""
    array = np.asarray(given)
    if array.dtype.kind not in "iub":
        text = f"the {name} has shape {array.shape} and dtype {array.dtype}, expected integers"
        raise UsageError("usage.picture", f"{text}: a class map (H, W), or a batch of them")
    return array.view(np.uint8) if array.dtype == np.bool_ else array


def _run_values(name: str, regions: Regions, values: npt.ArrayLike) -> Picture:
    """A value for each run (R,). Raises UsageError ``usage.picture``."""
    found = integers(name, values)
    if found.shape != regions.lengths.shape:
        text = f"the {name} has values of shape {found.shape}, expected {regions.lengths.shape}"
        raise UsageError("usage.picture", f"{text}: one for each run")
    return found


def count_pairs(truth: Picture, prediction: Picture, num_classes: int, void: int) -> Ints:
    """Class maps of one shape -> (C + 2, C + 2) int64: pixels of each pair of classes, of void, and of other values."""
    true, predicted = truth.reshape(-1), prediction.reshape(-1)
    if not true.size:
        return np.zeros((num_classes + 2,) * 2, np.int64)
    step = _LONG_STRIP if _is_noise(_changes(true[:_STRIP], predicted[:_STRIP])) else _STRIP
    strips = [slice(start, start + step) for start in range(0, true.size, step)]
    runs = [_runs_of_strip(true[strip], predicted[strip]) for strip in strips]
    true, predicted, lengths = (np.concatenate(column) for column in zip(*runs, strict=True))
    return count_runs(true, predicted, lengths, num_classes, void)


def count_runs(true: Picture, predicted: Picture, lengths: Picture, num_classes: int, void: int) -> Ints:
    """Both values of runs (R,), (R,) and their lengths (R,) -> the counts of ``count_pairs``."""
    side = num_classes + 2
    codes = class_indices(true, num_classes, void)
    codes *= side
    codes += class_indices(predicted, num_classes, void)
    counts = np.zeros((side, side), np.int64)
    np.add.at(counts.reshape(-1), codes, lengths)  # np.bincount makes floats of all cells, and costs most of the time
    return counts


def class_indices(values: Picture, num_classes: int, void: int) -> npt.NDArray[np.intp]:
    """Values -> the rows that count them: that of their class, C for void, C + 1 for any other."""
    if values.dtype == np.uint8 and values.size > 256:
        return class_indices(np.arange(256), num_classes, void)[values]
    rows = values.astype(np.intp)  # narrow types may not hold the rows
    rows[(values < 0) | (values >= num_classes)] = num_classes + 1
    rows[values == void] = num_classes
    return rows


def _runs_of_strip(true: Picture, predicted: Picture) -> tuple[Picture, Picture, Picture]:
    """Pixels (N,) -> both values and the length of each run, or of each pair of values where runs are short."""
    changes = _changes(true, predicted)
    if _is_noise(changes) and _fits(true) and _fits(predicted):
        return _pairs_of_bytes(true, predicted)
    starts, lengths = run_bounds(changes)
    return true[starts], predicted[starts], lengths


def _changes(true: Picture, predicted: Picture) -> npt.NDArray[np.bool_]:
    changes: npt.NDArray[np.bool_] = true[1:] != true[:-1]
    changes |= predicted[1:] != predicted[:-1]
    return changes


def _is_noise(changes: npt.NDArray[np.bool_]) -> bool:
    return bool(np.count_nonzero(changes) * _NOISE > changes.size)


def _fits(values: Picture) -> bool:
    return values.dtype == np.uint8 or bool(values.min() >= 0 and values.max() <= 255)


def _pairs_of_bytes(true: Picture, predicted: Picture) -> tuple[Picture, Picture, Picture]:
    """Pixels (N,) from 0 to 255 -> each pair of values and its number: two bytes side by side are one number."""
    codes = true.astype(np.uint16)
    codes <<= 8
    codes |= predicted.astype(np.uint8, copy=False)
    counts = np.bincount(codes, minlength=1 << 16)
    pairs = np.flatnonzero(counts)
    return (pairs >> 8).astype(np.uint8), (pairs & 255).astype(np.uint8), counts[pairs]
