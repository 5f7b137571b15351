"""The panoptic colour code against its formula, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocoseg.codecs.panoptic import (
    ID_LIMIT,
    VOID,
    check_ids,
    ids_from_rgb,
    listed_regions,
    rgb_from_ids,
    swap_red_and_blue,
)
from cocoseg.errors import SampleError

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7)) | st.sampled_from([(1, 1), (1, 40), (40, 1), (0, 3), (3, 0)])


def formula(picture: np.ndarray) -> np.ndarray:
    """R + 256 G + 65536 B, pixel by pixel, without the fourth channel."""
    ids = np.zeros(picture.shape[:2], np.uint32)
    for pixel in np.ndindex(ids.shape):
        red, green, blue = map(int, picture[pixel][:3])
        ids[pixel] = red + 256 * green + 65536 * blue
    return ids


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    height, width = draw(SIZES)
    return draw(hnp.arrays(np.uint8, (height, width, draw(st.sampled_from([3, 4])))))


@given(pictures())
@settings(max_examples=150, deadline=None)
def test_ids_are_those_of_the_formula(picture: np.ndarray) -> None:
    before = picture.copy()
    ids = ids_from_rgb(picture)
    assert ids.dtype == np.uint32
    assert ids.shape == picture.shape[:2]
    np.testing.assert_array_equal(ids, formula(picture))
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    "view",
    [
        lambda p: p[::-1],
        lambda p: p[:, ::-1],
        lambda p: p[::2, 1::3],
        lambda p: p.transpose(1, 0, 2),
        lambda p: np.asfortranarray(p),
        lambda p: p[2:3, 4:5],
    ],
    ids=["upside down", "mirrored", "every second", "turned", "by columns", "one pixel"],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_may_lie_in_memory_in_any_way(view, channels: int) -> None:
    picture = view(np.random.default_rng(0).integers(0, 256, (9, 11, channels), np.uint8))
    np.testing.assert_array_equal(ids_from_rgb(picture), formula(picture))


def test_a_picture_that_may_not_be_written_to_is_read() -> None:
    picture = np.full((2, 2, 3), 1, np.uint8)
    picture.flags.writeable = False
    assert (ids_from_rgb(picture) == 65793).all()


@pytest.mark.parametrize(
    ("color", "number"),
    [((0, 0, 0), VOID), ((1, 0, 0), 1), ((0, 1, 0), 256), ((0, 0, 1), 65536), ((255, 255, 255), ID_LIMIT - 1)],
)
def test_red_counts_ones_green_256_blue_65536(color: tuple[int, int, int], number: int) -> None:
    assert ids_from_rgb(np.array([[color]], np.uint8)).item() == number
    assert tuple(rgb_from_ids(np.array([[number]]))[0, 0]) == color


def test_alpha_is_no_part_of_an_id_not_even_of_a_neighbours() -> None:
    opaque, clear = np.full((3, 5, 4), 255, np.uint8), np.full((3, 5, 4), 255, np.uint8)
    clear[..., 3] = 0
    np.testing.assert_array_equal(ids_from_rgb(opaque), ids_from_rgb(clear))


@given(hnp.arrays(st.sampled_from([np.uint32, np.int32, np.int64]), SIZES, elements=st.integers(0, ID_LIMIT - 1)))
@settings(max_examples=100, deadline=None)
def test_ids_come_back_from_their_picture(ids: np.ndarray) -> None:
    picture = rgb_from_ids(ids)
    assert picture.dtype == np.uint8
    assert picture.shape == (*ids.shape, 3)
    np.testing.assert_array_equal(ids_from_rgb(picture), ids)


@given(hnp.arrays(st.sampled_from([np.uint32, np.int64]), st.integers(0, 20), elements=st.integers(0, ID_LIMIT - 1)))
@settings(max_examples=100, deadline=None)
def test_swapping_is_what_reading_bgr_as_rgb_does(ids: np.ndarray) -> None:
    bgr = rgb_from_ids(ids[None])[..., ::-1]
    np.testing.assert_array_equal(swap_red_and_blue(ids), ids_from_rgb(bgr)[0])
    np.testing.assert_array_equal(swap_red_and_blue(swap_red_and_blue(ids)), ids)


class TestCheckIds:
    @pytest.mark.parametrize("ids", [[], [1], [ID_LIMIT - 1, 1], [3, 1, 2]])
    def test_passes_ids_of_a_png_each_once(self, ids: list[int]) -> None:
        check_ids(np.array(ids, np.int64))

    @pytest.mark.parametrize(
        ("ids", "category"),
        [([0], "id.range"), ([1, -1], "id.range"), ([ID_LIMIT], "id.range"), ([5, 1, 5], "id.duplicate")],
    )
    def test_refuses_others(self, ids: list[int], category: str) -> None:
        with pytest.raises(SampleError) as caught:
            check_ids(np.array(ids, np.int64))
        assert caught.value.category == category

    def test_leaves_the_ids_as_they_are(self) -> None:
        ids = np.array([3, 1, 2])
        check_ids(ids)
        assert ids.tolist() == [3, 1, 2]


def test_listed_regions_are_those_of_the_picture() -> None:
    regions = listed_regions(np.array([[1, 2, 0], [2, 2, 0]], np.uint32), np.array([2, 1], np.uint32))
    assert regions.areas.tolist() == [3, 1, 2]


@pytest.mark.parametrize(
    ("ids", "listed", "advice"),
    [
        ([1, 2], [1], "segment id 2 that segments_info does not list; list it, or paint it 0 (void)"),
        ([65536, 512], [1, 512], "segment id 65536 that segments_info does not list; R and B look swapped"),
        (range(1, 9), [1], "segment id 2, 3, 4, 5, 6, ... that"),
    ],
)
def test_an_id_that_is_not_listed_is_named(ids: Sequence[int], listed: list[int], advice: str) -> None:
    with pytest.raises(SampleError) as caught:
        listed_regions(np.array([ids], np.uint32), np.array(listed, np.uint32))
    assert caught.value.category == "panoptic.unknown_id"
    assert advice in str(caught.value)
