"""The table of images beside a page."""

from __future__ import annotations

import pytest

from cocoseg.page.rows import TITLES, cells, line
from cocoseg.stats.facts import ImageFacts


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ([], "0,,,"),
        ([0, 0], "2,,,"),
        ([7], "0,7,7,7"),
        ([9, 3, 5], "0,3,5,9"),
        ([3, 0, 5], "1,3,4,5"),
        ([91045, 130762], "0,91045,110903.5,130762"),
        ([1, 2, 4, 9], "0,1,3,9"),
        ([2**53 + 1, 2**53 + 3], "0,9007199254740993,9007199254740994,9007199254740995"),
    ],
)
def test_the_median_is_the_mean_of_the_two_in_the_middle(areas: list[int], expected: str) -> None:
    first = TITLES.index("empty_segments")
    assert TITLES[first : first + 4] == ("empty_segments", "smallest_area", "median_area", "largest_area")
    values = cells("a.png", ImageFacts(4, 4, areas=areas, categories=[1] * len(areas), crowds=[False] * len(areas)))
    assert line(values[first : first + 4]).decode() == f"{expected}\n"
