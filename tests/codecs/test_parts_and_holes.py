"""Connected parts and holes, beside those that scipy finds in the pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cocoseg.codecs.parts import parts_and_holes
from cocoseg.codecs.regions import Regions, find_regions
from cocoseg.codecs.rle import encode

PICTURES = arrays(np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


def recount(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Parts that touch at corners too, and holes: parts of the rest, inside a margin, that touch at sides."""
    ndimage = pytest.importorskip("scipy.ndimage")
    parts = ndimage.label(mask, np.ones((3, 3)))[1]
    return parts, ndimage.label(~np.pad(mask, 1))[1] - 1


@settings(max_examples=300, deadline=None)
@given(PICTURES)
def test_regions_have_the_parts_and_holes_of_their_pixels(picture: npt.NDArray[np.int64]) -> None:
    regions, _ = find_regions(picture, np.array([1, 2, 3]))
    parts, holes = parts_and_holes(regions)
    assert [*zip(parts.tolist(), holes.tolist(), strict=True)] == [recount(picture == k) for k in (1, 2, 3)]


@settings(max_examples=300, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))))
def test_masks_that_overlap_have_the_parts_and_holes_of_their_pixels(masks: npt.NDArray[np.bool_]) -> None:
    parts, holes = parts_and_holes(encode(masks))
    assert [*zip(parts.tolist(), holes.tolist(), strict=True)] == [recount(mask) for mask in masks]


def test_regions_along_columns_and_with_broken_runs_are_no_different() -> None:
    segments, lengths = np.array([0, 0, 1, 0, 0, 1]), np.array([2, 2, 0, 0, 1, 4])
    broken = Regions((3, 3), 1, segments, lengths, by_column=True)
    assert [counts.tolist() for counts in parts_and_holes(broken)] == [[1], [0]]


def test_a_long_comb_is_one_part() -> None:
    teeth = np.zeros((50, 401), np.bool_)
    teeth[:, ::2] = True
    assert parts_and_holes(encode(teeth[None]))[0].tolist() == [201]
    teeth[-1] = True
    assert [counts.tolist() for counts in parts_and_holes(encode(teeth[None]))] == [[1], [0]]


def test_nothing_has_no_parts() -> None:
    empty = encode(np.zeros((2, 3, 4), np.bool_))
    assert [counts.tolist() for counts in parts_and_holes(empty)] == [[0, 0], [0, 0]]
