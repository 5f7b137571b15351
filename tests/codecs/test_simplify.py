from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masks import draw, packs
from pycocotools import mask as reference

import cocoseg
from cocoseg.codecs import rle
from cocoseg.codecs.contour import agreement, outline, to_polygons
from cocoseg.codecs.polygon import Rings, fill
from cocoseg.codecs.simplify import simplify
from cocoseg.errors import UsageError


def ring_of(*corners: tuple[float, float]) -> Rings:
    return Rings(np.array(corners, np.float64), np.array([0, len(corners)]), np.array([0, 1]))


def corners_of(rings: Rings) -> list[list[tuple[float, float]]]:
    points = [tuple(point) for point in rings.points.tolist()]
    return [points[start:stop] for start, stop in zip(rings.ring_offsets[:-1], rings.ring_offsets[1:], strict=True)]


def squared_distance(point: complex, start: complex, end: complex) -> Fraction:
    """In fractions, since the last bit may decide which of two corners is farther."""
    x, y = Fraction(point.real) - Fraction(start.real), Fraction(point.imag) - Fraction(start.imag)
    to_x, to_y = Fraction(end.real) - Fraction(start.real), Fraction(end.imag) - Fraction(start.imag)
    length = to_x**2 + to_y**2
    share = min(max((x * to_x + y * to_y) / length, Fraction(0)), Fraction(1)) if length else Fraction(0)
    return (x - share * to_x) ** 2 + (y - share * to_y) ** 2


def one_after_the_other(line: list[complex], tolerance: float) -> list[complex]:
    """Douglas and Peucker by the book: the line without its last point."""
    away = [squared_distance(point, line[0], line[-1]) for point in line[1:-1]]
    if not away or max(away) <= tolerance**2:
        return line[:1]
    cut = away.index(max(away)) + 1
    return one_after_the_other(line[: cut + 1], tolerance) + one_after_the_other(line[cut:], tolerance)


