"""The native part's layers and rings against loops over pixels, and what it leaves to others."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocoseg.codecs import overlap, polygon, rle
from cocoseg.codecs import regions as regions_module
from cocoseg.codecs.regions import Regions, find_regions, pair_stretches
from cocoseg.native import native

STACKS = st.tuples(st.integers(0, 6), st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda shape: hnp.arrays(np.bool_, shape)
)


@pytest.fixture
def part() -> ModuleType:
    if native is None:
        pytest.skip("the native part was not built, or is turned off")
    return native


def by_loops(masks: np.ndarray, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The topmost mask of each pixel, and how many cover it."""
    top = np.full(masks.shape[1:], len(masks))
    for index in order:
        top[masks[index]] = index
    return top, masks.sum(axis=0)


def check_layers(masks: np.ndarray, order: list[int]) -> None:
    regions, contested = overlap.layers(rle.encode(masks), np.array(order, np.intp))
    top, covering = by_loops(masks, order)
    np.testing.assert_array_equal(regions.fill(regions.segments), top)
    np.testing.assert_array_equal(regions.fill(contested), covering > 1)


@settings(max_examples=300, deadline=None)
@given(STACKS, st.randoms(use_true_random=False))
def test_layers(masks: np.ndarray, random: Any) -> None:
    order = list(range(len(masks)))
    random.shuffle(order)
    check_layers(masks, order)


@pytest.mark.parametrize("count", [63, 64, 65, 129, 700])
def test_layers_of_many_masks(count: int) -> None:
    chance = np.random.default_rng(count)
    masks = chance.random((count, 9, 11)) < chance.random((count, 1, 1)) / 3
    check_layers(masks, chance.permutation(count).tolist())


def test_large_masks_are_sorted_in_several_passes() -> None:
    chance = np.random.default_rng(0)
    masks = np.repeat(np.repeat(chance.random((5, 40, 50)) < 0.5, 30, axis=1), 40, axis=2)
    check_layers(masks, [4, 2, 0, 1, 3])


def test_neighbouring_stretches_differ(part: ModuleType) -> None:
    masks = np.random.default_rng(1).random((9, 20, 20)) < 0.3
    regions, contested = overlap.layers(rle.encode(masks))
    assert (regions.lengths > 0).all()
    assert ((np.diff(regions.segments) != 0) | np.diff(contested)).all()


def as_bytes(*lists: list[int]) -> list[bytes]:
    return [np.array(numbers, np.int64).tobytes() for numbers in lists]


@pytest.mark.parametrize(
    ("counts", "offsets", "order", "pixels"),
    [
        ([2, 3], [0, 2], [0], 6),
        ([2, 5], [0, 2], [0], 6),
        ([7, -1], [0, 2], [0], 6),
        ([2**62, 2**62, 2**62, 2**62, 6], [0, 5], [0], 6),
        ([2, 4], [0, 3], [0], 6),
        ([2, 4], [1, 2], [0], 6),
        ([2, 4], [0, 2], [], 6),
        ([2, 4], [0, 2], [1], 6),
        ([2, 4], [0, 2], [-1], 6),
        ([2, 4], [], [0], 6),
        ([2, 4, 6], [0, 2, 3], [1, 1], 6),
        ([2, 4, 6], [0, 3, 2], [0, 1], 6),
        ([6], [0, 0, 1], [0, 1], 6),
        ([], [0], [], 0),
        ([2**32], [0, 1], [0], 2**32),
    ],
)
def test_what_are_no_masks_is_left_to_others(
    part: ModuleType, counts: Any, offsets: Any, order: Any, pixels: int
) -> None:
    assert part.layers(*as_bytes(counts, offsets, order), pixels) is None


def test_no_masks_leave_one_stretch(part: ModuleType) -> None:
    segments, lengths, contested = part.layers(*as_bytes([], [0], []), 6)
    assert [np.frombuffer(segments, np.int64), np.frombuffer(lengths, np.int64)] == [[0], [6]]
    assert contested == b"\0"


