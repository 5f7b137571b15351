"""Which prediction belongs to which image: by ids, by names, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import evaluating
import numpy as np
import pytest
from evaluating import edit, segments, write_classes, write_map, write_panoptic

import cocoseg
from cocoseg.errors import DocumentError
from cocoseg.evaluation.pairs import paired
from cocoseg.evaluation.sides import Opened, are_of_one_list
from cocoseg.model import Entry

RIGHT = np.array([[0, 1, 1], [2, 2, 0]])
WRONG = np.array([[2, 2, 0], [1, 0, 2]])  # no pixel of RIGHT


def maps(folder: Path, pictures: dict[str, Any]) -> Path:
    """Class maps by their names; each of another picture, so that a wrong pair has an accuracy below 1."""
    for number, name in enumerate(pictures):
        write_map(folder / name, (RIGHT + pictures[name]) % 3 if pictures[name] is not None else WRONG + number)
    return folder


def accuracies(truth: Path, prediction: Path, **options: Any) -> tuple[dict[str, Any], cocoseg.Evaluation]:
    """The accuracy of each image that was compared."""
    result = cocoseg.evaluate(truth, prediction, per_image=truth.parent / "rows.csv", **options)
    assert result.rows is not None
    return {key: row["aAcc"] for key, row in result.rows.items()}, result


class TestByName:
    def test_with_folders(self, tmp_path: Path) -> None:
        pictures = {"x/0.png": 0, "y/0.png": 1, "y/1.png": 2}
        found, result = accuracies(maps(tmp_path / "t", pictures), maps(tmp_path / "p", pictures))
        assert found == dict.fromkeys(pictures, 1.0)
        assert not [note for note in result.notes if "found by" in note]

    def test_of_files_where_folders_differ(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"x/0.png": 0, "y/1.png": 1})
        found, result = accuracies(truth, maps(tmp_path / "p", {"1.png": 1, "0.png": 0}))
        assert found == {"x/0.png": 1.0, "y/1.png": 1.0}
        assert "2 predictions found by the names of files alone, not their folders" in result.notes

    def test_that_several_images_have_without_folders(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"x/0.png": 0, "y/0.png": 1, "y/2.png": 2})
        found, result = accuracies(truth, maps(tmp_path / "p", {"0.png": 0, "2.png": 2}))
        assert found == {"y/2.png": 1.0}
        assert [(row.category, row.file) for row in result.failures] == [
            ("pair.several", "x/0.png"),
            ("pair.several", "y/0.png"),
        ]
        assert "belongs to 2 images of the truth by its name" in result.failures[0].message

    def test_that_several_predictions_have(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"0.png": 0, "1.png": 1})
        found, result = accuracies(truth, maps(tmp_path / "p", {"x/0.png": 0, "y/0.png": 0, "y/1.png": 1}))
        assert found == {"1.png": 1.0}
        (failure,) = result.failures
        assert failure.category == "pair.several"
        assert "2 predictions belong to it, such as 'x/0.png' and 'y/0.png'" in failure.message

    @pytest.mark.parametrize(
        ("true", "predicted", "count"),
        [
            ("{}", "{}_pred", 3),
            ("{}", "{}_pred", 1),
            ("{}_gt", "{}", 3),
            ("{}_gt", "{}", 1),
            ("{}_gt_masks", "{}_leftImg8bit", 3),
            ("{}-mask", "{}.pred", 3),
            ("{}", "{}.jpg", 1),
        ],
    )
    def test_before_a_common_end(self, true: str, predicted: str, count: int, tmp_path: Path) -> None:
        stems = ["a_0001", "b_0011", "c_0002"][:count]
        truth = maps(tmp_path / "t", {f"{true.format(stem)}.png": k for k, stem in enumerate(stems)})
        prediction = maps(tmp_path / "p", {f"{predicted.format(stem)}.png": k for k, stem in enumerate(stems)})
        found, result = accuracies(truth, prediction)
        assert found == {f"{true.format(stem)}.png": 1.0 for stem in stems}
        (note,) = [note for note in result.notes if "common end" in note]
        assert note.startswith(f"{count} prediction{'' if count == 1 else 's'} found by")

    def test_numbers_are_no_common_end(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"a_1.png": 0, "b_1.png": 1})
        found, _ = accuracies(truth, maps(tmp_path / "p", {"b_1.png": 1, "a_1.png": 0}))
        assert found == {"a_1.png": 1.0, "b_1.png": 1.0}

    def test_of_none(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match=r"predictions are called 'b\.png', the truth 'a\.png'") as caught:
            cocoseg.evaluate(maps(tmp_path / "t", {"a.png": 0}), maps(tmp_path / "p", {"b.png": 0}))
        assert caught.value.category == "pair.none"

    def test_photos_tell_where_outputs_do_not(self, tmp_path: Path) -> None:
        """A panoptic JSON names a PNG and a photo; class maps are called as the photo."""
        info = segments({"5": 1})
        categories = [{"id": 1, "name": "sky", "isthing": 0}]
        truth = write_panoptic(tmp_path / "t.json", {"a": ([[5, 5]], info)}, categories)
        edit(truth, lambda document: document["images"][0].update(file_name="photo.jpg"))
        prediction = write_map(tmp_path / "p" / "photo.png", [[0, 0]]).parent
        result = cocoseg.evaluate(truth, prediction)
        assert (result.images, result.headlines["aAcc"]) == (1, 1.0)

    def test_of_another_folder_is_not_taken_where_folders_tell(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"x/0.png": 0, "y/0.png": 1})
        found, result = accuracies(truth, maps(tmp_path / "p", {"x/0.png": 0, "z/0.png": 1}), missing="empty")
        assert found == {"x/0.png": 1.0}
        (failure,) = result.failures
        assert (failure.category, failure.file) == ("pair.missing", "y/0.png")
        assert "'z/0.png' is called like it in another folder" in failure.message

    @pytest.mark.parametrize(
        ("true", "predicted"),
        [("a_b_leftImg8bit.png", "a_b_pred.png"), ("a_b.png", "a_b_pred.png"), ("a_b_gt.png", "a_b.png")],
    )
    def test_of_one_image_whose_name_ends_differently(self, true: str, predicted: str, tmp_path: Path) -> None:
        found, _ = accuracies(maps(tmp_path / "t", {true: 0}), maps(tmp_path / "p", {predicted: 0}))
        assert found == {true: 1.0}

    def test_of_one_image_with_another_number(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match="--prediction-suffix"):
            cocoseg.evaluate(maps(tmp_path / "t", {"a_1.png": 0}), maps(tmp_path / "p", {"a_2.png": 0}))


class TestMissing:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        truth = maps(tmp_path / "t", {"0.png": 0, "1.png": 1})
        return truth, maps(tmp_path / "p", {"0.png": 0})

    def test_is_an_error(self, sides: Any) -> None:
        found, result = accuracies(*sides)
        assert found == {"0.png": 1.0}
        (failure,) = result.failures
        assert (failure.category, failure.file) == ("pair.missing", "1.png")
        assert "--missing empty" in failure.message

    def test_counts_as_empty(self, sides: Any) -> None:
        found, result = accuracies(*sides, missing="empty")
        assert found == {"0.png": 1.0, "1.png": 0.0}
        assert result.failures == []
        assert result.confusion is not None
        assert result.confusion.predicted_void == 0.5

    def test_one_of_several_is_not_missing(self, sides: Any) -> None:
        maps(sides[1], {"x/1.png": 1, "y/1.png": 1})
        _, result = accuracies(*sides, missing="empty")
        assert [failure.category for failure in result.failures] == ["pair.several"]

    def test_one_that_is_damaged_is_not_missing(self, sides: Any) -> None:
        (sides[1] / "1.png").write_bytes(b"no picture")
        _, result = accuracies(*sides, missing="empty")
        assert [(failure.category, failure.file) for failure in result.failures] == [("png.corrupt", "1.png")]


class TestExtra:
    def test_is_counted_and_named(self, tmp_path: Path) -> None:
        truth = maps(tmp_path / "t", {"0.png": 0})
        prediction = maps(tmp_path / "p", {f"{k}.png": 0 for k in range(6)})
        result = cocoseg.evaluate(truth, prediction)
        assert (result.listed, result.images) == (1, 1)
        (problem,) = [row for row in result.problems if row.category == "pair.extra"]
        assert "5 predictions of no image of the truth left out: '1.png', '2.png', '3.png', ..." in problem.message


class TestById:
    CATEGORIES = ({"id": 1, "name": "sky", "isthing": 0}, {"id": 2, "name": "road", "isthing": 0})

    def sides(self, tmp_path: Path, ids: tuple[int, ...], names: str) -> tuple[Path, Path]:
        first, second = ([[5, 5]], segments({"5": 1})), ([[6, 6]], segments({"6": 2}))
        truth = write_panoptic(tmp_path / "t.json", {"a": first, "b": second}, self.CATEGORIES, (7, 9))
        pictures = {name: first if id == 7 else second for name, id in zip(names, ids, strict=True)}
        return truth, write_panoptic(tmp_path / "p.json", pictures, self.CATEGORIES, ids)

    @pytest.mark.parametrize(("ids", "names"), [((7, 9), "ab"), ((9, 7), "ba")])
    def test_where_both_have_one_list(self, ids: Any, names: str, tmp_path: Path) -> None:
        sides = self.sides(tmp_path, ids, names)
        datasets = [Opened(cocoseg.read(side), "panoptic") for side in sides]
        assert are_of_one_list(*datasets)
        result = cocoseg.evaluate(*sides)
        assert (result.images, result.headlines["PQ"], result.notes) == (2, 1.0, [])

    def test_ids_that_are_of_other_names_are_a_coincidence(self, tmp_path: Path) -> None:
        first, second = ([[5, 5]], segments({"5": 1})), ([[6, 6]], segments({"6": 2}))
        truth = write_panoptic(tmp_path / "t.json", {"a": first, "b": second}, self.CATEGORIES)
        prediction = write_panoptic(tmp_path / "p.json", {"b": second, "a": first}, self.CATEGORIES)
        datasets = [Opened(cocoseg.read(side), "panoptic") for side in (truth, prediction)]
        assert not are_of_one_list(*datasets)
        assert cocoseg.evaluate(truth, prediction).headlines["PQ"] == 1.0

    def test_a_prediction_without_images(self, tmp_path: Path) -> None:
        truth, prediction = evaluating.panoptic(tmp_path)
        edit(prediction, lambda document: document.update(annotations=[], images=[]))
        with pytest.raises(DocumentError, match="it lists no image") as caught:
            cocoseg.evaluate(truth, prediction)
        assert caught.value.category == "pair.none"


def test_the_order_is_that_of_the_truth(tmp_path: Path) -> None:
    truth = maps(tmp_path / "t", {"0.png": 0, "1.png": 1, "2.png": 2})
    prediction = maps(tmp_path / "p", {"2.png": 2, "0.png": 0, "9.png": 0})
    classes = write_classes(tmp_path / "classes.csv", *"xyz")
    sides = [cocoseg.read(folder, categories=classes) for folder in (truth, prediction)]
    pairing = paired(sides[0], sides[1], by_id=False, missing="empty")
    assert [entry.key for entry in pairing.dataset.entries] == ["0.png", "1.png", "2.png"]
    assert all(isinstance(entry, Entry) for entry in pairing.dataset.entries)
    pairs: list[Any] = list(pairing.dataset)
    assert [pair.prediction.key if pair.prediction else None for pair in pairs] == ["0.png", None, "2.png"]
    assert [problem.category for problem in pairing.problems] == ["pair.extra"]