def oracle(ring: list[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    points = [complex(*corner) for corner in ring]
    away = [abs(point - points[0]) ** 2 for point in points]
    pinned = [number for number, corner in enumerate(ring) if ring.count(corner) > 1]
    pinned = sorted({0, away.index(max(away)), *pinned})
    closed = [*points, points[0]]
    left: list[complex] = []
    for start, stop in zip(pinned, [*pinned[1:], len(points)], strict=True):
        left += one_after_the_other(closed[start : stop + 1], tolerance)
    corners = [(point.real, point.imag) for point in left]
    return ring if len(left) < 3 or not pixels(ring_of(*corners)) else corners


def pixels(ring: Rings) -> int:
    size = np.ceil(ring.points.max(axis=0)).astype(int).tolist()
    return int(rle.area(fill(ring, (size[1], size[0])))[0])


def test_a_corner_on_the_line_goes_and_one_off_it_stays() -> None:
    ring = ring_of((0, 0), (5, 0), (10, 0), (10, 10), (5, 12), (0, 10))
    assert corners_of(simplify(ring, 0)) == [[(0, 0), (10, 0), (10, 10), (5, 12), (0, 10)]]
    assert corners_of(simplify(ring, 1.9)) == [[(0, 0), (10, 0), (10, 10), (5, 12), (0, 10)]]
    assert corners_of(simplify(ring, 2.1)) == [[(0, 0), (10, 0), (10, 10), (0, 10)]]


def test_a_step_within_the_tolerance_goes() -> None:
    ring = ring_of((0, 0), (4, 0), (4, 1), (9, 1), (9, 9), (0, 9))
    assert corners_of(simplify(ring, 1)) == [[(0, 0), (9, 1), (9, 9), (0, 9)]]


def test_a_ring_that_would_collapse_stays() -> None:
    masks = rle.encode(draw("....... / .#####. / ....... / ......."))
    assert to_polygons(simplify(outline(masks), 50)) == [[[1, 1, 6, 1, 6, 2, 1, 2]]]


def test_a_ring_that_would_fill_no_pixel_stays() -> None:
    masks = rle.encode(draw(".#.. / .#.. / ###. / #### / #.## / #.## / ##.."))
    rings = outline(masks)
    assert corners_of(simplify(rings, 3)) == corners_of(rings)


def test_of_any_tolerance_no_part_vanishes() -> None:
    masks = np.random.default_rng(6).random((400, 14, 11)) < np.linspace(0.2, 0.8, 400)[:, None, None]
    for tolerance in (2, 3, 5, 1e200):
        rings = simplify(outline(rle.encode(masks)), tolerance)
        for polygons in to_polygons(rings):
            assert all(area > 0 for area in reference.area(reference.frPyObjects(polygons, 14, 11)).tolist())


def test_bridges_keep_no_width() -> None:
    mask = np.zeros((40, 40), np.bool_)
    y, x = np.mgrid[:40, :40]
    away = np.hypot(x - 20, y - 20)
    mask[(away < 19) & (away > 6)] = True
    masks = rle.encode(mask[None])
    rings = simplify(outline(masks), 1)
    corners = corners_of(rings)[0]
    edges = set(zip(corners, corners[1:] + corners[:1], strict=True))
    assert len([edge for edge in edges if edge[::-1] in edges]) == 2
    assert len(corners) < len(outline(masks).points) / 2
    assert agreement(rings, masks)[0] > 0.9


def test_no_rings() -> None:
    rings = outline(rle.encode(np.zeros((2, 3, 3), np.bool_)))
    assert len(simplify(rings, 1)) == 2
    assert to_polygons(simplify(rings, 1)) == [[], []]


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf")])
def test_no_tolerance(tolerance: float) -> None:
    with pytest.raises(UsageError, match="expected a number of pixels, 0 or more"):
        simplify(ring_of((0, 0), (1, 0), (1, 1)), tolerance)


@settings(max_examples=300, deadline=None)
@given(packs(), st.sampled_from([0, 0.5, 0.75, 1, 1.5, 3]))
def test_outlines_as_one_after_the_other(masks: np.ndarray, tolerance: float) -> None:
    rings = outline(rle.encode(masks))
    found = simplify(rings, tolerance)
    assert corners_of(found) == [oracle(ring, tolerance) for ring in corners_of(rings)]
    assert found.mask_offsets is rings.mask_offsets


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=40), st.floats(0, 9))
def test_any_ring_stays_within_the_tolerance(corners: list[tuple[int, int]], tolerance: float) -> None:
    found = corners_of(simplify(ring_of(*corners), tolerance))[0]
    assert found[0] == corners[0]
    ends = list(zip(found, found[1:] + found[:1], strict=True))
    for corner in corners:
        near = min(squared_distance(complex(*corner), complex(*start), complex(*end)) for start, end in ends)
        assert near <= (tolerance + 1e-9) ** 2


@pytest.mark.parametrize("source", ["coco_instances/instances_val2014_100.json", "coco_stuff/stuff_examples.json"])
def test_real_masks(source: str, real_data: Path) -> None:
    before = after = 0
    shares = []
    for sample in cocoseg.read(real_data / source):
        masks = sample.shapes
        assert isinstance(masks, rle.Runs)
        rings = outline(masks)
        rough = simplify(rings, 1)
        before, after = before + len(rings.points), after + len(rough.points)
        shares.append(agreement(rough, masks))
    assert after < before / 3
    assert np.concatenate(shares).mean() > 0.95


def test_of_two_corners_as_far_away_the_first_stays() -> None:
    masks = rle.encode(draw("#.###.# / ####### / ##.##.# / ######. / ####### / ######. / #######"))
    assert corners_of(simplify(outline(masks), 0.5)) == [oracle(ring, 0.5) for ring in corners_of(outline(masks))]
