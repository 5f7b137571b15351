"""Regions against the loop over pixels that they replace."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from dataclasses import replace

import masks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocoseg.codecs import rle
from cocoseg.codecs.overlap import layers
from cocoseg.codecs.regions import Regions, find_regions, pair_regions, rows_from_columns, runs

SIZES = st.tuples(st.integers(1, 8), st.integers(1, 8)) | st.sampled_from([(1, 1), (1, 30), (30, 1)])


def scene(drawing: str) -> np.ndarray:
    """``"aab / .cc"`` -> ids: a is 1, b is 2 ...; a dot is void."""
    rows = [[0 if letter == "." else ord(letter) - 96 for letter in row.strip()] for row in drawing.split("/")]
    return np.array(rows, np.uint32)


def regions_of(drawing: str, *listed: int) -> tuple[Regions, list[int]]:
    regions, strangers = find_regions(scene(drawing), np.array(listed, np.uint32))
    return regions, strangers.tolist()


def by_pixel(ids: np.ndarray, listed: list[int], values: list[int], outside: int) -> np.ndarray:
    painted = np.empty(ids.shape, int)
    for pixel in np.ndindex(ids.shape):
        number = int(ids[pixel])
        painted[pixel] = values[listed.index(number)] if number in listed else outside
    return painted


@st.composite
def pictures(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Ids (H, W) of few values, large ones too, and some of them listed in any order."""
    values = draw(st.lists(st.integers(1, 2**24 - 1) | st.integers(1, 5), min_size=1, max_size=6, unique=True))
    dtype = draw(st.sampled_from([np.uint32, np.int64]))
    ids = draw(hnp.arrays(dtype, draw(SIZES), elements=st.sampled_from([0, *values])))
    extra = draw(st.lists(st.integers(1, 2**24 - 1), max_size=2))
    listed = draw(st.permutations(sorted(set(values[draw(st.integers(0, 2)) :] + extra))))
    return ids, np.array(listed, dtype)


@given(pictures(), st.data())
@settings(max_examples=200, deadline=None)
def test_painting_is_what_the_loop_over_pixels_paints(picture: tuple[np.ndarray, np.ndarray], data) -> None:
    ids, listed = picture
    values = data.draw(hnp.arrays(data.draw(st.sampled_from([np.uint8, np.uint16])), len(listed)))
    outside = data.draw(st.integers(0, 255))
    regions, strangers = find_regions(ids, listed)
    painted = regions.paint(values, outside)
    assert painted.dtype == values.dtype
    assert painted.flags.c_contiguous
    np.testing.assert_array_equal(painted, by_pixel(ids, listed.tolist(), values.tolist(), outside))
    assert strangers.tolist() == sorted(set(ids.ravel().tolist()) - set(listed.tolist()) - {0})


@given(pictures())
@settings(max_examples=150, deadline=None)
def test_areas_are_counted_pixels_of_each_segment_and_of_none(picture: tuple[np.ndarray, np.ndarray]) -> None:
    ids, listed = picture
    regions, _ = find_regions(ids, listed)
    counted = Counter(ids.ravel().tolist())
    expected = [counted[number] for number in listed.tolist()]
    assert regions.areas.dtype == np.int64
    assert regions.areas.tolist() == [*expected, ids.size - sum(expected)]
    assert (regions.size, regions.count) == (ids.shape, len(listed))


@given(hnp.arrays(st.sampled_from([np.uint8, np.uint32, np.int64]), st.integers(1, 60), elements=st.integers(0, 2)))
@settings(max_examples=150, deadline=None)
def test_runs_are_those_of_groupby(flat: np.ndarray) -> None:
    values, lengths = runs(flat)
    groups = [(value, len(list(group))) for value, group in itertools.groupby(flat.tolist())]
    assert list(zip(values.tolist(), lengths.tolist(), strict=True)) == groups
    assert values.dtype == flat.dtype


def test_segments_keep_the_order_in_which_they_are_listed() -> None:
    regions, _ = regions_of("aab / .bb", 2, 1)
    assert regions.areas.tolist() == [3, 2, 1]
    assert regions.paint(np.array([20, 10], np.uint8), 9).tolist() == [[10, 10, 20], [9, 20, 20]]


def test_a_run_may_go_on_in_the_next_row() -> None:
    regions, _ = regions_of("abb / bba", 1, 2)
    assert regions.lengths.tolist() == [1, 4, 1]


