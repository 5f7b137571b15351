"""Differences of two class maps."""

from __future__ import annotations

import numpy as np
import pytest

import cocoseg
from cocoseg.errors import UsageError

NONE, RIGHT, MISSED, EXTRA, WRONG = (255,) * 3, (140,) * 3, (230, 25, 35), (30, 90, 255), (200, 30, 200)


def difference(truth: list[int], predicted: list[int], **options: object) -> list[tuple[int, ...]]:
    maps = np.array([truth], np.uint8), np.array([predicted], np.uint8)
    drawn = cocoseg.difference(None, *maps, alpha=1, **options)  # type: ignore[arg-type]
    return [tuple(color) for color in drawn[0].tolist()]


def test_with_a_background() -> None:
    truth, predicted = [0, 1, 1, 0, 2, 255, 1], [0, 1, 0, 1, 1, 1, 255]
    assert difference(truth, predicted, background=0) == [NONE, RIGHT, MISSED, EXTRA, WRONG, NONE, MISSED]


def test_without_a_background_every_pixel_has_a_class() -> None:
    assert difference([0, 1, 1, 255], [0, 1, 0, 0]) == [RIGHT, RIGHT, WRONG, NONE]
    assert difference([0, 1], [255, 1]) == [MISSED, RIGHT]


def test_of_one_class() -> None:
    truth, predicted = [0, 1, 1, 0, 2, 255, 2], [0, 1, 2, 1, 1, 1, 2]
    assert difference(truth, predicted, only=1) == [NONE, RIGHT, MISSED, EXTRA, EXTRA, NONE, NONE]


def test_void_is_any_number() -> None:
    assert difference([0, 1], [1, 1], void=0) == [NONE, RIGHT]


def test_the_photo_shows_through() -> None:
    photo = np.full((1, 2, 3), 100, np.uint8)
    drawn = cocoseg.difference(photo, np.array([[1, 0]]), np.array([[1, 0]]), background=0, alpha=0.5)
    assert drawn.tolist() == [[[120] * 3, [100] * 3]]
    assert (photo == 100).all()


@pytest.mark.parametrize(
    ("maps", "options", "category"),
    [
        ((np.zeros((1, 2), int), np.zeros((2, 1), int)), {}, "usage.class_map"),
        ((np.zeros((1, 2)), np.zeros((1, 2), int)), {}, "usage.class_map"),
        ((np.zeros((1, 2), int), np.full((1, 2), 70000)), {}, "usage.class_map"),
        ((np.zeros((1, 2), int), np.zeros((1, 2), int)), {"alpha": -1}, "usage.alpha"),
    ],
)
def test_wrong_values_are_refused(maps: tuple[np.ndarray, ...], options: dict[str, float], category: str) -> None:
    with pytest.raises(UsageError) as caught:
        cocoseg.difference(None, *maps, **options)  # type: ignore[arg-type]
    assert caught.value.category == category
