"""Parts of pictures put together, against the pictures that they are of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import rle
from cocoseg.codecs.mosaic import Part, join_regions, join_runs, owned, shown
from cocoseg.codecs.regions import find_regions
from cocoseg.codecs.windows import crop_regions
from cocoseg.reshaping.tiles import windows_of

by_chance = settings(max_examples=60, deadline=None)
sides = st.integers(1, 14)


@by_chance
@given(st.integers(0, 2**32), sides, sides, st.integers(1, 6), st.integers(1, 6), st.integers(0, 5))
def test_what_is_cut_is_put_together(seed: int, height: int, width: int, tall: int, wide: int, overlap: int) -> None:
    ids = np.random.default_rng(seed).integers(0, 4, (height, width))
    windows = windows_of((height, width), (tall, wide), min(overlap, tall - 1, wide - 1))
    regions, _ = find_regions(ids, np.array([1, 2, 3]))
    tiles = list(crop_regions(regions, windows))
    boxes = owned(windows.offsets, [tile.size for tile in tiles], (height, width))
    parts = [Part(offset, box, np.arange(3)) for offset, box in zip(windows.offsets, boxes, strict=True)]
    whole = join_regions(list(tiles), parts, 3, (height, width))
    np.testing.assert_array_equal(whole.paint(np.array([1, 2, 3]), 0), ids)
    masks = [rle.encode(tile.paint(np.arange(3), 3) == np.arange(3)[:, None, None]) for tile in tiles]
    packed = join_runs(masks, parts, 3, (height, width))
    assert packed.counts.tolist() == rle.encode(ids == np.array([1, 2, 3])[:, None, None]).counts.tolist()


def test_a_pixel_is_of_the_tile_in_whose_middle_it_lies() -> None:
    boxes = owned([(0, 0), (0, 2), (0, 4)], [(1, 5)] * 3, (1, 9))
    assert [(box.left, box.right) for box in boxes] == [(0, 3), (3, 5), (5, 9)]


def test_what_is_of_no_tile_is_outside() -> None:
    regions, _ = find_regions(np.ones((1, 2), int), np.array([1]))
    offsets = [(0, 1), (2, 1)]
    boxes = owned(offsets, [(1, 2)] * 2, (4, 4))
    parts = [Part(offset, box, np.arange(1)) for offset, box in zip(offsets, boxes, strict=True)]
    found = join_regions([regions, regions], parts, 1, (4, 4)).paint(np.array([7]), 0)
    assert found.tolist() == [[0, 7, 7, 0], [0, 0, 0, 0], [0, 7, 7, 0], [0, 0, 0, 0]]
    assert join_regions([], [], 1, (1, 3)).paint(np.array([7]), 0).tolist() == [[0, 0, 0]]
    assert shown(offsets, [(1, 2)] * 2, (4, 4)) == 4
