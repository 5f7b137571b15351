from __future__ import annotations

import numpy as np
import pytest

from cocoseg.errors import SampleError
from cocoseg.reshaping.tiles import check_number, tile_id, windows_of


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8), (9, 100)])
@pytest.mark.parametrize(("side", "overlap"), [(1, 0), (8, 0), (8, 7), (5, 2)])
def test_tiles_are_of_one_size_cover_all_and_share_at_least_the_overlap(
    size: tuple[int, int], side: int, overlap: int
) -> None:
    windows = windows_of(size, (side, side), overlap)
    assert windows.size == (min(side, size[0]), min(side, size[1]))
    for firsts, length, own in zip(windows[:2], size, windows.size, strict=True):
        assert firsts[0] == 0
        assert firsts[-1] + own == length
        assert (np.diff(firsts) <= side - overlap).all()
        assert (np.diff(firsts) > 0).all()


def test_ids_of_tiles_are_unique_and_fit_a_double() -> None:
    assert tile_id(1, 999_999, "") != tile_id(2, 0, "")
    assert tile_id(2**40, 3, "_y0_x3") == f"{2**40}_y0_x3"
    assert tile_id(-1, 3, "_y0_x3") == "-1_y0_x3"


def test_too_many_tiles_are_refused() -> None:
    with pytest.raises(SampleError) as caught:
        check_number(windows_of((2000, 2000), (1, 1), 0))
    assert caught.value.category == "limit.tiles"
