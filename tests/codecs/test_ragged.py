"""Values and offsets against loops over the groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs.ragged import offsets_of, owners, ranges

LENGTHS = st.lists(st.integers(0, 5), max_size=8)


@settings(max_examples=100, deadline=None)
@given(LENGTHS)
def test_offsets_and_owners(lengths: list[int]) -> None:
    offsets = offsets_of(lengths)
    assert offsets.dtype == np.int64
    assert offsets.tolist() == [sum(lengths[:group]) for group in range(len(lengths) + 1)]
    expected = [group for group, length in enumerate(lengths) for _ in range(length)]
    assert owners(np.array(lengths, np.int64)).tolist() == expected


@settings(max_examples=100, deadline=None)
@given(LENGTHS, st.integers(1, 3), st.integers(0, 2**32))
def test_ranges(lengths: list[int], step: int, seed: int) -> None:
    starts = np.random.default_rng(seed).integers(-9, 9, len(lengths))
    found = ranges(starts, np.array(lengths, np.int64), step)
    expected = [start + step * k for start, length in zip(starts.tolist(), lengths, strict=True) for k in range(length)]
    assert found.tolist() == expected


@pytest.mark.parametrize("dtype", [np.bool_, np.intp, np.uint8])
def test_lengths_may_be_of_any_type(dtype: type) -> None:
    assert offsets_of(np.array([1, 0, 1], dtype)).tolist() == [0, 1, 1, 2]
