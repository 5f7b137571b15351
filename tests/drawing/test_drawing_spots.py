"""Points inside the largest part of each segment, against a flood fill."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cocoseg.drawing.spots import spots

PICTURES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: arrays(np.uint8, size, elements=st.integers(0, 3))
)


def parts(picture: np.ndarray, number: int) -> list[set[tuple[int, int]]]:
    """The parts of a segment: pixels that share a side."""
    left = set(map(tuple, np.argwhere(picture == number).tolist()))
    found = []
    while left:
        part, todo = set(), [left.pop()]
        while todo:
            y, x = todo.pop()
            part.add((y, x))
            beside = {(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)} & left
            left -= beside
            todo += beside
        found.append(part)
    return found


@given(PICTURES)
def test_each_point_is_in_a_largest_part(picture: np.ndarray) -> None:
    found = spots(picture, 3)
    for number in range(3):
        own = parts(picture, number)
        point = (int(found.y[number]), int(found.x[number]))
        if not own:
            assert (*point, found.pixels[number], found.top[number]) == (-1, -1, 0, -1)
            continue
        part = next(part for part in own if point in part)
        assert len(part) == max(map(len, own)) == found.pixels[number]
        assert found.top[number] == min(y for y, _ in part)


def test_the_point_of_a_disc_is_its_middle() -> None:
    y, x = np.mgrid[:41, :41]
    disc = np.where((y - 20) ** 2 + (x - 20) ** 2 <= 18**2, 0, 1).astype(np.uint8)
    found = spots(disc, 1)
    assert (found.y[0], found.x[0]) == (20, 20)


def test_the_point_of_a_thin_shape_with_a_thick_end_is_in_the_thick_end() -> None:
    picture = np.ones((30, 60), np.uint8)
    picture[14:16, :40] = 0
    picture[5:25, 40:] = 0
    found = spots(picture, 1)
    assert found.x[0] >= 40


def test_a_spiral_is_one_part() -> None:
    picture = np.ones((31, 31), np.uint8)
    top, left, bottom, right = 0, 0, 30, 30
    while top <= bottom and left <= right:
        picture[top, left : right + 1] = 0
        picture[top : bottom + 1, right] = 0
        picture[bottom, left + 2 : right + 1] = 0
        picture[top + 2 : bottom + 1, left + 2 if left + 2 < right else left] = 0
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    own = parts(picture, 0)
    assert spots(picture, 1).pixels[0] == max(map(len, own)) > 200


def test_there_may_be_no_segment() -> None:
    assert len(spots(np.zeros((3, 3), np.uint8), 0).y) == 0
