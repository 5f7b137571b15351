"""What looks as if it were not meant: found in the finished numbers, where it costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cocoseg.errors import Problem, show
from cocoseg.metrics.confusion import ConfusionMatrix
from cocoseg.runs.tally import counted

_WRONG = 0.01  # of the pixels; fewer are no reason to look for another meaning of all numbers


def suspicions(
    matrix: ConfusionMatrix,
    names: Sequence[str | None],
    background: int | None,
    as_ids: Sequence[int | None],
    sides: tuple[str, str],
) -> Iterator[Problem]:
    """The most likely reason for which the classes of both ``sides`` don't fit, or fit too well, if there is one.

    ``as_ids`` (C,) are the classes of the predicted numbers if these were category ids. ``background`` says nothing.
    """
    truth, prediction = sides
    if not matrix.pixels:
        yield Problem("eval.void", f"{truth}: no pixel of the truth has a class, so nothing is defined")
    elif np.trace(matrix.matrix[:-1, :-1]) == matrix.pixels:
        text = f"equals the truth in all {matrix.pixels:,} pixels; is it the truth itself?"
        yield Problem("eval.identical", f"{prediction}: {text}")
    elif _are_ids(matrix, as_ids):
        text = "its numbers look like category ids rather than classes: most pixels that are wrong would be right"
        advice = "give --prediction-categories with the file of the categories"
        yield Problem("eval.ids", f"{prediction}: {text}; {advice}")
    elif step := _shift(matrix):
        less = "lower" if step < 0 else "higher"
        text = f"looks off by one: with all its classes {less} by one, far more pixels would be right"
        yield Problem("eval.off_by_one", f"{prediction}: {text}; does one side count background as 0?")
    elif moved := _moved(matrix, names, background):
        yield Problem("eval.order", f"{prediction}: {moved}; are the classes of both sides in the same order?")


def _shift(matrix: ConfusionMatrix) -> int:
    """-1 or 1 if the classes of a prediction are off by that; 0 too where it holds hardly more than one class."""
    step = matrix.off_by_one
    return step if step and np.count_nonzero(np.diag(matrix.matrix[:-1, :-1], -step)) > 1 else 0


def _are_ids(matrix: ConfusionMatrix, as_ids: Sequence[int | None]) -> bool:
    """Whether most wrong pixels would be right if the predicted numbers were the category ids of classes ``as_ids``."""
    wrong = matrix.pixels - int(np.trace(matrix.matrix[:-1, :-1]))
    moved = [(index, k) for k, index in enumerate(as_ids[: matrix.num_classes]) if index not in (None, k)]
    otherwise = sum(int(matrix.matrix[index, k]) for index, k in moved)
    return wrong > _WRONG * matrix.pixels and 2 * otherwise > wrong


def _moved(matrix: ConfusionMatrix, names: Sequence[str | None], background: int | None) -> str:
    """That most classes are mostly predicted as another one each, in words; empty if they are not."""
    counts = matrix.matrix[:-1, :-1]
    labelled = matrix.matrix[:-1].sum(axis=1)
    rows = [k for k in np.flatnonzero(labelled).tolist() if k != background]
    mostly = {k: int(np.argmax(counts[k])) for k in rows}
    moved = {k: to for k, to in mostly.items() if to not in (k, background) and 2 * counts[k, to] > labelled[k]}
    if len(moved) < 2 or 2 * len(moved) <= len(rows) or 2 * len(set(moved.values())) <= len(moved):
        return ""
    first = max(moved, key=lambda k: int(labelled[k]))
    example = (
        f"{show(names[first])} as {show(names[moved[first]])} ({counts[first, moved[first]] / labelled[first]:.0%})"
    )
    return f"{len(moved)} of {len(rows)} classes are mostly predicted as another one each, as {example}"


def of_positions(prediction: str, unknown: int) -> Problem:
    """A problem about ``unknown`` images whose results name categories that the truth lacks."""
    text = f"{counted(unknown, 'image')} with categories that the truth lacks; if their numbers are positions in a list"
    advice = "write the ids that the list gives them"
    return Problem("eval.positions", f"{prediction}: {text} of categories, {advice}")
