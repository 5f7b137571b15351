from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masks import counts_of, dicts_of, draw, lists_of, packs
from pycocotools import mask as reference

from cocoseg.codecs import overlap, rle
from cocoseg.codecs.segmentation import from_coco, to_coco
from cocoseg.errors import SampleError

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools on NumPy 2

SCENES = {
    "nothing": draw("... / ..."),
    "everything": draw("### / ###"),
    "one_row": draw("#.##."),
    "one_column": draw("# / . / #"),
    "one_pixel": draw("#"),
    "run_over_a_column_end": draw(".#. / ##."),
    "checkers": draw("#.# / .#."),
    "two_masks": draw("#.. / #..", "..# / .##"),
}


@pytest.mark.parametrize("masks", SCENES.values(), ids=SCENES)
def test_scenes(masks: np.ndarray) -> None:
    same_as_the_oracles(masks)


@settings(max_examples=500, deadline=None)
@given(packs())
def test_by_chance(masks: np.ndarray) -> None:
    same_as_the_oracles(masks)


@settings(max_examples=60, deadline=None)
@given(packs(most=3), st.sampled_from("CFK"))
def test_masks_so_large_that_each_is_encoded_alone(masks: np.ndarray, order: Any) -> None:
    height, width = masks.shape[1:]
    large = np.tile(masks, (1, 1 + 64 // height, 1 + 64 // width))
    if order == "K":  # neither rows nor columns lie together
        large = np.repeat(large, 2, axis=2)[:, :, ::2]
    same_as_the_oracles(np.array(large, order=order, copy=order != "K"))
    assert lists_of(rle.encode(large.astype(np.int8) * -2)) == lists_of(rle.encode(large))
    assert len(rle.encode(large[:0])) == 0


def same_as_the_oracles(masks: np.ndarray) -> None:
    packed, expected = rle.encode(masks), dicts_of(masks)
    assert lists_of(packed) == [counts_of(mask) for mask in masks]
    assert [row["counts"].encode() for row in to_coco(packed)] == [row["counts"] for row in expected]
    assert np.array_equal(rle.decode(packed), masks)
    assert rle.decode(packed).flags.c_contiguous
    assert rle.area(packed).tolist() == reference.area(expected).tolist()
    assert rle.bbox(packed).tolist() == reference.toBbox(expected).tolist()
    assert lists_of(from_coco(expected)) == lists_of(packed)
    assert lists_of(from_coco(to_coco(packed, compressed=False))) == lists_of(packed)


@settings(max_examples=300, deadline=None)
@given(packs(), st.data())
def test_pieces_of_a_pack(masks: np.ndarray, data: st.DataObject) -> None:
    indices = np.array(data.draw(st.lists(st.integers(0, len(masks) - 1), max_size=6)), np.int64)
    packed = rle.encode(masks)
    assert np.array_equal(rle.decode(rle.take(packed, indices)), masks[indices])
    both = rle.concatenate([packed, rle.take(packed, indices)])
    assert np.array_equal(rle.decode(both), np.concatenate([masks, masks[indices]]))


@settings(max_examples=300, deadline=None)
@given(packs(least=0), st.data())
def test_empty_runs_are_taken_out(masks: np.ndarray, data: st.DataObject) -> None:
    lists = []
    for mask in masks:
        counts = counts_of(mask)
        for index in data.draw(st.lists(st.integers(0, len(counts)), max_size=3)):
            counts[index:index] = [0, 0]
        lists.append(counts)
    flat = np.array([count for counts in lists for count in counts], np.int64)
    packed = rle.pack(flat, np.cumsum([0, *map(len, lists)]), masks.shape[1:])
    assert lists_of(packed) == [counts_of(mask) for mask in masks]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32), st.integers(0, 5))
def test_a_map_of_numbers_in_one_pass(height: int, width: int, seed: int, count: int) -> None:
    numbers = np.random.default_rng(seed).integers(0, count + 1, (height, width))
    assert lists_of(rle.encode_numbers(numbers, count)) == [counts_of(numbers == number) for number in range(count)]


@settings(max_examples=300, deadline=None)
@given(packs(most=8, least=0), st.randoms(use_true_random=False))
def test_layers_are_the_usual_loop(masks: np.ndarray, random: object) -> None:
    order = list(range(len(masks)))
    random.shuffle(order)  # type: ignore[attr-defined]
    expected = np.zeros(masks.shape[1:], np.uint8)
    for index in order:
        expected[masks[index]] = index + 1
    regions, contested = overlap.layers(rle.encode(masks), np.array(order, np.intp))
    assert np.array_equal(regions.paint(np.arange(1, len(masks) + 1, dtype=np.uint8), outside=0), expected)
    several = masks.sum(axis=0) > 1
    assert regions.lengths[contested].sum() == several.sum()
    assert np.repeat(contested, regions.lengths).reshape(regions.size[::-1]).T.tolist() == several.tolist()
    assert regions.areas[:-1].tolist() == [(expected == index + 1).sum() for index in range(len(masks))]


