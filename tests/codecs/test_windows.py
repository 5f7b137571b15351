"""Windows of pictures, against slices of decoded ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.codecs.windows import Windows, crop_regions, crop_runs

by_chance = settings(max_examples=60, deadline=None)


def windows_in(random: np.random.Generator, size: tuple[int, int]) -> Windows:
    height, width = int(random.integers(1, size[0] + 1)), int(random.integers(1, size[1] + 1))
    tops = np.unique(random.integers(0, size[0] - height + 1, 3))
    return Windows(tops, np.unique(random.integers(0, size[1] - width + 1, 3)), (height, width))


@by_chance
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 12), st.integers(0, 4))
def test_masks_are_those_of_slices(seed: int, height: int, width: int, count: int) -> None:
    random = np.random.default_rng(seed)
    masks = random.random((count, height, width)) < random.random()
    packed = rle.encode(masks) if count else rle.Runs((height, width), np.zeros(0, np.int64), np.zeros(1, np.int64))
    windows = windows_in(random, (height, width))
    found = crop_runs(packed, windows)
    expected = [
        (window, mask, masks[mask, y : y + windows.size[0], x : x + windows.size[1]])
        for window, (y, x) in enumerate(windows.offsets)
        for mask in range(count)
    ]
    expected = [row for row in expected if row[2].any()]
    assert list(zip(found.windows.tolist(), found.masks.tolist(), strict=True)) == [row[:2] for row in expected]
    if expected:
        assert found.runs.counts.tolist() == rle.encode(np.stack([row[2] for row in expected])).counts.tolist()


@pytest.mark.parametrize("by_column", [False, True])
@by_chance
@given(seed=st.integers(0, 2**32), height=st.integers(1, 12), width=st.integers(1, 12))
def test_segments_are_those_of_slices(seed: int, height: int, width: int, by_column: bool) -> None:
    random = np.random.default_rng(seed)
    ids, windows = random.integers(0, 4, (height, width)), windows_in(random, (height, width))
    regions, _ = find_regions(ids.T if by_column else ids, np.array([1, 2, 3]))
    regions = replace(regions, size=(height, width), by_column=by_column, void=regions.segments == regions.count)
    for (y, x), part in zip(windows.offsets, crop_regions(regions, windows), strict=True):
        here = ids[y : y + windows.size[0], x : x + windows.size[1]]
        np.testing.assert_array_equal(part.paint(np.array([1, 2, 3]), 0), here)
        np.testing.assert_array_equal(part.fill(part.values(np.array([1, 2, 3]), 0, 9)), np.where(here == 0, 9, here))
