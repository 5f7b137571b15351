"""Median areas on a page: exact, or marked where they are those of a bin."""

from __future__ import annotations

import pytest

from cocoseg.page.classes import Shares
from cocoseg.stats.classes import ClassStatistics


@pytest.mark.parametrize(
    ("areas", "shown"), [([], "–"), ([91045, 130762], "110,903"), ([3, 5, 9], "5"), ([100, 1000, 5000], "≈ 1,007")]
)
def test_a_median_says_where_it_is_rounded(areas: list[int], shown: str) -> None:
    stats = ClassStatistics()
    stats.areas.add(areas)
    assert Shares(stats, 0.0, 0.0, False).median == shown
