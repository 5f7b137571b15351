"""Colours over photos, outlines and hatching, against a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from cocoseg.codecs.looks import edges
from cocoseg.drawing import blend as room
from cocoseg.drawing.blend import blend, canvas, fill, hatched

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (9, 14, 3), np.uint8)
NUMBERS = RANDOM.integers(0, 4, (9, 14), np.uint8)  # 3 is none
COLORS = RANDOM.integers(0, 256, (3, 3), np.uint8)


def slow_blend(alpha: float) -> np.ndarray:
    share, expected = round(256 * alpha), PHOTO.copy()
    for y, x in np.ndindex(NUMBERS.shape):
        if NUMBERS[y, x] < 3:
            color = [int(value) for value in COLORS[NUMBERS[y, x]]]
            pairs = zip(PHOTO[y, x].tolist(), color, strict=True)
            expected[y, x] = [(under * (256 - share) + over * share) // 256 for under, over in pairs]
    return expected


@pytest.mark.parametrize("table", [1 << 24, 0])
@pytest.mark.parametrize("alpha", [0, 0.25, 0.5, 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_blend_is_what_a_loop_makes(alpha: float, table: int, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TABLE", table)
    before = PHOTO.copy()
    np.testing.assert_array_equal(blend(PHOTO, NUMBERS.astype(dtype), COLORS, alpha), slow_blend(alpha))
    np.testing.assert_array_equal(PHOTO, before)


def test_full_alpha_is_the_colour_itself() -> None:
    np.testing.assert_array_equal(blend(PHOTO, NUMBERS, COLORS, 1)[NUMBERS == 1], COLORS[NUMBERS[NUMBERS == 1]])


def test_many_segments_are_no_different() -> None:
    numbers = np.arange(300, dtype=np.uint16).reshape(15, 20)
    colors = RANDOM.integers(0, 256, (299, 3), np.uint8)
    photo = np.full((15, 20, 3), 77, np.uint8)
    drawn = blend(photo, numbers, colors, 1)
    np.testing.assert_array_equal(drawn.reshape(-1, 3)[:299], colors)
    assert drawn[14, 19].tolist() == [77, 77, 77]


def test_fill_leaves_what_has_no_segment() -> None:
    picture = PHOTO.copy()
    fill(picture, np.ones(NUMBERS.shape, np.bool_), NUMBERS, COLORS)
    np.testing.assert_array_equal(picture[NUMBERS == 3], PHOTO[NUMBERS == 3])
    np.testing.assert_array_equal(picture[NUMBERS < 3], COLORS[NUMBERS[NUMBERS < 3]])


def test_edges_are_pixels_beside_another_segment() -> None:
    expected = np.zeros(NUMBERS.shape, np.bool_)
    for y, x in np.ndindex(NUMBERS.shape):
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < 9 and 0 <= u < 14 and NUMBERS[v, u] != NUMBERS[y, x]:
                expected[y, x] = True
    np.testing.assert_array_equal(edges(NUMBERS), expected)


def test_edges_are_wider_in_large_pictures() -> None:
    row = np.zeros((1, 3000), np.uint8)
    row[:, 1500:] = 1
    assert edges(row[:, 1400:1600]).sum() == 2
    assert edges(row).sum() == 8


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_edges_of_narrow_pictures(size: tuple[int, int]) -> None:
    assert edges(np.zeros(size, np.uint8)).shape == size


def test_hatching_takes_half_of_a_crowd_and_nothing_else() -> None:
    numbers = np.zeros((40, 64), np.uint8)
    numbers[:, 32:] = 1
    shown = hatched(numbers, np.array([True, False]))
    assert (shown[:, :32] == 2).mean() == pytest.approx(0.5, abs=0.02)
    assert (shown[:, 32:] == 1).all()
    assert hatched(numbers, np.array([False, False])) is numbers


def test_without_a_photo_the_canvas_is_white() -> None:
    assert (canvas(None, (2, 3)) == 255).all()
    assert canvas(PHOTO, (9, 14)) is PHOTO
