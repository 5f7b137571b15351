"""Small pictures of samples: what they show, and in which size."""

from __future__ import annotations

import numpy as np
import pytest

import cocoseg
from cocoseg.drawing.thumbnail import fitting, nearest, thumbnail, window

DATASET = cocoseg.read("fixtures/park/panoptic.json")
SCHEME = cocoseg.label_scheme("index", DATASET)


def test_a_small_picture_has_the_colours_of_overlay() -> None:
    sample = DATASET[0]
    small = thumbnail(None, sample, SCHEME, 140)
    large = cocoseg.overlay(None, sample, SCHEME, names=False)
    assert small.shape == (90, 140, 3)
    shown = nearest(large[..., 0], (90, 140))
    assert (small[..., 0] == shown).mean() > 0.85  # but for outlines, which are one pixel wide in both


def test_without_scaling_it_is_overlay() -> None:
    sample = DATASET[0]
    longest = max(sample.size)
    np.testing.assert_array_equal(
        thumbnail(None, sample, SCHEME, longest), cocoseg.overlay(None, sample, SCHEME, names=False)
    )


def test_only_some_classes_are_drawn() -> None:
    sample = DATASET[0]
    one = SCHEME.class_of[int(sample.category_ids[0])]
    some, none = thumbnail(None, sample, SCHEME, only={one}), thumbnail(None, sample, SCHEME, only={-1})
    assert (none == 255).all()
    covered = (sample.areas[sample.category_ids == sample.category_ids[0]].sum()) / np.prod(sample.size)
    assert ((some != 255).any(axis=2)).mean() == pytest.approx(covered, abs=0.02)


def test_a_box_is_in_the_middle_and_enlarged() -> None:
    sample = DATASET[0]
    photo = np.zeros((*sample.size, 3), np.uint8)
    photo[100:110, 200:210] = 255
    shown = thumbnail(photo, sample, SCHEME, 240, only={-1}, box=(200, 100, 10, 10))
    assert shown.shape == (240, 240, 3)
    assert shown[110:130, 110:130].min() > 200
    assert shown[:60].max() < 20


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (559, 359, 1, 1), (0, 0, 560, 360), (300, 0, 2, 360)])
def test_a_window_lies_in_the_image_and_holds_its_box(box: tuple[int, int, int, int]) -> None:
    rows, columns = window((360, 560), box)
    x, y, width, height = box
    assert 0 <= rows.start <= y
    assert y + height <= rows.stop <= 360
    assert 0 <= columns.start <= x
    assert x + width <= columns.stop <= 560


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 7)])
def test_sizes_are_at_least_one_pixel(size: tuple[int, int]) -> None:
    assert max(fitting(size, 240)) == 240
    assert min(fitting(size, 240)) >= 1


def test_the_nearest_pixel_is_that_below_the_middle() -> None:
    assert nearest(np.arange(8)[None], (1, 4)).tolist() == [[1, 3, 5, 7]]
    assert nearest(np.arange(2)[None], (1, 4)).tolist() == [[0, 0, 1, 1]]
