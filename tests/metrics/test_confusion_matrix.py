"""The confusion matrix against a loop over pixels."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cocoseg
from cocoseg import ConfusionMatrix
from cocoseg.codecs.regions import Regions, find_regions, rows_from_columns
from cocoseg.errors import SampleError, UsageError

GOLDEN = json.loads(Path(__file__).parent.joinpath("golden/semantic.json").read_text())
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


def counted(truth: np.ndarray, prediction: np.ndarray, num_classes: int, void: int) -> np.ndarray:
    """A pixel at a time."""
    matrix = np.zeros((num_classes + 1,) * 2, np.int64)
    for pair in zip(truth.reshape(-1).tolist(), prediction.reshape(-1).tolist(), strict=True):
        row, column = (num_classes if value == void else value for value in pair)
        matrix[row, column] += 1
    return matrix


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Truth, prediction, classes and void: blocks or noise, types that may differ, absent classes, void on both sides."""
    types = [np.dtype(draw(st.sampled_from(TYPES))) for _ in range(2)]
    highest = min(int(np.iinfo(dtype).max) for dtype in types)
    num_classes = draw(st.sampled_from([1, 2, 5, 100] + [300] * (highest > 300)))
    void = draw(st.sampled_from([num_classes, min(highest, 65535), 0]))
    shape = draw(st.sampled_from([(0, 3), (1, 1), (4, 5), (2, 3, 4), (2, 20, 30), (7,)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = np.append(rng.choice(num_classes, min(num_classes, draw(st.integers(1, 5)))), void)
    pictures = [rng.choice(values, shape).astype(dtype) for dtype in types]
    if draw(st.booleans()):
        pictures = [np.repeat(picture, 9, axis=-1) for picture in pictures]
    return pictures[0], pictures[1], num_classes, void


@settings(deadline=None, max_examples=500)
@given(pairs())
def test_counts_what_a_loop_over_pixels_counts(case: tuple[np.ndarray, np.ndarray, int, int]) -> None:
    truth, prediction, num_classes, void = case
    matrix = ConfusionMatrix(num_classes, void)
    matrix.update(truth, prediction)
    expected = counted(truth, prediction, num_classes, void)
    assert (matrix.matrix == expected).all()
    assert matrix.matrix.dtype == np.int64
    assert matrix.pixels == expected[:-1].sum()
    twice = matrix + matrix
    matrix.update(truth, prediction)
    assert matrix == twice


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint16"])
@pytest.mark.parametrize("noise", [0.0, 1.0, 0.02])
def test_pictures_of_several_strips(dtype: str, noise: float) -> None:
    rng = np.random.default_rng(3)
    coarse = rng.choice([0, 1, 2, 18, 255], (2, 30, 40))
    truth = np.repeat(np.repeat(coarse, 20, axis=1), 20, axis=2).astype(dtype)
    prediction = np.roll(truth, 5, axis=2)
    strange = rng.random(truth.shape) < noise
    prediction[strange] = rng.integers(0, 19, strange.sum())
    prediction[1, 300:] = prediction[0, 300:]
    matrix = ConfusionMatrix(19)
    matrix.update(truth, prediction)
    assert (matrix.matrix == counted(truth, prediction, 19, 255)).all()
    transposed = ConfusionMatrix(19)
    transposed.update(truth.swapaxes(1, 2), prediction.swapaxes(1, 2))
    assert transposed == matrix


def test_golden() -> None:
    matrix = ConfusionMatrix(GOLDEN["num_classes"], GOLDEN["void"])
    for picture in GOLDEN["pictures"]:
        matrix.update(picture["truth"], picture["prediction"])
    assert matrix.matrix.tolist() == GOLDEN["confusion (rows truth 0..4 void, columns prediction 0..4 void)"]
    assert (matrix.pixels, matrix.predicted_void) == (12, 1 / 12)


def test_bool_is_two_classes() -> None:
    matrix = ConfusionMatrix(2)
    matrix.update(np.array([[True, False]]), np.array([[True, True]]))
    assert matrix.matrix.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("size", [1, 400])
@pytest.mark.parametrize(
    ("side", "dtype", "value"),
    [("truth", "uint8", 19), ("prediction", "uint8", 254), ("prediction", "int64", -1), ("truth", "int32", 70000),
     ("prediction", "uint64", 2**64 - 1), ("truth", "int8", -100)],
)  # fmt: skip
def test_values_out_of_range_are_named_and_nothing_is_counted(side: str, dtype: str, value: int, size: int) -> None:
    rng = np.random.default_rng(1)
    sides = {name: rng.integers(0, 19, (size, size)).astype(dtype) for name in ("truth", "prediction")}
    sides[side][-1, -1] = value
    matrix = ConfusionMatrix(19, void=255 if dtype != "int8" else 127)
    with pytest.raises(
        SampleError, match=f"the {side} has the value {value} at 1 of .* class from 0 to 18 or void"
    ) as e:
        matrix.update(**sides)
    assert e.value.category == "classmap.range"
    assert not matrix.matrix.any()


def test_values_out_of_range_of_types_that_do_not_hold_all_classes() -> None:
    for num_classes in (126, 127, 128, 300):
        with pytest.raises(SampleError, match="the prediction has the value -128 at 1 of 2 pixels"):
            ConfusionMatrix(num_classes, void=1000).update([[0, 1]], np.array([[0, -128]], np.int8))


def test_several_values_out_of_range() -> None:
    with pytest.raises(
        SampleError, match="the truth has 2 pixels of values such as 7, expected a class from 0 to 1 or"
    ):
        ConfusionMatrix(2).update([[7, 8]], [[0, 0]])


def test_shapes_and_types_that_are_refused() -> None:
    matrix = ConfusionMatrix(2)
    with pytest.raises(SampleError, match=r"the prediction has shape \(1, 3\), expected the truth's \(1, 2\)") as error:
        matrix.update(np.zeros((1, 2), int), np.zeros((1, 3), int))
    assert error.value.category == "size.mismatch"
    with pytest.raises(UsageError, match=r"the prediction has shape \(1, 2\) and dtype float64, expected integers"):
        matrix.update(np.zeros((1, 2), int), np.zeros((1, 2)))
    with pytest.raises(UsageError, match="num_classes is 0"):
        ConfusionMatrix(0)
    with pytest.raises(UsageError, match="void is 'a', expected a number"):
        ConfusionMatrix(2, "a")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="num_classes is 'a'"):
        ConfusionMatrix("a")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"shape \(2, 2\), expected \(3, 3\)"):
        ConfusionMatrix(2, matrix=np.zeros((2, 2)))


def test_the_usual_void() -> None:
    assert (ConfusionMatrix(255).void, ConfusionMatrix(256).void, ConfusionMatrix(256, 0).void) == (255, 65535, 0)


def test_a_class_that_is_void_has_no_pixels() -> None:
    matrix = ConfusionMatrix(3, void=0)
    matrix.update([[0, 1, 2]], [[1, 0, 2]])
    assert matrix.matrix.tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
    assert matrix.result("erfnet").columns["IoU"] == (None, 0.0, pytest.approx(1.0))


def test_matrices_add_up_pickle_and_compare() -> None:
    one, two = ConfusionMatrix(2), ConfusionMatrix(2)
    one.update([[0, 1]], [[0, 0]])
    two.update([[1, 255]], [[1, 1]])
    total = sum([one, two], ConfusionMatrix(2))
    assert one != two
    assert one != 2
    assert pickle.loads(pickle.dumps(total)) == total
    kept = one
    one += two
    assert one is kept
    assert one == total
    assert repr(total) == "ConfusionMatrix(2, void=255; 3 pixels)"
    with pytest.raises(UsageError, match=r"ConfusionMatrix\(2, void=255; 3 pixels\) and ConfusionMatrix\(2, void=0; "):
        one += ConfusionMatrix(2, 0)
    with pytest.raises(UsageError, match="can't be added"):
        one + ConfusionMatrix(3)


def test_merging_classes_is_merging_pixels() -> None:
    rng = np.random.default_rng(5)
    truth, prediction = rng.choice([0, 1, 2, 3, 4, 255], (2, 30, 30))
    numbers = [1, None, 0, 1, 2]
    table = np.full(256, 255)
    table[:5] = [255 if number is None else number for number in numbers]
    matrix, expected = ConfusionMatrix(5), ConfusionMatrix(3)
    matrix.update(truth, prediction)
    expected.update(table[truth], table[prediction])
    assert matrix.merged(numbers) == expected
    with pytest.raises(UsageError, match="2 numbers or groups for 5 classes"):
        matrix.merged([0, 1])
    with pytest.raises(UsageError, match="the number of a class is below 0"):
        matrix.merged([0, 1, 2, 3, -1])


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_predictions_that_are_off_by_one_are_noticed(step: int) -> None:
    truth = np.random.default_rng(0).integers(1, 5, (20, 20))
    matrix = ConfusionMatrix(6)
    matrix.update(truth, truth - step)
    assert matrix.off_by_one == step
    assert ConfusionMatrix(6).off_by_one == 0


def test_long_sums_do_not_overflow() -> None:
    matrix = ConfusionMatrix(1)
    matrix.update(np.zeros((100, 100), np.uint8), np.zeros((100, 100), np.uint8))
    for _ in range(40):
        matrix += matrix
    assert matrix.pixels == 10_000 << 40


def test_it_is_public() -> None:
    assert cocoseg.ConfusionMatrix is ConfusionMatrix


def scene(rng: np.random.Generator, shape: tuple[int, int], count: int, by_column: bool) -> Regions:
    picture = np.repeat(rng.integers(0, count + 1, (shape[0], -(-shape[1] // 3))), 3, axis=1)[:, : shape[1]]
    regions = find_regions(rows_from_columns(picture) if by_column else picture, np.arange(1, count + 1))[0]
    return replace(regions, size=shape, by_column=by_column, void=rng.random(len(regions.lengths)) < 0.1)


@pytest.mark.parametrize("by_column", [(False, False), (True, True), (False, True), (True, False)])
def test_regions_count_what_their_pictures_count(by_column: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        shape = (int(rng.integers(1, 9)), int(rng.integers(1, 12)))
        sides = [scene(rng, shape, 5, one) for one in by_column]
        values = [side.values(rng.choice([0, 1, 2, 255], 5), 1, void=255) for side in sides]
        matrix, expected = ConfusionMatrix(3), ConfusionMatrix(3)
        matrix.update_regions(sides[0], values[0], sides[1], values[1])
        expected.update(*(side.fill(value) for side, value in zip(sides, values, strict=True)))
        assert matrix == expected


def test_regions_that_cannot_be_counted_are_refused() -> None:
    rng = np.random.default_rng(2)
    small, large = scene(rng, (2, 3), 2, False), scene(rng, (2, 4), 2, False)
    ones = [np.ones(len(side.lengths), int) for side in (small, large)]
    matrix = ConfusionMatrix(2)
    with pytest.raises(SampleError, match=r"the prediction's size is \[2, 4\], expected the truth's \[2, 3\]") as error:
        matrix.update_regions(small, ones[0], large, ones[1])
    assert error.value.category == "size.mismatch"
    with pytest.raises(SampleError, match="the truth has the value 7 at 6 of 6 pixels"):
        matrix.update_regions(small, 7 * ones[0], small, ones[0])
    with pytest.raises(UsageError, match=r"the prediction has values of shape \(0,\), .* one for each run"):
        matrix.update_regions(small, ones[0], small, ones[0][:0])
    assert not matrix.matrix.any()