def test_empty_runs_within_a_mask_are_no_stretches(part: ModuleType) -> None:
    segments, lengths, _ = part.layers(*as_bytes([1, 2, 0, 1, 2, 0], [0, 6], [0]), 6)
    assert np.frombuffer(segments, np.int64).tolist() == [1, 0, 1]
    assert np.frombuffer(lengths, np.int64).tolist() == [1, 3, 2]


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 9)), elements=st.integers(0, 4)), st.booleans())
def test_planes(ids: np.ndarray, by_column: bool) -> None:
    """Masks 2 and 0 of ids 1 and 3; those of 2 and 4 are not wanted."""
    picture = ids.T if by_column else ids
    regions, _ = find_regions(np.ascontiguousarray(picture), np.array([1, 2, 3, 4], np.uint8))
    if by_column:
        regions = replace(regions, size=(ids.shape[0], ids.shape[1]), by_column=True)
    planes = regions.planes(np.array([2, 3, 0, 3], np.uint8), 3)
    np.testing.assert_array_equal(planes, [ids == 3, np.zeros_like(ids, np.bool_), ids == 1], strict=True)
    assert planes.flags.writeable


@pytest.mark.parametrize(
    ("numbers", "lengths", "masks"),
    [
        ([0, 1], [3, 2], 1),
        ([0, 1], [3, 4], 1),
        ([0, 1], [-3, 9], 1),
        ([0, 2], [3, 3], 1),
        ([-1], [6], 1),
        ([0], [3, 3], 1),
    ],
)
def test_what_is_no_picture_is_refused(part: ModuleType, numbers: Any, lengths: Any, masks: int) -> None:
    with pytest.raises(ValueError, match="not those of a picture"):
        part.planes(*as_bytes(numbers, lengths), masks, 6, np.empty(6 * masks, np.uint8))


RUNS = st.lists(st.integers(0, 5), min_size=1, max_size=9)


