"""How the number of a pixel tells class and instance, against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg.errors import SampleError
from cocoseg.files.png.write import write_class_map, write_rgb
from cocoseg.formats.maps.codes import CODES


def pairs(code: str, values: list[int]) -> list[tuple[int, int]]:
    classes, numbers = CODES[code].split(np.array(values, np.int64))
    return [(int(one), 0 if numbers is None else int(numbers[k])) for k, one in enumerate(classes)]


@given(classes=st.integers(1, 65), number=st.integers(0, 998))
def test_thousands(classes: int, number: int) -> None:
    assert pairs("thousands", [classes, classes * 1000 + number]) == [(classes, 0), (classes, number + 1)]


@given(classes=st.integers(0, 255), number=st.integers(0, 255))
def test_256_and_two_channels_are_each_others_mirror(classes: int, number: int) -> None:
    assert pairs("by-256", [classes * 256 + number]) == [(classes, number)]
    assert pairs("two-channel", [classes + 256 * number]) == [(classes, number)]


def test_plain_has_no_instances() -> None:
    assert CODES["plain"].split(np.array([7]))[1] is None


def test_pictures_of_numbers_are_read_as_they_are() -> None:
    numbers = np.array([[0, 26001, 65535]], np.uint16)
    for code in ("plain", "thousands", "by-256"):
        np.testing.assert_array_equal(CODES[code].read(write_class_map(numbers), (1, 3)), numbers)


def test_two_channels_are_read_from_rgb() -> None:
    rgb = np.array([[[7, 3, 0], [0, 0, 0]]], np.uint8)
    np.testing.assert_array_equal(CODES["two-channel"].read(write_rgb(rgb), (1, 2)), [[7 + 256 * 3, 0]])


@pytest.mark.parametrize(
    ("color", "words"), [((1, 2, 3), "looks like a panoptic PNG"), ((0, 0, 1), r"colour \(0, 0, 1\)")]
)
def test_blue_says_that_it_is_something_else(color: tuple[int, int, int], words: str) -> None:
    with pytest.raises(SampleError, match=words) as caught:
        CODES["two-channel"].read(write_rgb(np.full((2, 2, 3), color, np.uint8)), None)
    assert caught.value.category == "png.mode"


def test_a_photo_is_known_by_its_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    with pytest.raises(SampleError, match="looks like a photo"):
        CODES["two-channel"].read(write_rgb(noise), None)


def test_headers_are_checked_without_decoding() -> None:
    grey = write_class_map(np.zeros((2, 3), np.uint8))
    assert CODES["plain"].header(grey).size == (2, 3)
    with pytest.raises(SampleError, match="8-bit RGB"):
        CODES["two-channel"].header(grey)
