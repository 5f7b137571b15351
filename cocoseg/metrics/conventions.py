"""The same confusion matrix in the numbers of seven tools.

``n`` (C, C) are pixels of true class i predicted as j, ``v`` (C,) those predicted as void; pixels whose truth is void
never count. ``tp = diag(n)``, ``g = n.sum(1) + v``, ``p = n.sum(0)``. The tools differ in what an absent class is and
what becomes of ``v``; each function below is one tool's rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from cocoseg.errors import UsageError, show, suggestion

Convention = Literal["mmseg", "detectron2", "cityscapes", "ade20k", "cocostuff", "erfnet", "survey"]
Number = float | None  # None where it is not defined
Column = tuple[Number, ...]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SemanticResult:
    """The numbers of a confusion matrix under one convention, as fractions of 1. Undefined is None.

    * ``columns``: by name, a value for each class (C,), such as ``IoU``.
    * ``headlines``: the tool's own: ``mIoU`` is the mean of the column ``IoU`` over the classes where it is defined.
    * ``groups``: the IoU of each group of classes, if groups were given.
    * ``pixels``: those compared; ``predicted_void``: the share of them predicted as void.
    """

    convention: Convention
    columns: Mapping[str, Column]
    headlines: Mapping[str, float | None]
    groups: Mapping[str, float | None] = field(default_factory=dict)
    pixels: int = 0
    predicted_void: float | None = None

    def filled(self, value: float) -> SemanticResult:
        """With ``value`` in place of what is undefined, also in the means, as mmseg's ``nan_to_num``.

        >>> matrix = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]])
        >>> result = evaluate(matrix, "mmseg")
        >>> result.headlines["mFscore"], result.filled(0).headlines["mFscore"]
        (0.6666666666666666, 0.3333333333333333)
        """
        columns = {
            name: tuple(value if row is None else row for row in column) for name, column in self.columns.items()
        }
        means = {f"m{name}": mean(column) for name, column in columns.items()}
        headlines = {name: means.get(name, row) for name, row in self.headlines.items()}
        filled = {name: value if row is None else row for name, row in headlines.items()}
        return replace(self, columns=columns, headlines=filled)


class Counts(NamedTuple):
    """Pixels (C,): hits, true, those of them not predicted void, predicted; ``known`` (C,): not ignored."""

    tp: Floats
    g: Floats
    seen: Floats
    p: Floats
    known: npt.NDArray[np.bool_]


Columns = dict[str, Floats]
Headlines = dict[str, float]


def evaluate(
    matrix: npt.NDArray[np.integer],
    convention: Convention = "mmseg",
    ignored: int | None = None,
    groups: Sequence[str | None] | None = None,
) -> SemanticResult:
    """A confusion matrix (C + 1, C + 1), void last -> its numbers under a convention.

    ``ignored`` is the class whose number is void. ``groups`` (C,) names the group of each class, or None.
    Raises UsageError ``usage.choice``.

    >>> evaluate(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]]), "ade20k").columns["IoU"]
    (0.75, 0.0)
    """
    if convention not in _RULES:
        text = f"the convention is {show(convention)}{suggestion(convention, _RULES)}"
        raise UsageError("usage.choice", f"{text}; expected one of {', '.join(_RULES)}")
    booked = _void_as_the_last(matrix) if convention == "cocostuff" else matrix
    columns, headlines = _numbers(booked, convention, ignored)
    blocks = {} if groups is None else _groups(booked, convention, groups)
    if groups is not None:
        headlines["mIoU of groups"] = mean(tuple(blocks.values()))
    labelled = int(matrix[:-1].sum())
    share = int(matrix[:-1, -1].sum()) / labelled if labelled else None
    return SemanticResult(convention, columns, headlines, blocks, labelled, share)


def merge(matrix: npt.NDArray[np.integer], numbers: Sequence[int | None]) -> npt.NDArray[np.int64]:
    """The matrix that other numbers of the classes (C,) would have given; classes of None become void."""
    count = max([number for number in numbers if number is not None], default=0) + 1
    table = np.array([count if number is None else number for number in [*numbers, None]])
    merged = np.zeros((count + 1, count + 1), np.int64)
    np.add.at(merged, (table[:, None], table), matrix)
    return merged


def _groups(
    matrix: npt.NDArray[np.integer], convention: Convention, groups: Sequence[str | None]
) -> dict[str, float | None]:
    """The IoU of groups: that of classes merged. Classes without a group are one more, as their pixels are labelled."""
    names = list(dict.fromkeys(name for name in groups if name is not None))
    merged = merge(matrix, [len(names) if name is None else names.index(name) for name in groups])
    return dict(zip(names, _numbers(merged, convention, None)[0]["IoU"], strict=False))


def _void_as_the_last(matrix: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Pixels predicted void as predicted as the last class."""
    booked = matrix.astype(np.int64)
    booked[:, -2] += booked[:, -1]
    booked[:, -1] = 0
    return booked