@settings(max_examples=300, deadline=None)
@given(RUNS, RUNS)
def test_pairs_are_those_of_numpy(first: list[int], second: list[int]) -> None:
    """Whether or not both end at the same pixel."""
    sides = [
        Regions((1, sum(runs)), 1, np.zeros(len(runs), np.intp), np.array(runs, np.intp)) for runs in (first, second)
    ]
    with pytest.MonkeyPatch.context() as patch:
        natively = pair_stretches(*sides)
        patch.setattr(regions_module, "native", None)
        by_numpy = pair_stretches(*sides)
    for one, other in zip(natively, by_numpy, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def test_pairs_of_no_runs_are_refused(part: ModuleType) -> None:
    with pytest.raises(ValueError, match="no runs"):
        part.pairs(b"", bytes(8))


@pytest.mark.parametrize("size", [5, 7, 0])
def test_planes_of_another_size_are_refused(part: ModuleType, size: int) -> None:
    with pytest.raises(ValueError, match="not those of a picture"):
        part.planes(*as_bytes([0], [6]), 1, 6, np.empty(size, np.uint8))


@pytest.mark.parametrize(("masks", "pixels"), [(2**62, 2**62), (2**32, 2**32), (1, 0), (0, 0)])
def test_sizes_that_wrap_are_refused(part: ModuleType, masks: int, pixels: int) -> None:
    with pytest.raises(ValueError, match="not those of a picture"):
        part.planes(b"", b"", masks, pixels, np.empty(0, np.uint8))


RING = [0.5, 0.5, 3.5, 0.5, 3.5, 3.5]


@pytest.mark.parametrize(
    "values",
    [
        (RING,),
        [(RING,)],
        [[tuple(RING)]],
        [[RING[:-1]]],
        [[RING[:4]]],
        [[[*RING, True, False]]],
        [[[*RING, "1", 2]]],
        [[[*RING, None, 2]]],
        [[[*RING, np.float64(1), 2]]],
        [[[*RING, 10**400, 2]]],
        [[[RING] * 6]],
        [RING],
        [[]] * 2 + [None],
        {"size": [3, 3]},
    ],
)
def test_other_things_than_lists_of_numbers_are_left_to_others(part: ModuleType, values: Any) -> None:
    assert part.points(values) is None


def test_rings_are_read_as_numpy_reads_them(part: ModuleType) -> None:
    values = [[[*RING, 2**53 + 1, -7], RING], [], [[1, 2, 3, 4, 5, 10**20]]]
    rings = polygon.read_rings(values)
    numbers = [number for mask in values for ring in mask for number in ring]
    np.testing.assert_array_equal(rings.points.reshape(-1), np.array(numbers, np.float64), strict=True)
    assert rings.ring_offsets.tolist() == [0, 4, 7, 10]
    assert rings.mask_offsets.tolist() == [0, 2, 2, 3]


@pytest.mark.parametrize(
    ("points", "rings", "masks", "size"),
    [
        ([*RING, float("nan"), 1], [0, 4], [0, 1], (5, 5)),
        ([*RING, float("inf"), 1], [0, 4], [0, 1], (5, 5)),
        ([*RING, 1.1e8, 1], [0, 4], [0, 1], (5, 5)),
        (RING[:4], [0, 2], [0, 1], (5, 5)),
        (RING, [0, 4], [0, 1], (5, 5)),
        (RING, [0, 2], [0, 1], (5, 5)),
        (RING, [1, 3], [0, 1], (5, 5)),
        (RING * 2, [0, 9, 6], [0, 2], (5, 5)),
        (RING * 2, [0, -3, 6], [0, 2], (5, 5)),
        (RING, [0, 3], [0, 2], (5, 5)),
        (RING, [0, 3], [0, 2**40, 1], (5, 5)),
        (RING, [0, 3], [], (5, 5)),
        (RING, [], [0], (5, 5)),
        (RING, [0, 3], [0, 1], (0, 5)),
        (RING, [0, 3], [0, 1], (2**16, 2**15)),
    ],
)
def test_what_are_no_outlines_is_left_to_others(
    part: ModuleType, points: Any, rings: Any, masks: Any, size: Any
) -> None:
    assert part.fill(np.array(points, np.float64).tobytes(), *as_bytes(rings, masks), *size) is None


@pytest.mark.parametrize("points", [np.float64, np.float32, np.int64, np.int32, np.uint8])
@pytest.mark.parametrize("offsets", [np.int64, np.int32])
def test_numbers_of_other_types_are_the_same_numbers(points: Any, offsets: Any) -> None:
    square = np.array([[1, 1], [5, 1], [5, 5], [1, 5]], points)
    rings = polygon.Rings(square, np.array([0, 4], offsets), np.array([0, 1], offsets))
    assert polygon.fill(rings, (7, 7)).counts.tolist() == [8, 4, 3, 4, 3, 4, 3, 4, 16]


def test_points_that_are_no_plain_memory_are_the_same_points() -> None:
    square = np.array([[1, 5, 5, 1], [1, 1, 5, 5]], np.float64).T
    rings = polygon.Rings(square, np.array([0, 4]), np.array([0, 1]))
    assert polygon.fill(rings, (7, 7)).counts.tolist() == [8, 4, 3, 4, 3, 4, 3, 4, 16]


def test_very_long_ways_are_left_to_others(part: ModuleType) -> None:
    zigzag = np.tile([[0.0, 0.0], [2000.0, 1.0]], (1100, 1))
    assert part.fill(zigzag.tobytes(), *as_bytes([0, len(zigzag)], [0, 1]), 9, 2000) is None


def test_a_ring_of_very_many_points_in_one_column() -> None:
    chance = np.random.default_rng(5)
    points = chance.integers(0, 400, (20_000, 2)) / 10
    rings = polygon.Rings(points, np.array([0, len(points)]), np.array([0, 1]))
    with pytest.MonkeyPatch.context() as patch:
        natively = polygon.fill(rings, (40, 40))
        patch.setattr(polygon, "native", None)
        by_others = polygon.fill(rings, (40, 40))
    np.testing.assert_array_equal(natively.counts, by_others.counts, strict=True)
    np.testing.assert_array_equal(natively.outlines, by_others.outlines, strict=True)
