"""Every tool's numbers: the golden's, and plain code in the tools' own words on random pairs."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cocoseg import ConfusionMatrix
from cocoseg.errors import UsageError
from cocoseg.metrics.conventions import CONVENTIONS, SemanticResult

GOLDEN = json.loads(Path(__file__).parent.joinpath("golden/semantic.json").read_text())
NAMES = {
    "mmseg 1.2.2 IoUMetric (also Hugging Face mean_iou's arithmetic)": ["mmseg"],
    "mmseg nan_to_num=0": ["mmseg"],
    "ADE20K sceneparsing; erfnet iouEval": ["ade20k", "erfnet"],
    "COCO-Stuff (prediction void is booked as the last class)": ["cocostuff"],
    "detectron2 SemSegEvaluator; ultralytics (prediction void pixels dropped)": ["detectron2"],
}
PERCENT = ["mDice", "mFscore", "mPrecision", "mRecall"]


def golden(*pictures: int) -> ConfusionMatrix:
    matrix = ConfusionMatrix(5)
    for picture in pictures:
        matrix.update(GOLDEN["pictures"][picture]["truth"], GOLDEN["pictures"][picture]["prediction"])
    return matrix


@pytest.mark.parametrize(("title", "name"), [(title, name) for title, names in NAMES.items() for name in names])
def test_golden(title: str, name: Any) -> None:
    result = golden(0, 1).result(name)
    result = result.filled(0) if "nan_to_num" in title else result
    for key, expected in GOLDEN["conventions"][title].items():
        if key == "IoU":
            assert [None if row is None else round(row, 6) for row in result.columns[key]] == expected
        elif key in PERCENT or ("mmseg" in title and key == "mIoU"):
            assert round(100 * (result.headlines[key] or 0), 2) == expected
        else:
            assert round(result.headlines[key] or 0, 6) == expected


def test_golden_of_single_pictures() -> None:
    means = GOLDEN["means of other kinds"]
    found = [golden(picture).result().headlines["mIoU"] or 0 for picture in (0, 1)]
    assert [round(value, 6) for value in found] == means["image mIoU"]
    assert round(found[0], 6) == GOLDEN["picture A alone, mmseg rule"]["mIoU"]
    assert round(golden(0, 1).result().headlines["mIoU"] or 0, 6) == means["global"]


def test_the_example_of_the_survey() -> None:
    matrix = np.pad([[3, 0, 1], [0, 2, 0], [0, 1, 2]], (0, 1))
    result = ConfusionMatrix(3, matrix=matrix).result("survey")
    assert result.columns["CPA"] == pytest.approx((1, 2 / 3, 2 / 3))
    assert result.columns["IoU"] == pytest.approx((3 / 4, 2 / 3, 1 / 2))
    assert result.columns["Dice"] == pytest.approx((6 / 7, 4 / 5, 2 / 3))
    expected = {"PA": 7 / 9, "MPA": 7 / 9, "mIoU": 23 / 36, "FWIoU": 35 / 54, "mDice": (6 / 7 + 4 / 5 + 2 / 3) / 3}
    assert result.headlines == pytest.approx(expected)


def mmseg(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    prediction, truth = prediction[truth != 255], truth[truth != 255]
    intersect, label, predicted = (
        np.histogram(values, bins=count, range=(0, count - 1))[0].astype(float)
        for values in (prediction[prediction == truth], truth, prediction[prediction < count])
    )
    union = label + predicted - intersect
    precision, recall = intersect / predicted, intersect / label
    score = 2 * precision * recall / (precision + recall)
    dice = 2 * intersect / (predicted + label)
    return {
        "IoU": intersect / union, "Acc": recall, "Dice": dice, "Fscore": score, "Precision": precision,
        "Recall": recall, "mIoU": np.nanmean(intersect / union), "mAcc": np.nanmean(recall),
        "mDice": np.nanmean(dice), "mFscore": np.nanmean(score), "mPrecision": np.nanmean(precision),
        "mRecall": np.nanmean(recall), "aAcc": intersect.sum() / label.sum(),
    }  # fmt: skip


def detectron2(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    truth, prediction = np.where(truth == 255, count, truth), np.where(prediction == 255, count, prediction)
    matrix = np.bincount((count + 1) * prediction + truth, minlength=(count + 1) ** 2).reshape(count + 1, count + 1)
    acc, iou = np.full(count, np.nan), np.full(count, np.nan)
    tp = matrix.diagonal()[:-1].astype(float)
    true, predicted = matrix[:-1, :-1].sum(axis=0).astype(float), matrix[:-1, :-1].sum(axis=1).astype(float)
    valid = true > 0
    acc[valid] = tp[valid] / true[valid]
    iou[valid] = tp[valid] / (true + predicted - tp)[valid]
    return {
        "IoU": iou, "Acc": acc, "mIoU": iou[valid].sum() / valid.sum(), "mAcc": acc[valid].sum() / valid.sum(),
        "fwIoU": (iou * true / true.sum())[valid].sum(), "pAcc": tp.sum() / true.sum(),
    }  # fmt: skip


def cocostuff(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    return detectron2(truth, np.where(prediction == 255, count - 1, prediction), count)


def cityscapes(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    """The ignored label is the number after the classes."""
    matrix = np.zeros((count + 1, count + 1), np.longlong)
    np.add.at(matrix, (np.minimum(truth, count), np.minimum(prediction, count)), 1)
    iou = []
    for label in range(count):
        tp, fn = matrix[label, label], matrix[label, :].sum() - matrix[label, label]
        fp = matrix[[row for row in range(count) if row != label], label].sum()
        iou.append(float(tp) / (tp + fp + fn) if tp + fp + fn else np.nan)
    return {"IoU": np.array(iou), "mIoU": np.nanmean(iou)}


def ade20k(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    truth, prediction = (np.where(values == 255, 0, values + 1) for values in (truth, prediction))
    prediction = prediction * (truth > 0)
    intersection, label, predicted = (
        np.bincount(values, minlength=count + 1)[1:] for values in (prediction[prediction == truth], truth, prediction)
    )
    iou = intersection / (np.spacing(1) + label + predicted - intersection)
    return {"IoU": iou, "mIoU": iou.mean(), "pAcc": intersection.sum() / (truth > 0).sum()}


def erfnet(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    x, y = (np.stack([values == label for label in range(count)]) for values in (prediction, truth))
    ignores = truth == 255
    tp, fp, fn = (x & y).sum(1), (x & ~y & ~ignores).sum(1), (~x & y).sum(1)
    iou = tp.astype(float) / (tp.astype(float) + fp + fn + 1e-15)
    return {"IoU": iou, "mIoU": iou.mean()}


def survey(truth: np.ndarray, prediction: np.ndarray, count: int) -> dict[str, Any]:
    found = mmseg(truth, prediction, count)
    share = np.bincount(truth[truth != 255], minlength=count) / (truth != 255).sum()
    weighted = (share * found["IoU"])[share > 0].sum()
    return {"CPA": found["Precision"], "MPA": found["mPrecision"], "PA": found["aAcc"], "FWIoU": weighted} | {
        key: found[key] for key in ("IoU", "Dice", "mIoU", "mDice")
    }


def plain(result: SemanticResult) -> dict[str, Any]:
    return {**result.columns, **result.headlines}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("oracle", [mmseg, detectron2, cocostuff, cityscapes, ade20k, erfnet, survey])
def test_the_tools_own_words_on_500_random_pairs(oracle: Any) -> None:
    rng = np.random.default_rng(7)
    for _ in range(500):
        count = int(rng.integers(1, 8))
        values = np.append(rng.choice(count, rng.integers(1, count + 1), replace=False), 255)
        truth, prediction = rng.choice(values, 40), rng.choice([*range(count), 255], 40)
        prediction = np.where(rng.random(40) < 0.5, truth, prediction)
        truth[0], prediction[0] = values[0], values[0]
        matrix = ConfusionMatrix(count)
        matrix.update(truth, prediction)
        found, expected = plain(matrix.result(oracle.__name__)), oracle(truth, prediction, count)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            here = np.array(found[key], np.float64)
            np.testing.assert_allclose(here, value, rtol=1e-14, atol=0, err_msg=key)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_nothing_is_undefined_silently(name: Any) -> None:
    result = ConfusionMatrix(2).result(name)
    numbers = [row for column in result.columns.values() for row in column] + list(result.headlines.values())
    assert set(numbers) <= ({0.0, None} if name in ("ade20k", "erfnet") else {None})
    assert (result.pixels, result.predicted_void, result.convention) == (0, None, name)
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_truth_against_itself_is_whole() -> None:
    matrix = ConfusionMatrix(4)
    matrix.update([[0, 1, 2, 3, 255]], [[0, 1, 2, 3, 255]])
    for name in CONVENTIONS:
        for value in plain(matrix.result(name)).values():
            assert value == pytest.approx(np.ones(np.shape(value))), name  # erfnet adds 1e-15


def test_groups_are_classes_of_merged_pixels() -> None:
    matrix = ConfusionMatrix(4)
    matrix.update([[0, 1, 2, 3, 3, 255]], [[1, 1, 0, 3, 255, 0]])
    result = matrix.result("cityscapes", groups=["flat", "flat", "sky", None])
    assert result.groups == {"flat": 2 / 3, "sky": 0.0}
    assert result.headlines["mIoU of groups"] == 1 / 3
    assert matrix.result().groups == {}
    assert matrix.result(groups=[None] * 4).groups == {}
    assert matrix.result(groups=[None] * 4).headlines["mIoU of groups"] is None
    # COCO-Stuff books void as the last class, which is here of the group flat
    assert matrix.result("cocostuff", groups=["flat", "sky", "sky", "flat"]).groups == {"flat": 0.5, "sky": 1 / 3}
    with pytest.raises(UsageError, match="2 numbers or groups for 4 classes"):
        matrix.result(groups=["a", "b"])


def test_pixels_of_a_class_without_a_group_count_against_groups() -> None:
    """Background has no supercategory, but what is predicted there is wrong."""
    matrix = ConfusionMatrix(2)
    matrix.update([[0, 0, 0, 1]], [[0, 0, 1, 1]])
    assert matrix.result(groups=[None, "animal"]).groups == {"animal": 0.5}


def test_an_unknown_convention_is_named() -> None:
    with pytest.raises(
        UsageError, match="the convention is 'mmsge'; did you mean 'mmseg'?.*expected one of mmseg, det"
    ):
        ConfusionMatrix(2).result("mmsge")  # type: ignore[arg-type]
