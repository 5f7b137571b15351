"""Samples in another size, against torch's ``nearest-exact`` on the painted pictures."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.codecs import rle
from cocoseg.codecs.nearest import resize_regions, resize_runs
from cocoseg.codecs.regions import find_regions

ODD = st.integers(0, 30).map(lambda half: 2 * half + 1)  # no centre is on a border
SIDES = st.integers(1, 99)


@settings(deadline=None)
@given(ODD, ODD, SIDES, SIDES, st.integers(0, 99))
def test_pictures_and_masks_become_what_torch_makes(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).integers(0, 4, (height, width))
    exact = torch.nn.functional.interpolate(
        torch.from_numpy(picture)[None, None].double(), (rows, columns), mode="nearest-exact"
    )[0, 0].numpy()
    regions = resize_regions(find_regions(picture, np.array([1, 2, 3]))[0], (rows, columns))
    assert np.array_equal(regions.paint(np.array([1, 2, 3]), outside=0), exact)
    masks = resize_runs(rle.encode(picture == np.arange(4)[:, None, None]), (rows, columns))
    assert np.array_equal(rle.decode(masks), exact == np.arange(4)[:, None, None])
