"""2-channel pictures of segments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cocoseg.codecs.regions import find_regions
from cocoseg.codecs.two_channel import two_channel
from cocoseg.errors import SampleError

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


@given(
    ids=hnp.arrays(np.int64, SIZES, elements=st.integers(0, 5)),
    category_ids=hnp.arrays(np.int64, 5, elements=st.integers(1, 3)),
    stuff=hnp.arrays(np.bool_, 3),
)
def test_pixel_by_pixel(ids: np.ndarray, category_ids: np.ndarray, stuff: np.ndarray) -> None:
    is_stuff = stuff[category_ids - 1]
    regions, _ = find_regions(ids, np.arange(1, 6))
    numbers = [0 if is_stuff[k] else int((category_ids[: k + 1] == category_ids[k]).sum()) for k in range(5)]
    table = [[0, 0, 0], *([int(category_ids[k]), numbers[k], 0] for k in range(5))]
    picture = two_channel(regions, category_ids, is_stuff)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.array(table)[ids])


@pytest.mark.parametrize(
    ("category_ids", "said"),
    [([256], "category id 256"), ([0], "category id 0"), ([7] * 256, "256 things of category 7")],
)
def test_what_does_not_fit(category_ids: list[int], said: str) -> None:
    count = len(category_ids)
    regions, _ = find_regions(np.arange(1, count + 1)[None], np.arange(1, count + 1))
    with pytest.raises(SampleError, match=said) as caught:
        two_channel(regions, np.array(category_ids), np.zeros(count, bool))
    assert caught.value.category == "two_channel.range"


def test_as_much_as_fits() -> None:
    regions, _ = find_regions(np.arange(1, 256)[None], np.arange(1, 256))
    picture = two_channel(regions, np.full(255, 255), np.zeros(255, bool))
    assert picture[0, -1].tolist() == [255, 255, 0]


def test_no_segments() -> None:
    regions, _ = find_regions(np.zeros((2, 3), int), np.empty(0, int))
    assert not two_channel(regions, np.empty(0, np.int64), np.empty(0, bool)).any()
