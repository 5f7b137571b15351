"""What the numbers of a prediction mean that nothing explains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluating import rle, segments, write_classes, write_map, write_maps, write_panoptic

import cocoseg
from cocoseg.errors import DocumentError

THREE = [[0, 1, 2], [0, 1, 2]]


def matrix(result: cocoseg.Evaluation) -> list[list[int]]:
    assert result.confusion is not None
    found: list[list[int]] = result.confusion.matrix.tolist()
    return found


def said(result: cocoseg.Evaluation, side: str = "PREDICTION") -> str:
    (note,) = [note for note in result.notes if note.startswith(f"{side} was read as ")]
    return note


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "classes.csv", *"xyz")


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_maps(tmp_path / "truth", THREE)


class TestNumbersOfClasses:
    @pytest.mark.parametrize("named", [True, False])
    def test_two_classes_of_three_are_no_masks(self, named: bool, truth: Path, classes: Path, tmp_path: Path) -> None:
        prediction = write_maps(tmp_path / "prediction", [[0, 1, 1], [0, 1, 0]])
        options: Any = {"categories": classes} if named else {}
        result = cocoseg.evaluate(truth, prediction, **options)
        assert matrix(result) == [[2, 0, 0, 0], [0, 2, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
        assert "whose numbers are" in said(result)

    @pytest.mark.parametrize("named", [True, False])
    def test_0_and_255_may_be_a_mask_of_any_class(
        self, named: bool, truth: Path, classes: Path, tmp_path: Path
    ) -> None:
        prediction = write_maps(tmp_path / "prediction", [[0, 255, 0], [0, 0, 0]])
        options: Any = {"categories": classes} if named else {}
        with pytest.raises(DocumentError, match="nothing says which class of the truth that is") as caught:
            cocoseg.evaluate(truth, prediction, **options)
        assert caught.value.category == "maps.binary"

    def test_255_alone_is_void(self, truth: Path, tmp_path: Path) -> None:
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", np.full((2, 3), 255)))
        assert result.confusion is not None
        assert result.confusion.predicted_void == 1.0

    def test_of_one_class_alone(self, truth: Path, tmp_path: Path) -> None:
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", np.full((2, 3), 2)))
        assert matrix(result) == [[0, 0, 2, 0], [0, 0, 2, 0], [0, 0, 2, 0], [0, 0, 0, 0]]

    def test_numbers_over_255_have_to_be_named(self, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[0, 300]])
        with pytest.raises(DocumentError, match=r"go up to 300.*--source-labels or --categories"):
            cocoseg.evaluate(truth, truth)

    def test_a_scheme_that_was_chosen_gives_the_numbers(self, tmp_path: Path) -> None:
        """The truth has ids from 1, the prediction the classes of ``--labels``."""
        scheme = tmp_path / "two.json"
        rows = '[{"index": 0, "name": "x", "category_ids": [1]}, {"index": 1, "name": "yz", "category_ids": [2, 3]}]'
        scheme.write_text(f'{{"name": "two", "classes": {rows}}}')
        classes = write_classes(tmp_path / "ids.csv", *"xyz", first=1)
        truth = write_maps(tmp_path / "truth", [[1, 2, 3]])
        prediction = write_maps(tmp_path / "prediction", [[0, 1, 1]])
        result = cocoseg.evaluate(truth, prediction, categories=classes, labels=scheme)
        assert matrix(result) == [[1, 0, 0], [0, 2, 0], [0, 0, 0]]
        assert "classes of labels 'two'" in said(result)

    def test_the_labels_of_the_prediction_are_used_if_given(self, tmp_path: Path) -> None:
        swapped = tmp_path / "swapped.json"
        rows = '[{"index": 0, "name": "y", "category_ids": [1]}, {"index": 1, "name": "x", "category_ids": [0]}]'
        swapped.write_text(f'{{"name": "swapped", "classes": {rows}}}')
        classes = write_classes(tmp_path / "classes.csv", *"xy")
        truth = write_maps(tmp_path / "truth", [[0, 1, 1]])
        prediction = write_maps(tmp_path / "prediction", [[1, 0, 0]])
        result = cocoseg.evaluate(truth, prediction, categories=classes, prediction_labels=swapped)
        assert result.headlines["mIoU"] == 1.0


class TestNumbersOfIds:
    @pytest.fixture
    def ids(self, tmp_path: Path) -> Path:
        return write_classes(tmp_path / "ids.csv", *"xyz", first=1)

    def test_what_explains_the_truth_explains_the_prediction(self, ids: Path, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[1, 2, 3], [0, 1, 2]])
        prediction = write_maps(tmp_path / "prediction", [[1, 2, 2], [0, 1, 1]])
        result = cocoseg.evaluate(truth, prediction, categories=ids)
        assert matrix(result) == [[2, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
        assert "by what explains TRUTH" in said(result)

    def test_numbers_that_the_truth_has_not_are_those_of_classes(self, ids: Path, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[1, 2, 3]])
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", [[0, 1, 2]]), categories=ids)
        assert matrix(result) == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
        assert "classes of labels 'index'" in said(result)

    def test_0_is_no_segment_where_no_category_has_that_id(self, tmp_path: Path) -> None:
        """As the benchmark of ADE20K wants predictions: 1 to 150, and 0 for none."""
        names = [{"id": k, "name": name, "isthing": 0} for k, name in enumerate("xyz", 1)]
        truth = write_panoptic(tmp_path / "t.json", {"0": ([[5, 6, 7]], segments({"5": 1, "6": 2, "7": 3}))}, names)
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "ids", [[0, 2, 3]]))
        assert matrix(result) == [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
        assert (result.failures, "the ids of TRUTH's categories" in said(result)) == ([], True)

    def test_pictures_of_another_kind_are_explained_too(self, tmp_path: Path) -> None:
        """Class and instance in two channels, of which nothing but --categories says the classes."""
        from formats.test_scenes import module_of, options_of

        source = module_of("two-channel").write(tmp_path)
        result = cocoseg.evaluate(source, source, **options_of("two-channel", tmp_path))
        assert (result.tasks, result.headlines["PQ"]) == (("panoptic",), 1.0)

    def test_numbers_that_may_be_both_are_said(self, tmp_path: Path) -> None:
        """Of a truth in another format, whose categories 1 and 2 are the classes 0 and 1, void where there is none."""
        names = [{"id": k, "name": name, "isthing": 0} for k, name in enumerate("xyz", 1)]
        truth = write_panoptic(tmp_path / "t.json", {"0": ([[5, 6, 7]], segments({"5": 1, "6": 2, "7": 3}))}, names)
        both = cocoseg.evaluate(truth, write_maps(tmp_path / "both", [[1, 2, 2]]))
        assert [problem.category for problem in both.problems] == ["eval.ids"]
        assert matrix(both)[:2] == [[0, 1, 0, 0], [0, 0, 1, 0]]
        told = cocoseg.evaluate(
            truth, tmp_path / "both", prediction_categories=write_classes(tmp_path / "ids.csv", *"xyz", first=1)
        )
        assert matrix(told)[:2] == [[1, 0, 0, 0], [0, 1, 0, 0]]
        assert "pair.numbers" not in [problem.category for problem in told.problems]
        ids = cocoseg.evaluate(truth, write_maps(tmp_path / "ids", [[1, 2, 3]]))
        assert "the ids of TRUTH's categories" in said(ids)
        assert ids.headlines["mIoU"] == 1.0
        own = cocoseg.evaluate(truth, write_maps(tmp_path / "own", [[0, 1, 2]]))
        assert (own.headlines["mIoU"], [problem.category for problem in own.problems]) == (1.0, ["eval.identical"])


class TestMasks:
    """Folders of binary masks: the truth says which class they are of, if it has but one."""

    @pytest.mark.parametrize("high", [1, 255])
    @pytest.mark.parametrize("other", [1, 255])
    def test_have_the_class_of_the_truth(self, high: int, other: int, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", np.array([[0, 1, 1]]) * high)
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", np.array([[0, 1, 0]]) * other))
        assert matrix(result) == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
        assert result.class_names == ["background", "truth"]
        assert f"{other} is 'truth'" in said(result)

    @pytest.mark.parametrize(("value", "column"), [(0, 0), (1, 1), (255, 1)])
    def test_that_are_all_one_value(self, value: int, column: int, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[0, 255, 255]])
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", np.full((1, 3), value)))
        expected = np.zeros((3, 3), int)
        expected[:2, column] = (1, 2)
        assert matrix(result) == expected.tolist()

    def test_with_a_name_for_their_class(self, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[0, 255, 255]])
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", [[0, 255, 0]]), class_name="hair")
        assert result.class_names == ["background", "hair"]
        assert matrix(result) == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]

    def test_another_value_costs_the_image(self, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[0, 255, 255]], [[0, 255, 0]])
        prediction = write_maps(tmp_path / "prediction", [[0, 255, 0]], [[0, 255, 0]])
        write_map(prediction / "1.png", [[0, 1, 7]])
        result = cocoseg.evaluate(truth, prediction)
        assert result.images + result.failed == 2
        assert "1.png" in [failure.file for failure in result.failures]

    def test_of_objects_without_a_class(self, tmp_path: Path) -> None:
        """Folders of an image's objects: the truth's class was given, the prediction's is that."""
        from formats.test_scenes import module_of, options_of

        source = module_of("instance-folders").write(tmp_path)
        result = cocoseg.evaluate(source, source, **options_of("instance-folders", tmp_path))
        assert (result.images, result.headlines["mIoU"]) == (2, 1.0)
        assert [row.name for row in result.categories] == ["car"]


