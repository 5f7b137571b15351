"""Both sources: classes of one meaning, and what is taken from the truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import evaluating
import numpy as np
import pytest
from evaluating import edit, segments, write_map, write_panoptic

import cocoseg
from cocoseg.errors import DocumentError, SampleError, UsageError
from cocoseg.evaluation.classes import matched
from conftest import FIXTURES

IDS = np.array([[5, 5, 6], [7, 7, 6]])
NAMES = ("sky", "road", "car")


def side(path: Path, ids: dict[str, int], of_segment: dict[str, str], extra: Any = ()) -> Path:
    """A panoptic picture whose categories have these ids, by their names."""
    categories = [{"id": id, "name": name, "isthing": int(name == "car")} for name, id in ids.items()]
    info = segments({segment: ids[name] for segment, name in of_segment.items()})
    return write_panoptic(path, {"a": (IDS, [*info, *extra])}, categories)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return side(tmp_path / "t.json", dict(zip(NAMES, (1, 2, 3), strict=True)), dict(zip("567", NAMES, strict=True)))


class TestCategories:
    def test_of_the_same_names_are_the_same(self, truth: Path, tmp_path: Path) -> None:
        ids = {"car": 1, "sky": 2, "road": 3}
        prediction = side(tmp_path / "p.json", ids, dict(zip("567", NAMES, strict=True)))
        for task in ("panoptic", "semantic"):
            result = cocoseg.evaluate(truth, prediction, task=task)  # type: ignore[arg-type]
            assert set(result.headlines.values()) == {1.0}
            moved = [problem.message for problem in result.problems if problem.category == "pair.ids"]
            assert len(moved) == 1
            assert "3 classes joined by name, as ids differ: 'car' is 1 here and 3 there" in moved[0]

    def test_of_the_same_ids_need_not_be_the_same(self, truth: Path, tmp_path: Path) -> None:
        """The ids agree, the names are swapped: the names count."""
        prediction = side(tmp_path / "p.json", {"road": 1, "sky": 2, "car": 3}, {"5": "road", "6": "sky", "7": "car"})
        result = cocoseg.evaluate(truth, prediction, task="semantic")
        assert result.confusion is not None
        assert result.confusion.matrix.tolist() == [[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]

    def test_are_said_to_differ_in_one_class(self, truth: Path, tmp_path: Path) -> None:
        ids = {"sky": 1, "road": 2, "car": 9}
        prediction = side(tmp_path / "p.json", ids, dict(zip("567", NAMES, strict=True)))
        (problem,) = [row for row in cocoseg.evaluate(truth, prediction).problems if row.category == "pair.ids"]
        assert "1 class joined by name" in problem.message

    def test_that_the_truth_lacks_cost_images_where_they_occur(self, truth: Path, tmp_path: Path) -> None:
        ids = {"sky": 1, "road": 2, "car": 3, "bus": 4}
        unused = side(tmp_path / "unused.json", ids, dict(zip("567", NAMES, strict=True)))
        assert cocoseg.evaluate(truth, unused).headlines["PQ"] == 1.0
        used = side(tmp_path / "used.json", ids, {"5": "sky", "6": "bus", "7": "car"})
        for task in ("panoptic", "semantic"):
            (failure,) = cocoseg.evaluate(truth, used, task=task).failures  # type: ignore[arg-type]
            assert failure.category == "id.unknown"
            assert "category 4 'bus' is none of the truth's" in failure.message

    def test_of_no_name_in_common(self, truth: Path, tmp_path: Path) -> None:
        ids = {"cat": 1, "dog": 2, "cow": 3}
        prediction = side(tmp_path / "p.json", ids, {"5": "cat", "6": "dog", "7": "cow"})
        with pytest.raises(DocumentError, match="are both of the same data set") as caught:
            cocoseg.evaluate(truth, prediction)
        assert caught.value.category == "pair.categories"

    def test_without_categories_are_the_truths(self, tmp_path: Path) -> None:
        truth, results = evaluating.mask_ap(tmp_path)
        result = cocoseg.evaluate(truth, results)
        assert [row.name for row in result.categories] == ["c1", "c2", "c3"]
        assert result.images == 1

    def test_are_left_alone_where_they_are_equal(self) -> None:
        dataset = cocoseg.read(FIXTURES / "panoptic.json")
        found, problems = matched(dataset, dataset)
        assert (found.categories, problems) == (dataset.categories, [])
        assert found[0].category_ids.tolist() == dataset[0].category_ids.tolist()

    def test_that_the_truth_lacks_are_left_out_if_that_is_asked_for(self) -> None:
        dataset = cocoseg.read(FIXTURES / "panoptic.json")
        fewer = dataclasses.replace(dataset, categories=dataset.categories[:1])
        with pytest.raises(SampleError, match="category 184 'tree-merged' is none of the truth's.*--unknown drop"):
            matched(fewer, dataset)[0][0]
        sample = matched(fewer, dataset, lenient=True)[0][0]
        assert set(sample.category_ids.tolist()) == {1}
        assert [problem.category for problem in sample.problems] == ["pair.unknown"]

    def test_that_the_evaluation_ignores_are_void_on_both_sides(self, tmp_path: Path) -> None:
        """Cityscapes' 'unlabeled', as a truth and as a prediction."""
        from formats.test_scenes import module_of

        source = module_of("cityscapes").write(tmp_path)
        result = cocoseg.evaluate(source, source, task="all")
        assert (result.images, result.failures) == (2, [])
        assert result.headlines["PQ"] == result.headlines["mIoU"] == 1.0
        assert len(result.class_names) == 19
        everything = cocoseg.evaluate(source, source, all_classes=True)
        assert len(everything.categories) > 19
        assert everything.headlines["PQ"] == 1.0