def _numbers(
    matrix: npt.NDArray[np.integer], convention: Convention, ignored: int | None
) -> tuple[dict[str, Column], dict[str, float | None]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        found, overall = _RULES[convention](_counts(matrix, ignored))
    columns = {name: tuple(map(_plain, column.tolist())) for name, column in found.items()}
    means = {f"m{name}": mean(column) for name, column in columns.items()}
    if convention == "survey":
        means = {"MPA": mean(columns["CPA"]), "mIoU": means["mIoU"], "mDice": means["mDice"]}
    return columns, means | {name: _plain(float(value)) for name, value in overall.items()}


def _counts(matrix: npt.NDArray[np.integer], ignored: int | None) -> Counts:
    n = matrix[:-1, :-1]
    pixels = (np.diag(n), matrix[:-1].sum(axis=1), n.sum(axis=1), n.sum(axis=0))
    tp, g, seen, p = (column.astype(np.float64) for column in pixels)
    known = np.arange(len(n)) != (-1 if ignored is None else ignored)
    return Counts(tp, g, seen, p, known)


def mean(column: Column) -> float | None:
    """The mean of what is defined; None where nothing is.

    >>> mean((1.0, None, 0.5)), mean((None,))
    (0.75, None)
    """
    defined = [value for value in column if value is not None]
    return float(np.mean(defined)) if defined else None


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _mmseg(c: Counts) -> tuple[Columns, Headlines]:
    """IoUMetric of mmsegmentation (mmseg/evaluation/metrics/iou_metric.py), Hugging Face's mean_iou, hotcoco."""
    precision, recall = c.tp / c.p, c.tp / c.g
    columns = {
        "IoU": c.tp / (c.g + c.p - c.tp),
        "Acc": recall,
        "Dice": 2 * c.tp / (c.g + c.p),
        "Fscore": 2 * precision * recall / (precision + recall),
        "Precision": precision,
        "Recall": recall,
    }
    return columns, {"aAcc": c.tp.sum() / c.g.sum()}


def _detectron2(c: Counts) -> tuple[Columns, Headlines]:
    """detectron2's SemSegEvaluator (evaluation/sem_seg_evaluation.py), ultralytics: no pixel predicted void counts."""
    return _over_the_truth(c, c.seen)


def _cocostuff(c: Counts) -> tuple[Columns, Headlines]:
    """COCO-Stuff's evaluation; pixels predicted void have been booked as the last class."""
    return _over_the_truth(c, c.g)


def _over_the_truth(c: Counts, true: Floats) -> tuple[Columns, Headlines]:
    """Classes that are not in the truth are undefined, whether predicted or not."""
    iou = np.where(true > 0, c.tp / (true + c.p - c.tp), np.nan)
    weighted = np.nansum(iou * true) / true.sum()
    return {"IoU": iou, "Acc": c.tp / true}, {"fwIoU": weighted, "pAcc": c.tp.sum() / true.sum()}


def _cityscapes(c: Counts) -> tuple[Columns, Headlines]:
    """The script of cityscapesScripts (evalPixelLevelSemanticLabeling.py), where ignored labels are void."""
    return {"IoU": c.tp / (c.g + c.p - c.tp)}, {}


def _ade20k(c: Counts) -> tuple[Columns, Headlines]:
    """CSAILVision/sceneparsing (evaluationCode): an absent class has IoU 0."""
    return {"IoU": _zero_if_absent(c, 0.0)}, {"pAcc": c.tp.sum() / c.g.sum()}


def _erfnet(c: Counts) -> tuple[Columns, Headlines]:
    """The iouEval of erfnet (train/iouEval.py), IDD's baseline: an absent class has IoU 0, an ignored one has none."""
    return {"IoU": _zero_if_absent(c, 1e-15)}, {}


def _zero_if_absent(c: Counts, epsilon: float) -> Floats:
    iou = np.nan_to_num(c.tp / (c.g + c.p - c.tp + epsilon), nan=0.0)
    return np.where(c.known, iou, np.nan)


def _survey(c: Counts) -> tuple[Columns, Headlines]:
    """The formulas of surveys: class pixel accuracy CPA is the precision, and MPA its mean."""
    iou = c.tp / (c.g + c.p - c.tp)
    columns = {"CPA": c.tp / c.p, "IoU": iou, "Dice": 2 * c.tp / (c.g + c.p)}
    return columns, {"PA": c.tp.sum() / c.g.sum(), "FWIoU": np.nansum(iou * c.g) / c.g.sum()}


_RULES: dict[Convention, Callable[[Counts], tuple[Columns, Headlines]]] = {
    "mmseg": _mmseg,
    "detectron2": _detectron2,
    "cityscapes": _cityscapes,
    "ade20k": _ade20k,
    "cocostuff": _cocostuff,
    "erfnet": _erfnet,
    "survey": _survey,
}
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)
