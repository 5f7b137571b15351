"""Charts as numbers: bins, axes and marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg.page.charts import HIGH, Bars, Tick, bars, dots, histogram, shares
from cocoseg.stats.histogram import Histogram


def of(values: list[int]) -> Histogram:
    found = Histogram()
    found.add(values)
    return found


def bounds(row: list[str]) -> tuple[int, int]:
    low, _, high = row[0].replace(",", "").partition("–")
    return int(low), int(high or low)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_bins_hold_every_value_once(values: list[int]) -> None:
    chart = histogram([of(values)], "area", ["segments"])
    for row in chart.rows:
        low, high = bounds(row)
        assert int(row[1]) == sum(low <= value <= high for value in values)
    assert sum(int(row[1]) for row in chart.rows) == len(values)
    assert len(chart.series[0]) == len(chart.rows)
    assert max(bar.height for bar in chart.series[0]) <= HIGH


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_marks_stand_at_the_bins_of_their_values(values: list[int]) -> None:
    chart = histogram([of(values)], "area", ["segments"])
    places = [tick.at for tick in chart.xs]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)


def test_a_few_values_have_a_bin_each() -> None:
    chart = histogram([of([0, 1, 1, 5])], "parts", ["segments"])
    assert chart.rows == [["0", "1"], ["1", "2"], ["5", "1"]]
    assert chart.width == 6


def test_two_sides_are_drawn_as_shares_and_told_as_counts() -> None:
    chart = histogram([of([1]), of([1, 1, 1, 2])], "parts", ["train", "val"])
    assert chart.rows == [["1", "1", "3"], ["2", "0", "1"]]
    assert [[bar.height for bar in side] for side in chart.series] == [[100.0], [75.0, 25.0]]
    assert chart.ys[-1].text == "100%"


def test_nothing_is_a_chart_without_bars() -> None:
    assert histogram([of([])], "parts", ["segments"]).series == [[]]
    assert dots([{}], [], 9).dots == []


@pytest.mark.parametrize(("most", "end"), [(1, "1"), (2, "2"), (7, "8"), (19, "20"), (99, "100"), (1234, "1.25k")])
def test_axes_end_at_round_numbers_of_things(most: int, end: str) -> None:
    chart = bars([[float(most)]], ["a"], [["x"]], [], [])
    assert chart.ys[-1] == Tick(1.0, end)
    assert all("." not in tick.text or "k" in tick.text for tick in chart.ys)


def test_log_axes_show_the_smallest_bar() -> None:
    chart: Bars = bars([[1.0, 1e6]], ["a", "b"], [["1", "1M"]], [], [], log=True)
    low, high = chart.series[0]
    assert (low.height, high.height) == (4.0, 100.0)
    assert (chart.ys[0].text, chart.ys[-1].text) == ("1", "1M")


def test_shares_are_bins_of_equal_width() -> None:
    chart = shares([[3, 0, 0, 1]], "void", ["images"])
    assert chart.rows == [["0–25%", "3"], ["75–100%", "1"]]


def test_dots_are_the_most_frequent_sizes() -> None:
    chart = dots([{(480, 640): 8, (100, 100): 1, (10, 10): 1}], [], 2)
    assert chart.rows == [["640 × 480", "8", ""], ["10 × 10", "1", ""]]
    assert (chart.dots[0].x, chart.dots[0].size) == (0.8, 11.0)
