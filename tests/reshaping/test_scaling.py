from __future__ import annotations

import numpy as np
import pytest

from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.model import Sample
from cocoseg.reshaping.scaling import Scaling


@pytest.mark.parametrize(
    ("old", "new"), [((100, 50), (10, 5)), ((3, 1000), (1, 10)), ((8, 10), (8, 10)), ((10, 11), (9, 10))]
)
def test_the_longer_side_is_at_most_so_long(old: tuple[int, int], new: tuple[int, int]) -> None:
    assert Scaling(longest=10).size(old) == new


@pytest.mark.parametrize("size", [(2, 3), (8, 12), (1, 1)])
def test_masks_and_pictures_are_scaled_alike(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 3, (4, 6))
    regions, _ = find_regions(picture, np.array([1, 2]))
    masks = rle.encode(np.stack([picture == 1, picture == 2]))
    both = [
        Sample("a", 1, np.array([1, 2]), category_ids=np.array([1, 1]), iscrowd=np.zeros(2, bool), shapes=shapes)
        for shapes in (regions, masks)
    ]
    one, other = (Scaling(to=size)(sample) for sample in both)
    np.testing.assert_array_equal(one.samples[0].id_map, other.samples[0].id_map)
    assert one.dropped == other.dropped == 2 - len(one.samples[0].ids)