def test_noisy_class_maps_are_no_photos(tmp_path: Path) -> None:
    """What a model without training predicts changes with every pixel."""
    random = np.random.default_rng(0)
    classes = write_classes(tmp_path / "classes.csv", *(f"c{k}" for k in range(19)))
    truth = write_maps(tmp_path / "t", np.repeat(np.arange(18), 400).reshape(72, 100))
    noise = write_maps(tmp_path / "p", random.integers(0, 19, (72, 100)))
    result = cocoseg.evaluate(truth, noise, categories=classes)
    assert result.images == 1
    assert result.confusion is not None
    assert result.confusion.pixels == 7200


def test_scores_of_classes_that_neither_side_names(tmp_path: Path) -> None:
    truth = write_maps(tmp_path / "t", [[0, 2, 1]])
    (tmp_path / "p").mkdir()
    np.save(tmp_path / "p" / "0.npy", np.zeros((5, 1, 3), np.float32))
    with pytest.raises(DocumentError, match="scores of classes that neither side names; name them with"):
        cocoseg.evaluate(truth, tmp_path / "p")


def test_semantic_results_of_detectron2(tmp_path: Path) -> None:
    """They name images by their path on the machine that wrote them, and have a mask for each class."""
    names = [{"id": k, "name": name, "isthing": 0} for k, name in enumerate("xyz", 1)]
    truth = write_panoptic(tmp_path / "t.json", {"0": ([[5, 6, 7]], segments({"5": 1, "6": 2, "7": 3}))}, names)
    masks = {1: [[1, 0, 0]], 2: [[0, 1, 1]]}
    rows = [
        {"file_name": "/data/val/0.jpg", "category_id": k, "segmentation": rle(np.array(mask))}
        for k, mask in masks.items()
    ]
    (tmp_path / "sem_seg_predictions.json").write_text(json.dumps(rows))
    result = cocoseg.evaluate(truth, tmp_path / "sem_seg_predictions.json")
    assert result.tasks == ("semantic",)
    assert matrix(result) == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
