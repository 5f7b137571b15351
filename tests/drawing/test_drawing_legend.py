"""The legend: classes by their pixels, and what has no colour last."""

from __future__ import annotations

import numpy as np

from cocoseg.drawing.colors import class_colors
from cocoseg.drawing.legend import Row, beside, rows
from cocoseg.labels import LabelClass, LabelScheme

SCHEME = LabelScheme("two", (LabelClass(0, "road", (1,)), LabelClass(1, "sky", (2,)), LabelClass(2, "car", (3,))))
COLORS = class_colors(SCHEME)


def test_classes_come_by_their_pixels_and_void_last() -> None:
    found = rows({0: 5, 1: 70, 255: 900, 2: 0}, SCHEME, COLORS, None)
    assert [row.name for row in found] == ["sky", "road", "void"]
    assert found[-1].color is None
    assert found[0].color == tuple(COLORS[1].tolist())


def test_only_some_classes() -> None:
    assert [row.name for row in rows({0: 5, 1: 70, 255: 900}, SCHEME, COLORS, {0})] == ["road"]


def test_the_picture_stays_and_the_legend_is_beside_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (100, 80, 3), np.uint8)
    whole = beside(picture, rows({0: 5, 1: 70}, SCHEME, COLORS, None), 12)
    np.testing.assert_array_equal(whole[:, :80], picture)
    assert whole.shape[0] == 100
    assert (whole[12, 80 + 12] == COLORS[1]).all()


def test_a_low_picture_gets_room_for_its_legend() -> None:
    whole = beside(np.zeros((1, 9, 3), np.uint8), rows({0: 5, 1: 70, 2: 9}, SCHEME, COLORS, None), 12)
    assert whole.shape[0] > 3 * 12
    assert (whole[1:, :9] == 255).all()


def test_what_does_not_fit_is_counted() -> None:
    many = [Row(f"class {k}", 300 - k, (k % 200 + 1, 9, 9)) for k in range(300)]
    few = beside(np.zeros((200, 100, 3), np.uint8), many, 12)
    assert few.shape[0] == 200
    assert [tuple(few[12 + 18 * k, 112].tolist()) for k in range(9)] == [row.color for row in many[:9]]
    assert not (few[:, 130:] == 255).all()
    assert (few[12 + 18 * 9, 106:118] == 255).all()