def test_a_segment_in_two_parts_is_one_segment() -> None:
    regions, _ = regions_of("aba / aba", 1, 2)
    assert regions.areas.tolist() == [4, 2, 0]


def test_a_listed_segment_without_pixels_has_area_zero() -> None:
    regions, strangers = regions_of("aa / aa", 3, 1)
    assert regions.areas.tolist() == [0, 4, 0]
    assert strangers == []


def test_nothing_listed_makes_everything_outside() -> None:
    regions, strangers = regions_of("ab / ..")
    assert strangers == [1, 2]
    assert regions.areas.tolist() == [4]
    assert regions.paint(np.array([], np.uint8), 255).tolist() == [[255, 255], [255, 255]]


def test_strangers_below_between_and_above_the_listed_ids_belong_to_no_segment() -> None:
    regions, strangers = regions_of("abc / def", 2, 5)
    assert strangers == [1, 3, 4, 6]
    assert regions.paint(np.array([20, 50], np.uint8), 0).tolist() == [[0, 20, 0], [0, 50, 0]]


def test_void_is_never_a_stranger_and_may_be_another_number() -> None:
    assert regions_of("... / ...", 1)[1] == []
    regions, strangers = find_regions(np.array([[5, 9]]), np.array([9]), void=5)
    assert strangers.size == 0
    assert regions.areas.tolist() == [1, 1]


def test_ids_below_void_are_strangers() -> None:
    regions, strangers = find_regions(np.array([[-3, 0, 4]]), np.array([4]))
    assert strangers.tolist() == [-3]
    assert regions.areas.tolist() == [1, 2]


@pytest.mark.parametrize("view", [np.transpose, np.flipud, lambda ids: ids[:, ::2]], ids=["turned", "flipped", "thin"])
def test_ids_may_lie_in_memory_in_any_way(view) -> None:
    ids = view(np.arange(12, dtype=np.uint32).reshape(3, 4))
    listed = np.arange(1, 12, dtype=np.uint32)
    regions, _ = find_regions(ids, listed)
    np.testing.assert_array_equal(regions.paint(listed, 0), ids)


def test_values_beyond_the_dtype_are_refused_not_wrapped() -> None:
    regions, _ = regions_of("a.", 1)
    with pytest.raises(OverflowError):
        regions.paint(np.array([1], np.uint8), outside=256)


def test_regions_travel_between_processes() -> None:
    regions, _ = regions_of("aab / .bb", 1, 2)
    twin = pickle.loads(pickle.dumps(regions))
    values = np.array([3, 4], np.uint8)
    np.testing.assert_array_equal(twin.paint(values, 9), regions.paint(values, 9))
    assert twin.areas.tolist() == regions.areas.tolist()


@given(masks.packs(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_boxes_are_those_of_the_pixels(drawn: np.ndarray, turned: bool) -> None:
    regions, _ = layers(rle.encode(drawn))
    if turned:  # the same runs, along the rows of a picture that lies on its side
        regions = replace(regions, size=regions.size[::-1], by_column=False)
    top = regions.paint(np.arange(len(drawn)), outside=-1)
    for number, box in enumerate(regions.boxes.tolist()):
        ys, xs = np.nonzero(top == number)
        expected = [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1] if len(xs) else [0, 0, 0, 0]
        assert box == expected


def test_no_segment_has_no_box() -> None:
    regions, _ = find_regions(np.zeros((2, 3), np.int64), np.zeros(0, np.int64))
    assert regions.boxes.shape == (0, 4)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.tuples(st.integers(1, 9), st.integers(1, 9)), st.booleans(), st.booleans())
def test_pairs_of_segments_share_the_pixels_that_a_loop_counts(seed, size, turned, other_turned) -> None:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, rng.integers(1, 5, (2, 1, 1)), (2, *size))
    sides = []
    for picture, by_column in zip(pictures, (turned, other_turned), strict=True):
        flat = rows_from_columns(picture) if by_column else picture
        values, lengths = runs(flat.reshape(-1))
        doubled = np.repeat(values, 2), np.stack([lengths, lengths * 0], axis=1).reshape(-1)
        sides.append(Regions(size, 4, *doubled, by_column=by_column))
    counted: Counter[tuple[int, int]] = Counter()
    for one, two, length in zip(*(column.tolist() for column in pair_regions(*sides)), strict=True):
        counted[one, two] += length
    expected = Counter(zip(pictures[0].reshape(-1).tolist(), pictures[1].reshape(-1).tolist(), strict=True))
    assert {pair: pixels for pair, pixels in counted.items() if pixels} == expected
