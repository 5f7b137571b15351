"""What looks as if it were not meant, by the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluating import segments, write_classes, write_maps, write_panoptic

import cocoseg
from cocoseg.evaluation.guards import of_positions, suspicions
from cocoseg.metrics.confusion import ConfusionMatrix

NAMES = ("bg", "car", "bus", "cat", "sky")


def said(pixels: Any, as_ids: Sequence[int | None] = (), background: int | None = None) -> list[str]:
    """The categories of what is said of a matrix of classes (C, C), without void."""
    matrix = np.pad(np.array(pixels), (0, 1))
    problems = suspicions(ConfusionMatrix(len(pixels), matrix=matrix), NAMES, background, as_ids, ("t", "p"))
    return [problem.category for problem in problems]


class TestOfAMatrix:
    def test_a_usual_one_is_not_suspicious(self) -> None:
        assert said([[50, 3, 2], [4, 20, 6], [1, 9, 30]]) == []

    def test_one_that_is_all_wrong_without_an_order_is_not_suspicious(self) -> None:
        assert said(10 - 10 * np.eye(5, dtype=int)) == []

    def test_one_class_alone_is_not_shifted(self) -> None:
        """As a model predicts in its first epoch."""
        assert said([[40, 0], [60, 0]]) == []
        assert said([[0, 60], [0, 40]]) == []

    def test_of_no_pixel(self) -> None:
        assert said(np.zeros((3, 3), int)) == ["eval.void"]

    def test_of_the_truth_itself(self) -> None:
        assert said(np.diag([5, 0, 7])) == ["eval.identical"]

    def test_with_a_single_wrong_pixel(self) -> None:
        assert said([[5, 1], [0, 7]]) == []

    @pytest.mark.parametrize("step", [1, -1])
    def test_shifted_by_one(self, step: int) -> None:
        shifted = np.roll(np.diag([5, 9, 7, 6]), step, axis=1)
        shifted[:, 0 if step > 0 else -1] = 0
        assert said(shifted) == ["eval.off_by_one"]

    def test_of_another_order(self) -> None:
        assert said([[9, 1, 0, 0], [0, 1, 0, 8], [0, 7, 1, 0], [1, 0, 9, 0]]) == ["eval.order"]

    def test_that_confuses_two_classes_of_many_is_usual(self) -> None:
        pixels = np.diag([9, 9, 9, 9, 9])
        pixels[[1, 2]] = [[0, 1, 8, 0, 0], [0, 8, 1, 0, 0]]
        assert said(pixels) == []

    def test_that_predicts_background_alone_is_bad_but_meant(self) -> None:
        assert said([[90, 0, 0], [5, 0, 0], [5, 0, 0]], background=0) == []

    def test_of_category_ids(self) -> None:
        """The ids 1, 2, 4 are of the classes 0, 1, 2; and 4 is predicted as class 4, which has no pixels."""
        pixels = np.zeros((5, 5), int)
        pixels[0, 1], pixels[1, 2], pixels[2, 4] = 5, 6, 7
        assert said(pixels, as_ids=(None, 0, 1, None, 2)) == ["eval.ids"]
        assert said(pixels) == ["eval.off_by_one"]


def test_words_name_the_classes_and_the_share() -> None:
    matrix = np.pad(np.array([[9, 1, 0, 0], [0, 1, 0, 9], [0, 7, 1, 0], [1, 0, 9, 0]]), (0, 1))
    (problem,) = suspicions(ConfusionMatrix(4, matrix=matrix), NAMES, None, (), ("t", "p"))
    assert problem.message.startswith("p: 3 of 4 classes are mostly predicted as another one each, as ")
    assert "'car' as 'cat' (90%)" in problem.message or "'cat' as 'bus' (90%)" in problem.message


def test_of_positions_counts() -> None:
    problem = of_positions("p.json", 3)
    assert (problem.category, "3 images with categories that the truth lacks" in problem.message) == (
        "eval.positions",
        True,
    )


class TestFromFiles:
    def test_another_order(self, tmp_path: Path) -> None:
        classes = write_classes(tmp_path / "classes.csv", *NAMES)
        truth = np.repeat([0, 1, 2, 3, 4], 8).reshape(5, 8)
        prediction = np.array([0, 3, 1, 4, 2])[truth]
        result = cocoseg.evaluate(
            write_maps(tmp_path / "t", truth), write_maps(tmp_path / "p", prediction), categories=classes
        )
        assert [problem.category for problem in result.problems] == ["eval.order"]

    def test_void_of_a_segmented_picture_is_not_compared(self, tmp_path: Path) -> None:
        """In the task panoptic, a guard looks at the classes without being shown."""
        categories = [{"id": k, "name": name, "isthing": 0} for k, name in enumerate(NAMES)]
        ids = np.repeat([1, 2, 3, 4, 5], 6).reshape(5, 6)
        truth = write_panoptic(
            tmp_path / "t.json", {"a": (ids, segments({str(k): k - 1 for k in range(1, 6)}))}, categories
        )
        moved = segments({str(k): to for k, to in zip(range(1, 6), (0, 3, 1, 4, 2), strict=True)})
        prediction = write_panoptic(tmp_path / "p.json", {"a": (ids, moved)}, categories)
        result = cocoseg.evaluate(truth, prediction)
        assert result.tasks == ("panoptic",)
        assert "mIoU" not in result.headlines
        assert "guard" not in str(result.as_dict())
        assert "eval.order" in [problem.category for problem in result.problems]