class TestResults:
    def test_of_a_data_set_without_ids_name_their_images_by_file_name(self, tmp_path: Path) -> None:
        truth = write_map(tmp_path / "truth" / "a.png", [[0, 1, 1], [0, 1, 1]]).parent
        classes = evaluating.write_classes(tmp_path / "classes.csv", *"xy")
        mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
        rows = [{"image_id": "a.png", "category_id": 1, "segmentation": evaluating.rle(mask), "score": 0.5}]
        (tmp_path / "results.json").write_text("[]")
        edit(tmp_path / "results.json", lambda document: document.extend(rows))
        result = cocoseg.evaluate(truth, tmp_path / "results.json", categories=classes)
        assert (result.tasks, result.images) == (("semantic",), 1)
        assert result.confusion is not None
        assert int(result.confusion.matrix[1, 1]) == 3

    def test_scores_below_a_limit_are_left_out(self, tmp_path: Path) -> None:
        truth, results = evaluating.mask_ap(tmp_path)
        result = cocoseg.evaluate(truth, results, min_score=0.75)
        assert result.instances is not None
        assert result.instances.results == 2

    def test_as_a_truth_are_refused(self, tmp_path: Path) -> None:
        truth, results = evaluating.mask_ap(tmp_path)
        for first, second in ((results, truth), (results, results)):
            with pytest.raises(UsageError, match="the truth comes first") as caught:
                cocoseg.evaluate(first, second)
            assert caught.value.category == "usage.order"


class TestFiles:
    def test_that_are_not_there(self, truth: Path, tmp_path: Path) -> None:
        for sides in ((truth, tmp_path / "none"), (tmp_path / "none", truth)):
            with pytest.raises(DocumentError, match="none") as caught:
                cocoseg.evaluate(*sides)
            assert caught.value.category == "file.missing"

    def test_the_pictures_of_the_prediction_may_lie_elsewhere(self, truth: Path, tmp_path: Path) -> None:
        prediction = side(
            tmp_path / "p.json", dict(zip(NAMES, (1, 2, 3), strict=True)), dict(zip("567", NAMES, strict=True))
        )
        (tmp_path / "p").rename(tmp_path / "elsewhere")
        with pytest.raises(DocumentError, match="--prediction-png-dir"):
            cocoseg.evaluate(truth, prediction)
        result = cocoseg.evaluate(truth, prediction, prediction_png_dir=tmp_path / "elsewhere")
        assert result.headlines["PQ"] == 1.0

    def test_a_format_for_each_side(self, tmp_path: Path) -> None:
        truth, prediction, _ = evaluating.semantic(tmp_path)
        result = cocoseg.evaluate(truth, prediction, source_format="semantic", prediction_format="semantic")
        assert result.images == 2
        with pytest.raises(DocumentError):
            cocoseg.evaluate(truth, prediction, prediction_format="cityscapes")
