"""A prediction beside the truth, small."""

from __future__ import annotations

import numpy as np

from cocoseg.drawing.comparison import marked, side_by_side
from cocoseg.drawing.difference import MISSED, RIGHT
from cocoseg.labels import LabelClass, LabelScheme

SCHEME = LabelScheme(
    "two",
    (LabelClass(0, "background", (), color=(0, 0, 0)), LabelClass(1, "cup", (1,), color=(200, 0, 0))),
    unlabelled=0,
)
TRUTH = np.array([[1, 1, 0, 255]], np.uint8).repeat(4, axis=0)
PREDICTED = np.array([[1, 0, 0, 1]], np.uint8).repeat(4, axis=0)


def test_the_four_pictures_are_photo_truth_prediction_and_difference() -> None:
    photo = np.full((4, 4, 3), 100, np.uint8)
    ground, truth, predicted, apart = side_by_side(photo, TRUTH, PREDICTED, SCHEME, 4)
    np.testing.assert_array_equal(ground, photo)
    coloured = [(picture[0] != 100).any(axis=1).tolist() for picture in (truth, predicted, apart)]
    assert coloured == [[True, True, False, False], [True, False, False, True], [True, True, False, False]]
    hues = [np.argmax(np.abs(apart[0, k].astype(int) - 100)) for k in (0, 1)]
    assert hues[1] == int(np.argmax(np.abs(np.array(MISSED) - 100)))
    assert len(set(apart[0, 0].tolist())) == 1 == len(set(RIGHT))


def test_marked_pixels_are_red_and_the_others_grey() -> None:
    photo = np.dstack([np.full((4, 4), value, np.uint8) for value in (10, 200, 90)])
    found = marked(photo, TRUTH == 1, 4)
    assert (found[:, :2, 0] > 180).all()
    assert (found[:, :2, 1] < 80).all()
    assert (np.ptp(found[:, 2:].astype(int), axis=2) == 0).all()


def test_it_is_drawn_on_white_without_a_photo() -> None:
    assert (side_by_side(None, TRUTH, PREDICTED, SCHEME, 8)[0] == 255).all()
    assert marked(None, TRUTH == 1, 8).shape == (8, 8, 3)
