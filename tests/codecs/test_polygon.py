from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masks import lists_of
from pycocotools import mask as reference

from cocoseg.codecs import polygon
from cocoseg.codecs.polygon import Rings, fill
from cocoseg.codecs.rle import area
from cocoseg.codecs.segmentation import from_coco
from cocoseg.errors import SampleError

Polygon = list[list[float]]
WAYS = ("natively", "walked", "computed")

SCENES: dict[str, tuple[tuple[int, int], Polygon]] = {
    "square_on_pixel_corners": ((12, 12), [[0, 0, 0, 9, 9, 9, 9, 0]]),
    "square_on_pixel_middles": ((5, 5), [[0.5, 0.5, 3.5, 0.5, 3.5, 3.5, 0.5, 3.5]]),
    "over_the_upper_left": ((6, 6), [[-3, -3, 3, -3, 3, 3, -3, 3]]),
    "over_the_right": ((6, 6), [[2, 2, 30, 2, 30, 5, 2, 5]]),
    "all_around_the_image": ((4, 7), [[-9, -9, 20, -9, 20, 20, -9, 20]]),
    "ring_outside_the_image": ((6, 6), [[10, 10, 20, 10, 20, 20]]),
    "outside_to_the_left": ((6, 6), [[-10, 1, -2, 1, -2, 5]]),
    "two_parts_apart": ((9, 9), [[0, 0, 3, 0, 3, 3], [5, 5, 8, 5, 8, 8]]),
    "two_parts_touching": ((9, 9), [[0, 0, 4, 0, 4, 4, 0, 4], [4, 0, 8, 0, 8, 4, 4, 4]]),
    "two_parts_over_each_other": ((9, 9), [[0, 0, 6, 0, 6, 6, 0, 6], [3, 3, 9, 3, 9, 9, 3, 9]]),
    "part_within_a_part": ((9, 9), [[0, 0, 8, 0, 8, 8, 0, 8], [2, 2, 4, 2, 4, 4, 2, 4]]),
    "bowtie": ((60, 60), [[10, 10, 50, 50, 50, 10, 10, 50]]),
    "drawn_twice": ((20, 20), [[2, 2, 9, 2, 9, 9, 2, 9] * 2]),
    "closed_explicitly": ((20, 20), [[2, 2, 9, 2, 9, 9, 2, 9, 2, 2]]),
    "every_point_twice": ((20, 20), [[2, 2, 2, 2, 9, 2, 9, 2, 9, 9, 9, 9]]),
    "a_line": ((20, 20), [[2, 2, 9, 2, 5, 2]]),
    "smaller_than_a_pixel": ((20, 20), [[10.1, 10.1, 10.2, 10.1, 10.2, 10.2]]),
    "one_pixel_image": ((1, 1), [[0, 0, 1, 0, 1, 1, 0, 1]]),
    "one_row": ((1, 9), [[1, 0, 7, 0, 7, 1, 1, 1]]),
    "one_column": ((9, 1), [[0, 1, 1, 1, 1, 7, 0, 7]]),
    "far_vertex": ((100, 100), [[10, 10, 1e6, 10, 50, 50, 10, 50]]),
    "far_up_and_down": ((50, 50), [[10, -200_000, 30, 300_000, 40, -100_000.3]]),
}


def rings_of(polygons: list[Polygon]) -> Rings:
    rings = [ring for parts in polygons for ring in parts]
    points = np.array([number for ring in rings for number in ring], np.float64).reshape(-1, 2)
    return Rings(
        points, np.cumsum([0, *(len(ring) // 2 for ring in rings)]), np.cumsum([0, *(len(parts) for parts in polygons)])
    )


def expected_of(polygons: list[Polygon], size: tuple[int, int]) -> list[list[int]]:
    return lists_of(from_coco([reference.merge(reference.frPyObjects(parts, *size)) for parts in polygons]))


def choose(way: str, patch: pytest.MonkeyPatch) -> None:
    if way != "natively":
        patch.setattr(polygon, "native", None)
    if way == "computed":
        patch.setattr(polygon, "LONGEST_WALK", 0)


@pytest.fixture(params=WAYS)
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(request.param, monkeypatch)


@pytest.mark.usefixtures("_each_way")
@pytest.mark.parametrize(("size", "parts"), SCENES.values(), ids=SCENES)
def test_scenes(size: tuple[int, int], parts: Polygon) -> None:
    assert lists_of(fill(rings_of([parts]), size)) == expected_of([parts], size)


def test_all_scenes_in_one_call() -> None:
    polygons = [parts for _, parts in SCENES.values()]
    assert lists_of(fill(rings_of(polygons), (40, 50))) == expected_of(polygons, (40, 50))


numbers = st.one_of(
    st.floats(-15, 40, allow_nan=False),
    st.integers(-15, 40),
    st.integers(-150, 400).map(lambda tenth: tenth / 10),
    st.floats(-3000, 3000, allow_nan=False),
)
ring_lists = st.lists(numbers, min_size=6, max_size=16).map(lambda ring: ring[: len(ring) // 2 * 2])


@pytest.mark.long
@settings(max_examples=1000, deadline=None)
@given(
    st.lists(st.lists(ring_lists, min_size=1, max_size=3), min_size=1, max_size=4),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.sampled_from(WAYS),
)
def test_by_chance(polygons: list[Polygon], size: tuple[int, int], way: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        choose(way, patch)
        assert lists_of(fill(rings_of(polygons), size)) == expected_of(polygons, size)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(ring_lists, min_size=1, max_size=3), min_size=1, max_size=4))
def test_in_several_goes(polygons: list[Polygon]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        choose("computed", patch)
        patch.setattr(polygon, "_CHUNK", 7)
        assert lists_of(fill(rings_of(polygons), (25, 20))) == expected_of(polygons, (25, 20))


def test_masks_without_rings() -> None:
    rings = Rings(np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros(3, np.int64))
    assert lists_of(fill(rings, (2, 3))) == [[6], [6]]
    two_and_none = rings_of([SCENES["two_parts_over_each_other"][1], []])
    assert area(fill(two_and_none, (9, 9))).tolist() == [6 * 6 + 6 * 6 - 3 * 3, 0]


@pytest.mark.parametrize("far", [1e7, 1e8, -1e8])
def test_a_far_vertex_costs_nothing_more(far: float) -> None:
    started = time.perf_counter()
    found = area(fill(rings_of([[[10, 10, far, 10, 50, 50, 10, 50]]]), (100, 100)))
    assert found.tolist() == [3600 if far > 0 else 400]
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("ring", "category"),
    [
        ([1, 1, 2, 2], "poly.short"),
        ([1, 1, 2, 2, float("nan"), 3], "poly.nonfinite"),
        ([1, 1, 2, 2, float("-inf"), 3], "poly.nonfinite"),
        ([1, 1, 2, 2, 1e9, 3], "poly.range"),
        ([0, 0, 9, 9, 0, 9] * 40, "limit.points"),
    ],
)
def test_refused(ring: list[float], category: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choose("computed", monkeypatch)
    monkeypatch.setattr(polygon, "MOST_CROSSINGS", 500)
    with pytest.raises(SampleError) as caught:
        fill(rings_of([[ring]]), (10, 10))
    assert caught.value.category == category