def test_more_layers_than_a_float_has_bits() -> None:
    masks = np.random.default_rng(1).random((200, 13, 17)) < 0.1
    canvas = np.full((13, 17), 7, np.int32)
    expected = canvas.copy()
    for index, mask in enumerate(masks):
        expected[mask] = index
    overlap.paint(rle.encode(masks), np.arange(200), canvas)
    assert np.array_equal(canvas, expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int8", "int16", "int32", "int64", "float32"])
@pytest.mark.parametrize("layout", ["rows", "columns", "every_second"])
def test_paint_into_any_canvas(dtype: str, layout: str) -> None:
    canvas = np.full((6, 8), 5, dtype)[::2, ::2]
    if layout != "every_second":
        canvas = canvas.copy("F" if layout == "columns" else "C")
    masks = draw(".##. / .##. / ....", "..## / .... / ....", "...# / ...# / ...#")
    overlap.paint(rle.encode(masks), np.array([1, 127, 3], dtype), canvas, np.array([2, 0, 1]))
    assert canvas.tolist() == [[5, 1, 127, 127], [5, 1, 1, 3], [5, 5, 5, 3]]


def test_paint_refuses_another_size_and_too_few_values() -> None:
    packed = rle.encode(SCENES["two_masks"])
    with pytest.raises(SampleError, match="look swapped"):
        overlap.paint(packed, np.array([1, 2]), np.zeros((3, 2), np.int64))
    with pytest.raises(SampleError, match="1 values for 2 masks"):
        overlap.paint(packed, np.array([1]), np.zeros((2, 3), np.int64))


@settings(max_examples=300, deadline=None)
@given(packs(least=2, most=6))
def test_set_operations(masks: np.ndarray) -> None:
    half = len(masks) // 2
    one, two = masks[:half], masks[half : 2 * half]
    first, second = rle.encode(one), rle.encode(two)
    assert np.array_equal(rle.decode(overlap.intersection(first, second)), one & two)
    assert np.array_equal(rle.decode(overlap.difference(first, second)), one & ~two)
    assert lists_of(overlap.merge(rle.encode(masks))) == [counts_of(masks.any(axis=0))]
    groups = np.arange(len(masks)) % 2
    merged = overlap.merge(rle.encode(masks), groups, 2)
    assert lists_of(merged) == [counts_of(masks[groups == group].any(axis=0)) for group in range(2)]


@settings(max_examples=300, deadline=None)
@given(packs(least=2, most=7), st.lists(st.booleans(), min_size=7, max_size=7))
def test_iou_to_the_bit(masks: np.ndarray, crowd: list[bool]) -> None:
    found, truths = masks[: len(masks) // 2], masks[len(masks) // 2 :]
    flags = crowd[: len(truths)]
    expected = reference.iou(dicts_of(found), dicts_of(truths), flags)
    assert overlap.iou(rle.encode(found), rle.encode(truths), flags).tolist() == expected.tolist()


def test_iou_in_several_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = np.random.default_rng(1).random((9, 20, 20)) < 0.5
    whole = overlap.iou(rle.encode(masks[:4]), rle.encode(masks[4:]), [False] * 5)
    monkeypatch.setattr(overlap, "_PAIRS", 3)
    assert overlap.iou(rle.encode(masks[:4]), rle.encode(masks[4:]), [False] * 5).tolist() == whole.tolist()


def test_dicts_are_clean_json() -> None:
    row = json.loads(json.dumps(to_coco(rle.encode(SCENES["two_masks"]), compressed=False)))
    assert row == [{"size": [2, 3], "counts": [0, 2, 4]}, {"size": [2, 3], "counts": [3, 3]}]


@pytest.mark.parametrize(
    ("call", "category"),
    [
        (lambda: rle.encode(np.zeros((2, 2), bool)), "mask.shape"),
        (lambda: rle.encode(np.zeros((1, 2, 2))), "mask.type"),
        (lambda: rle.encode(np.zeros((1, 0, 2), bool)), "size.invalid"),
        (lambda: rle.pack(np.array([-1, 5]), np.array([0, 2]), (2, 2)), "rle.negative"),
        (lambda: rle.pack(np.array([2, 1]), np.array([0, 2]), (2, 2)), "rle.sum"),
        (lambda: rle.pack(np.array([2**62] * 4 + [4]), np.array([0, 5]), (2, 2)), "rle.sum"),
        (lambda: rle.pack(np.array([4]), np.array([0, 1, 1]), (2, 2)), "rle.empty"),
        (lambda: rle.pack(np.array([4]), np.array([0, 1]), (2**16, 2**16)), "limit.pixels"),
        (lambda: from_coco([]), "list.empty"),
    ],
)
def test_refused(call: object, category: str) -> None:
    with pytest.raises(SampleError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.category == category


def test_real_results_decode_as_pycocotools_does(real_data: Path) -> None:
    rows = json.loads((real_data / "coco_instances/instances_val2014_fakesegm100_results.json").read_text())
    assert len(rows) == 734
    images: dict[int, list[dict]] = {}
    for row in rows:
        images.setdefault(row["image_id"], []).append(row["segmentation"])
    for rles in images.values():
        packed = from_coco(rles)
        assert np.array_equal(rle.decode(packed), reference.decode(rles).transpose(2, 0, 1))
        assert [row["counts"] for row in to_coco(packed)] == [row["counts"] for row in rles]
        expected = reference.iou(rles, rles, [0] * len(rles)).tolist()
        assert overlap.iou(packed, packed, [False] * len(rles)).tolist() == expected
