"""``evaluate``: the golden numbers from files, and what a pair that can't be compared costs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evaluating
import numpy as np
import pytest
from evaluating import GOLDEN, box, edit, rle, write_classes, write_map, write_maps

import cocoseg
from cocoseg.errors import DocumentError, UsageError
from cocoseg.evaluation.evaluation import WHY, Evaluation

# Python from 3.12 on warns of a fork of this test process, which has numpy's threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

SEMANTIC = GOLDEN["semantic"]
CONVENTIONS = SEMANTIC["conventions"]
OF_TOOL = {
    "mmseg": CONVENTIONS["mmseg 1.2.2 IoUMetric (also Hugging Face mean_iou's arithmetic)"],
    "ade20k": CONVENTIONS["ADE20K sceneparsing; erfnet iouEval"],
    "erfnet": CONVENTIONS["ADE20K sceneparsing; erfnet iouEval"],
    "cocostuff": CONVENTIONS["COCO-Stuff (prediction void is booked as the last class)"],
    "detectron2": CONVENTIONS["detectron2 SemSegEvaluator; ultralytics (prediction void pixels dropped)"],
}


def rounded(numbers: Any, digits: int = 6) -> Any:
    return [None if number is None else round(number, digits) for number in numbers]


def percent(number: float | None) -> float | None:
    return None if number is None else round(100 * number, 2)


class TestSemanticGolden:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path, Path]:
        return evaluating.semantic(tmp_path)

    def run(self, sides: tuple[Path, Path, Path], **options: Any) -> Evaluation:
        truth, prediction, classes = sides
        return cocoseg.evaluate(truth, prediction, categories=classes, **options)

    def test_the_matrix(self, sides: Any) -> None:
        result = self.run(sides)
        assert result.confusion is not None
        expected = SEMANTIC["confusion (rows truth 0..4 void, columns prediction 0..4 void)"]
        assert result.confusion.matrix.tolist() == expected
        assert result.class_names == list("abcde")
        assert (result.images, result.failures, result.tasks) == (2, [], ("semantic",))

    @pytest.mark.parametrize("convention", OF_TOOL)
    def test_the_numbers_of(self, convention: Any, sides: Any) -> None:
        expected, result = OF_TOOL[convention], self.run(sides, convention=convention)
        assert result.semantic is not None
        assert result.convention == convention
        assert rounded(result.semantic.columns["IoU"]) == expected["IoU"]
        for name, number in expected.items():
            if name != "IoU":
                found = result.headlines[name]
                assert number in (percent(found), round(found or 0, 6)), name

    def test_mmseg_with_what_is_undefined_as_0(self, sides: Any) -> None:
        semantic = self.run(sides).semantic
        assert semantic is not None
        filled = semantic.filled(0).headlines
        expected = CONVENTIONS["mmseg nan_to_num=0"]
        assert {name: percent(filled[name]) for name in expected} == expected

    def test_all_conventions_side_by_side(self, sides: Any) -> None:
        result = self.run(sides, convention="all")
        rows = result.as_dict()["semantic"]["conventions"]
        assert list(rows) == list(WHY)
        assert {name: percent(row["mIoU"]) for name, row in rows.items()} == {
            "mmseg": 27.38,
            "detectron2": 38.89,
            "cityscapes": 27.38,
            "ade20k": 21.9,
            "cocostuff": 36.51,
            "erfnet": 21.9,
            "survey": 27.38,
        }
        assert percent(result.headlines["mIoU"]) == 27.38

    def test_each_image(self, sides: Any, tmp_path: Path) -> None:
        result = self.run(sides, per_image=tmp_path / "out.csv")
        assert result.rows is not None
        means = [row["mIoU"] for row in result.rows.values()]
        expected = SEMANTIC["means of other kinds"]
        assert rounded(means) == expected["image mIoU"]
        assert round(sum(means) / 2, 6) == expected["mean of images"]
        assert round(result.headlines["mIoU"] or 0, 5) == expected["global"]
        lines = (tmp_path / "out.csv").read_text().splitlines()
        assert lines[0].startswith("image,mIoU,")
        assert [line.split(",")[:2] for line in lines[1:]] == [["0.png", str(means[0])], ["1.png", str(means[1])]]

    def test_without_names_the_numbers_are_the_classes(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides[:2])
        assert result.confusion is not None
        assert result.confusion.matrix.shape == (5, 5)  # the classes that occur, and void
        assert percent(result.headlines["mIoU"]) == 27.38
        assert result.headlines == self.run(sides).headlines

    def test_shares_of_void(self, sides: Any) -> None:
        result = self.run(sides)
        assert (round(result.void_share or 0, 6), result.as_dict()["semantic"]["predicted_void"]) == (0.142857, 1 / 12)

    def test_groups(self, sides: Any, tmp_path: Path) -> None:
        groups = tmp_path / "groups.json"
        groups.write_text('{"first": ["a", "b"], "c": "second"}')
        result = self.run(sides, groups=groups)
        assert result.semantic is not None
        # a and b: 8 hits, 11 pixels of the truth, 9 predicted of which 1 is of c
        assert result.semantic.groups == {"first": 8 / 12, "second": 0.0}


class TestPanopticGolden:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        return evaluating.panoptic(tmp_path)

    def test_the_numbers(self, sides: Any) -> None:
        self.check(cocoseg.evaluate(*sides))

    def check(self, result: Evaluation) -> None:
        golden, panoptic = GOLDEN["panoptic"], result.panoptic
        assert panoptic is not None
        assert (result.images, result.failures) == (1, [])
        for row, category in enumerate(panoptic.categories):
            expected = golden["per class"][category.name]
            counts = {name.lower(): column[row] for name, column in panoptic.counts.items()}
            assert counts == {name: expected[name] for name in ("tp", "fp", "fn")}
            assert round(panoptic.columns["SQ"][row] or 0, 6) == expected["iou"]
        for kind, end in (("All", ""), ("Things", " things"), ("Stuff", " stuff")):
            for name in {"pq", "sq", "rq"} & golden[kind].keys():
                assert round(result.headlines[name.upper() + end] or 0, 6) == golden[kind][name]

    def test_both_tasks(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides, task="all")
        assert result.tasks == ("semantic", "panoptic")
        self.check(result)

    def refused(self, sides: Any, **options: Any) -> str:
        result = cocoseg.evaluate(*sides, **options)
        assert (result.images, result.failed, result.headlines["PQ"]) == (0, 1, None)
        (failure,) = result.failures
        assert failure.file == "a.png"
        return failure.category

    def test_no_stuff_at_all_is_undefined(self, sides: Any) -> None:
        def change(document: Any) -> None:
            document["categories"] = [row for row in document["categories"] if row["isthing"]]
            rows = document["annotations"][0]["segments_info"]
            rows[:] = [row for row in rows if row["category_id"] in (1, 2, 5)]

        for side in sides:
            edit(side, change)
            picture = side.parent / side.stem / "a.png"
            listed = [row["id"] for row in json.loads(side.read_text())["annotations"][0]["segments_info"]]
            name = "truth" if side == sides[0] else "prediction"
            ids = np.array(GOLDEN["panoptic"][name]["ids"])
            write_panoptic_picture(picture, np.where(np.isin(ids, listed), ids, 0))
        headlines = cocoseg.evaluate(*sides).headlines
        assert headlines["PQ stuff"] is headlines["SQ stuff"] is headlines["RQ stuff"] is None
        assert headlines["PQ"] == headlines["PQ things"] != 0

    def test_areas_of_the_json_are_not_believed(self, sides: Any) -> None:
        edit(sides[0], lambda document: of_id(document, 10).update(area=16))
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert [problem.category for problem in result.problems] == ["panoptic.area"]

    def test_areas_may_be_missing(self, sides: Any) -> None:
        for row in json.loads(sides[0].read_text())["annotations"][0]["segments_info"]:
            assert "area" not in row
        self.check(cocoseg.evaluate(*sides))

    def test_without_iscrowd_no_segment_is_a_crowd_and_it_is_said(self, sides: Any) -> None:
        edit(sides[0], lambda document: [row.pop("iscrowd") for row in rows_of(document)])
        result = cocoseg.evaluate(*sides)
        assert round(result.headlines["PQ"] or 0, 4) == 0.2528
        assert "TRUTH has no iscrowd (no segment is a crowd)" in result.notes

    def test_crowds_of_the_truth_are_not_said_to_be_missing(self, sides: Any) -> None:
        edit(sides[1], lambda document: [row.pop("iscrowd") for row in rows_of(document)])
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert result.notes == []

    def test_without_isthing_coco_tells_things(self, sides: Any) -> None:
        for side in sides:
            edit(side, lambda document: [row.pop("isthing") for row in document["categories"]])
        headlines = cocoseg.evaluate(*sides).headlines
        assert round(headlines["PQ"] or 0, 6) == 0.233333
        assert headlines["PQ things"] == 0.375  # person alone: its id and name are COCO's
        assert headlines["PQ stuff"] is None

    @pytest.mark.parametrize("side", [0, 1])
    def test_an_id_that_is_not_listed_costs_the_image(self, side: int, sides: Any) -> None:
        edit(sides[side], lambda document: rows_of(document).pop(0))
        assert self.refused(sides) == "panoptic.unknown_id"

    @pytest.mark.parametrize("side", [0, 1])
    def test_an_id_without_pixels_costs_the_image(self, side: int, sides: Any) -> None:
        edit(sides[side], lambda document: rows_of(document).append({"id": 99, "category_id": 1}))
        assert self.refused(sides) == "panoptic.missing_segment"

    def test_an_unknown_category_of_the_truth_costs_the_image(self, sides: Any) -> None:
        for side in sides:
            edit(side, lambda document: document.update(categories=without_dogs(document)))
        of_dogs = [row for row in rows_of(json.loads(sides[1].read_text())) if row["category_id"] == 2]
        assert len(of_dogs) == 1
        edit(sides[1], lambda document: rows_of(document).remove(of_dogs[0]))
        ids = np.array(GOLDEN["panoptic"]["prediction"]["ids"])
        write_panoptic_picture(sides[1].parent / "prediction" / "a.png", np.where(ids == 7, 0, ids))
        assert self.refused(sides) == "id.unknown"
        assert self.refused_in_words(sides) == "the truth's segment 20 has category_id 2"

    def refused_in_words(self, sides: Any) -> str:
        (failure,) = cocoseg.evaluate(*sides).failures
        return failure.message.split(": ")[-1].split(",")[0]

    def test_a_category_that_only_the_prediction_has_costs_the_image(self, sides: Any) -> None:
        edit(sides[0], lambda document: document.update(categories=without_dogs(document)))
        assert self.refused(sides) == "id.unknown"

    def more_images(self, sides: Any) -> None:
        """The truth gets a second image, b, like the first."""

        def change(document: Any) -> None:
            for name, key in (("images", "id"), ("annotations", "image_id")):
                second = document[name][0] | {key: 2}
                document[name].append(second | {"file_name": second["file_name"].replace("a.", "b.")})

        edit(sides[0], change)
        folder = sides[0].parent / "truth"
        shutil.copy(folder / "a.png", folder / "b.png")

    def test_an_image_without_a_prediction_is_refused(self, sides: Any) -> None:
        self.more_images(sides)
        result = cocoseg.evaluate(*sides)
        assert (result.listed, result.images, result.failed) == (2, 1, 1)
        (failure,) = result.failures
        assert (failure.category, failure.file) == ("pair.missing", "b.png")
        assert round(result.headlines["PQ"] or 0, 6) == GOLDEN["panoptic"]["All"]["pq"]

    def test_an_image_without_a_prediction_is_missed_if_asked_for(self, sides: Any) -> None:
        before = cocoseg.evaluate(*sides).panoptic
        self.more_images(sides)
        result = cocoseg.evaluate(*sides, missing="empty")
        assert (result.images, result.failures) == (2, [])
        assert before is not None
        assert result.panoptic is not None
        truths = {"person": 2, "dog": 1, "sky": 1, "road": 1, "cat": 0}
        for category, fn, first in zip(
            result.panoptic.categories, result.panoptic.counts["FN"], before.counts["FN"], strict=True
        ):
            assert fn == first + truths[category.name]
        assert result.panoptic.counts["TP"] == before.counts["TP"]

    def test_a_prediction_of_no_image_is_counted_and_said(self, sides: Any) -> None:
        self.more_images(sides)
        found = cocoseg.evaluate(sides[0], sides[0]).images
        result = cocoseg.evaluate(sides[1], sides[0])
        assert (found, result.images) == (2, 1)
        (problem,) = result.problems
        assert problem.category == "pair.extra"
        assert "1 prediction of no image of the truth left out: 'b.png'" in problem.message

    def test_boundary_pq_is_at_most_pq(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides, boundary=0.02)
        assert result.boundary_panoptic is not None
        assert (result.headlines["boundary PQ"] or 0) <= (result.headlines["PQ"] or 0)
        assert result.boundary_panoptic.headlines["PQ"] == result.headlines["boundary PQ"]


def rows_of(document: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document["annotations"][0]["segments_info"]
    return rows


def of_id(document: Any, number: int) -> dict[str, Any]:
    return next(row for row in rows_of(document) if row["id"] == number)


def without_dogs(document: Any) -> list[dict[str, Any]]:
    return [row for row in document["categories"] if row["name"] != "dog"]


def write_panoptic_picture(path: Path, ids: Any) -> None:
    from PIL import Image

    from cocoseg.codecs.panoptic import rgb_from_ids

    Image.fromarray(rgb_from_ids(np.asarray(ids))).save(path)


class TestMaskAP:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        return evaluating.mask_ap(tmp_path)

    def check(self, result: Evaluation) -> None:
        for name in ("AP", "AP50", "AP75"):
            assert round(result.headlines[name] or 0, 12) == GOLDEN["mask_ap"][name]

    def test_the_numbers(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert result.tasks == ("instances",)
        assert result.headlines["APm"] is None  # no truth of that size
        assert result.instances is not None
        assert (result.instances.truths, result.instances.results) == (4, 7)
        assert result.instances.library.partition(" ")[0] in ("hotcoco", "pycocotools")
        rows = result.as_dict()["instances"]["classes"]
        assert [(row["id"], row["name"], row["AP"] is None) for row in rows] == [
            (1, "c1", False),
            (2, "c2", False),
            (3, "c3", True),
        ]

    def test_an_annotation_with_the_id_0_counts(self, sides: Any) -> None:
        edit(sides[0], lambda document: [row.update(id=row["id"] - 1) for row in document["annotations"]])
        self.check(cocoseg.evaluate(*sides))

    def test_boxes_of_results_change_nothing(self, sides: Any) -> None:
        edit(sides[1], lambda rows: [row.update(bbox=[0, 0, 59, 39]) for row in rows])
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert result.headlines["APs"] == result.headlines["AP"]
        assert [problem.category for problem in result.problems] == ["seg.bbox"]

    def test_a_license_is_not_handed_on(self, sides: Any) -> None:
        edit(sides[0], lambda document: document["images"][0].update(license="CC"))
        self.check(cocoseg.evaluate(*sides))

    def test_areas_of_the_json_are_not_believed(self, sides: Any) -> None:
        edit(sides[0], lambda document: [row.update(area=99999) for row in document["annotations"]])
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert result.headlines["APl"] is None

    def test_results_of_an_image_that_is_not_listed_are_said(self, sides: Any) -> None:
        edit(sides[1], lambda rows: rows.append(rows[0] | {"image_id": 99}))
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert [problem.category for problem in result.problems] == ["id.unknown"]
        assert "image_id 99 is not among the images" in result.problems[0].message

    def test_no_result_at_all_is_an_ap_of_0(self, sides: Any) -> None:
        sides[1].write_text("[]")
        result = cocoseg.evaluate(*sides)
        assert (result.tasks, result.images, result.headlines["AP"]) == (("instances",), 1, 0.0)
        assert "1 image of 1 without a predicted mask" in result.notes

    @pytest.mark.parametrize(
        ("change", "category"),
        [
            (lambda rows: rows[1].update(score=float("nan")), "json.nonfinite"),
            (lambda rows: rows[1].pop("score"), "score.missing"),
            (lambda rows: rows[1].update(category_id=99), "id.unknown"),
            (lambda rows: rows[1].update(segmentation=rle(box((20, 30), (1, 4, 1, 4)))), "size.mismatch"),
        ],
    )
    def test_a_bad_result_costs_its_image(self, change: Callable[[Any], Any], category: str, sides: Any) -> None:
        edit(sides[1], change)
        result = cocoseg.evaluate(*sides)
        assert (result.tasks, result.images, result.failed) == (("instances",), 0, 1)
        (failure,) = result.failures
        assert (failure.category, failure.file) == (category, "a.png")
        assert str(sides[1]) in failure.message
        assert result.headlines["AP"] is None

    @pytest.mark.parametrize("mask", [[], [[]], rle(np.zeros((40, 60), np.bool_))])
    def test_a_result_without_a_pixel_is_a_false_one(self, mask: Any, sides: Any) -> None:
        edit(sides[1], lambda rows: rows.append(rows[0] | {"score": 0.99, "segmentation": mask}))
        result = cocoseg.evaluate(*sides)
        assert round(result.headlines["AP"] or 0, 12) == 0.350247524752  # as pycocotools counts it
        assert [problem.category for problem in result.problems] == ["seg.empty"]

    def whole(self, sides: Any, change: Callable[[Any], Any]) -> None:
        """The results as a JSON with images and categories."""
        truth, rows = (json.loads(side.read_text()) for side in sides)
        document = truth | {"annotations": [row | {"id": number} for number, row in enumerate(rows, 1)]}
        change(document)
        sides[1].write_text(json.dumps(document))

    def renumber(self, document: Any, images: int, categories: int) -> None:
        for row in document["images"]:
            row["id"] += images
        for row in document["categories"]:
            row["id"] += categories
        for row in document["annotations"]:
            row.update(image_id=row["image_id"] + images, category_id=row["category_id"] + categories)

    @pytest.mark.parametrize(("images", "categories"), [(0, 0), (76, 0), (0, 10), (76, 10), (0, 1)])
    def test_a_whole_json_with_ids_of_its_own(self, images: int, categories: int, sides: Any) -> None:
        self.whole(sides, lambda document: self.renumber(document, images, categories))
        result = cocoseg.evaluate(*sides)
        self.check(result)
        assert [problem.category for problem in result.problems] == (["pair.ids"] if categories else [])

    @pytest.mark.parametrize("names", [["images"], ["categories"], ["images", "categories"]])
    def test_a_json_that_lists_less(self, names: list[str], sides: Any) -> None:
        self.whole(sides, lambda document: [document.pop(name) for name in names])
        self.check(cocoseg.evaluate(*sides))

    def test_images_that_a_whole_json_lacks_are_missing_those_without_results_are_not(self, sides: Any) -> None:
        results = sides[1].read_text()
        self.whole(sides, lambda document: None)
        edit(sides[0], lambda rows: rows["images"].append(rows["images"][0] | {"id": 2, "file_name": "b.jpg"}))
        result = cocoseg.evaluate(*sides)
        assert [(failure.category, failure.file) for failure in result.failures] == [("pair.missing", "b.png")]
        sides[1].write_text(results)
        result = cocoseg.evaluate(*sides)
        assert (result.images, result.failures) == (2, [])
        assert "1 image of 2 without a predicted mask" in result.notes

    def test_lvis_where_the_truth_is_lvis(self, sides: Any) -> None:
        pytest.importorskip("hotcoco")

        def change(document: Any) -> None:
            for row, frequency in zip(document["categories"], "rcf", strict=True):
                row["frequency"] = frequency
            document["images"][0].update(neg_category_ids=[3], not_exhaustive_category_ids=[])

        edit(sides[0], change)
        headlines = cocoseg.evaluate(*sides).headlines
        assert {"APr", "APc", "APf", "AR300"} < headlines.keys()
        assert headlines["APf"] is None

    def test_without_any_score_classes_are_compared_and_it_is_said(self, sides: Any) -> None:
        edit(sides[1], lambda rows: [row.pop("score") for row in rows])
        result = cocoseg.evaluate(*sides)
        assert result.tasks == ("semantic",)
        assert any("the predicted masks have no 'score'" in note for note in result.notes)
        with pytest.raises(UsageError, match="the predicted masks have no 'score'") as caught:
            cocoseg.evaluate(*sides, task="instances")
        assert caught.value.category == "usage.task"

    def test_boxes_alone_are_no_masks(self, sides: Any) -> None:
        edit(sides[1], lambda rows: [(row.pop("segmentation"), row.update(bbox=[1, 1, 2, 2])) for row in rows])
        with pytest.raises(DocumentError, match="boxes, keypoints and captions alone"):
            cocoseg.evaluate(*sides)

    def test_all_tasks(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides, task="all")
        assert result.tasks == ("semantic", "instances")
        self.check(result)


class TestCityscapesGolden:
    @pytest.fixture
    def result(self, tmp_path: Path) -> Evaluation:
        return cocoseg.evaluate(*evaluating.cityscapes(tmp_path), convention="cityscapes")

    def test_the_numbers(self, result: Evaluation) -> None:
        golden, rows = GOLDEN["cityscapes"], {row["name"]: row for row in result.classes()}
        assert len(rows) == 19
        assert {name: round(row["IoU"], 6) for name, row in rows.items() if row["IoU"] is not None} == golden["IoU"]
        weighted = {name: round(row["iIoU"], 6) for name, row in rows.items() if row["iIoU"] is not None}
        assert weighted == golden["iIoU (nIoU)"]
        assert round(result.headlines["mIoU"] or 0, 6) == golden["mean IoU"]
        assert round(result.headlines["mean iIoU"] or 0, 6) == golden["mean iIoU"]

    def test_its_categories(self, result: Evaluation) -> None:
        found = result.as_dict()["semantic"]
        numbers = {"IoU": found["groups"]["vehicle"], "iIoU": found["weighted"]["groups"]["vehicle"]}
        assert {name: round(number, 6) for name, number in numbers.items()} == GOLDEN["cityscapes"]["category vehicle"]

    def test_what_was_found_out_is_said(self, result: Evaluation) -> None:
        assert any("whose numbers are the ids of TRUTH's categories" in note for note in result.notes)
        assert any("'unlabeled'" in note and "are void" in note for note in result.notes)


class TestBoundaryGolden:
    def test_the_numbers(self, tmp_path: Path) -> None:
        golden = GOLDEN["boundary"]
        truth, prediction = (
            write_maps(tmp_path / side, box(golden["size"], golden[side]).astype(int)) for side in ("a", "b")
        )
        result = cocoseg.evaluate(truth, prediction, boundary=0.02)
        assert result.boundary is not None
        row = result.classes()[1]
        assert round(row["IoU"], 7) == golden["IoU"]
        assert round(row["boundary IoU"], 7) == golden["boundary IoU"]
        assert result.as_dict()["semantic"]["boundary"] == {"ratio": 0.02, "distances": [golden["distance"]]}

    def test_wide_boundaries_are_whole_masks(self, tmp_path: Path) -> None:
        truth, prediction, _ = evaluating.semantic(tmp_path)
        result = cocoseg.evaluate(truth, prediction, boundary=1.0)
        assert result.boundary is not None
        assert result.semantic is not None
        assert result.boundary.columns["boundary IoU"][:2] == result.semantic.columns["IoU"][:2]


class TestBadPairs:
    """Each costs itself, in a folder of three pairs."""

    GOOD = np.array([[0, 1, 1], [2, 2, 0]])

    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        return (write_maps(tmp_path / "truth", *[self.GOOD] * 3), write_maps(tmp_path / "prediction", *[self.GOOD] * 3))

    def only(self, sides: Any, file: str = "1.png", **options: Any) -> str:
        options = {"categories": write_classes(sides[0].parent / "classes.csv", *"xyz"), **options}
        result = cocoseg.evaluate(*sides, **options)
        assert (result.listed, result.images, result.failed) == (3, 2, 1)
        assert result.headlines["mIoU"] == 1.0
        (failure,) = result.failures
        assert failure.file == file
        found = result.as_dict()
        assert (found["listed"], found["images"], found["failed"]) == (3, 2, 1)
        return failure.category

    def test_another_size(self, sides: Any) -> None:
        write_map(sides[1] / "1.png", self.GOOD.T)
        assert self.only(sides) == "size.mismatch"

    def test_another_size_that_is_scaled(self, sides: Any) -> None:
        write_map(sides[1] / "1.png", self.GOOD.repeat(2, axis=0).repeat(3, axis=1))
        result = cocoseg.evaluate(*sides, size="nearest")
        assert (result.images, result.headlines["mIoU"]) == (3, 1.0)

    def test_a_value_out_of_range(self, sides: Any) -> None:
        write_map(sides[1] / "1.png", np.where(self.GOOD == 2, 9, self.GOOD))
        assert self.only(sides) == "id.unknown"

    def test_a_missing_prediction(self, sides: Any) -> None:
        (sides[1] / "1.png").unlink()
        assert self.only(sides) == "pair.missing"

    def test_a_missing_prediction_that_counts_as_empty(self, sides: Any) -> None:
        (sides[1] / "1.png").unlink()
        result = cocoseg.evaluate(*sides, missing="empty")
        assert (result.images, result.failures) == (3, [])
        assert result.headlines["aAcc"] == 2 / 3
        assert result.semantic is not None
        assert result.semantic.predicted_void == 1 / 3

    def test_two_predictions(self, sides: Any) -> None:
        (sides[1] / "x").mkdir()
        for name in ("0.png", "1.png", "2.png"):
            (sides[1] / name).rename(sides[1] / "x" / name)
        write_map(sides[1] / "y" / "1.png", self.GOOD)
        assert self.only(sides) == "pair.several"

    @pytest.mark.parametrize("side", [0, 1])
    def test_a_picture_that_is_cut(self, side: int, sides: Any) -> None:
        path = sides[side] / "1.png"
        path.write_bytes(path.read_bytes()[:-20])
        assert self.only(sides) == "png.corrupt"

    def test_a_picture_that_is_none(self, sides: Any) -> None:
        (sides[0] / "1.png").write_text("<html>")
        assert self.only(sides) == "png.corrupt"

    def test_an_extra_prediction_costs_nothing(self, sides: Any) -> None:
        write_map(sides[1] / "9.png", self.GOOD)
        result = cocoseg.evaluate(*sides)
        assert (result.listed, result.images, result.failures) == (3, 3, [])
        assert [problem.category for problem in result.problems] == ["pair.extra", "eval.identical"]


class TestGuards:
    def test_itself(self, tmp_path: Path) -> None:
        truth = evaluating.semantic(tmp_path)[0]
        result = cocoseg.evaluate(truth, truth)
        assert set(result.headlines.values()) == {1.0}
        assert [problem.category for problem in result.problems] == ["eval.identical"]

    @pytest.mark.parametrize("step", [1, -1])
    def test_shifted_by_a_class(self, step: int, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[1, 1, 2], [2, 3, 3]])
        shifted = write_maps(tmp_path / "shifted", np.array([[1, 1, 2], [2, 3, 3]]) + step)
        (problem,) = cocoseg.evaluate(truth, shifted).problems
        assert problem.category == "eval.off_by_one"
        assert f"classes {'lower' if step > 0 else 'higher'} by one" in problem.message

    def test_nothing_but_void(self, tmp_path: Path) -> None:
        truth = write_maps(tmp_path / "truth", [[255, 255]])
        result = cocoseg.evaluate(truth, write_maps(tmp_path / "prediction", [[1, 2]]))
        assert "eval.void" in [problem.category for problem in result.problems]
        assert set(result.headlines.values()) == {None}

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        truth = evaluating.semantic(tmp_path)[0]
        (tmp_path / "empty").mkdir()
        for sides in ((truth, tmp_path / "empty"), (tmp_path / "empty", truth)):
            with pytest.raises(DocumentError, match="is empty") as caught:
                cocoseg.evaluate(*sides)
            assert caught.value.category == "doc.empty"

    def test_swapped_arguments(self, tmp_path: Path) -> None:
        truth, results = evaluating.mask_ap(tmp_path)
        with pytest.raises(UsageError, match="so it is a prediction; the truth comes first") as caught:
            cocoseg.evaluate(results, truth)
        assert caught.value.category == "usage.order"


class TestTasks:
    @pytest.mark.parametrize(
        ("task", "reason"),
        [("panoptic", "class maps in the truth have classes but no instances"), ("instances", "class maps in the")],
    )
    def test_that_class_maps_cannot_tell(self, task: Any, reason: str, tmp_path: Path) -> None:
        truth, prediction, _ = evaluating.semantic(tmp_path)
        with pytest.raises(UsageError, match=reason) as caught:
            cocoseg.evaluate(truth, prediction, task=task)
        assert caught.value.category == "usage.task"
        assert "possible: semantic" in str(caught.value)

    def test_all_of_what_is_possible(self, tmp_path: Path) -> None:
        truth, prediction, _ = evaluating.semantic(tmp_path)
        assert cocoseg.evaluate(truth, prediction, task="all").tasks == ("semantic",)

    def test_that_is_misspelt(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="semantics"):
            cocoseg.evaluate(*evaluating.panoptic(tmp_path), task="semantics")  # type: ignore[arg-type]


class TestFailUnder:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path]:
        return evaluating.panoptic(tmp_path)

    def test_an_unknown_name(self, sides: Any) -> None:
        with pytest.raises(UsageError, match="did you mean 'PQ stuff'") as caught:
            cocoseg.evaluate(*sides, fail_under="PQ stuf=0.2")
        assert caught.value.category == "usage.fail_under"

    @pytest.mark.parametrize("wanted", ["PQ", "PQ=", "PQ=x", "PQ=20", "PQ=-1", "PQ=nan", ""])
    def test_what_is_no_number(self, wanted: str, sides: Any) -> None:
        with pytest.raises(UsageError):
            cocoseg.evaluate(*sides, fail_under=wanted)

    def test_what_is_lower(self, sides: Any) -> None:
        result = cocoseg.evaluate(*sides)
        assert result.below({"PQ": 0.2, "rq": 0.3}) == []
        assert result.below({"PQ": 0.24, "sq stuff": 0.5}) == [
            "PQ is 0.2333, under 0.24",
            "SQ stuff is 0.3958, under 0.5",
        ]

    def test_what_is_not_defined(self, tmp_path: Path) -> None:
        sides = evaluating.mask_ap(tmp_path)
        assert cocoseg.evaluate(*sides).below({"APl": 0.1}) == ["APl is not defined, under 0.1"]


def test_a_part_of_the_images(tmp_path: Path) -> None:
    truth, prediction, _ = evaluating.semantic(tmp_path)
    result = cocoseg.evaluate(truth, prediction, limit=1)
    assert result.images == 1
    assert round(result.headlines["mIoU"] or 0, 6) == SEMANTIC["picture A alone, mmseg rule"]["mIoU"]


class TestGoingOn:
    @pytest.fixture
    def sides(self, tmp_path: Path) -> tuple[Path, Path, Path]:
        truth, prediction, _ = evaluating.semantic(tmp_path)
        assert cocoseg.evaluate(truth, prediction, out=tmp_path / "out").kept == 0
        return truth, prediction, tmp_path / "out"

    def test_keeps_what_is_the_same(self, sides: Any) -> None:
        fresh, again = cocoseg.evaluate(*sides[:2]), cocoseg.evaluate(*sides[:2], out=sides[2])
        assert (again.kept, again.made) == (2, 0)
        assert again.as_dict() == fresh.as_dict()

    def test_counts_a_prediction_that_changed(self, sides: Any) -> None:
        write_map(sides[1] / "1.png", [[1, 1, 1], [0, 0, 0]])
        again = cocoseg.evaluate(*sides[:2], out=sides[2])
        assert (again.kept, again.made) == (1, 1)
        assert again.as_dict() == cocoseg.evaluate(*sides[:2]).as_dict()


def test_the_fake_results_of_val2014(real_data: Path, tmp_path: Path) -> None:
    """The results that pycocotools comes with, whose AP it prints: .320."""
    folder = real_data / "coco_instances"
    truth, results = folder / "instances_val2014_100.json", folder / "instances_val2014_fakesegm100_results.json"
    result = cocoseg.evaluate(truth, results, per_image=tmp_path / "rows.csv")
    assert (result.images, result.failures) == (100, [])
    assert result.instances is not None
    assert result.instances.results == 734
    assert round(result.headlines["AP"] or 0, 3) == 0.320
    assert round(result.headlines["AP50"] or 0, 3) == 0.562
    assert result.rows is not None
    assert sum(row["results"] for row in result.rows.values()) == 734
