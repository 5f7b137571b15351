"""Histograms on a log axis: what they say of values, and that they add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg.stats.histogram import STEPS, Histogram

VALUES = st.lists(st.integers(0, 2**53 - 1) | st.integers(0, 100), max_size=30)


def of(values: list[int]) -> Histogram:
    found = Histogram()
    found.add(values)
    return found


@given(st.integers(0, 2**53 - 1))
def test_a_value_lies_in_its_bin(value: int) -> None:
    ((low, high, count),) = of([value]).bins
    assert low <= value < high
    assert count == 1
    assert high - low == 1 or (high - low) * STEPS <= low


@given(VALUES, VALUES)
def test_histograms_add_up_in_any_order(one: list[int], other: list[int]) -> None:
    joined = of(one)
    joined.merge(of(other))
    turned = of(other)
    turned.add(one)
    assert joined.bins == turned.bins == of(one + other).bins
    assert (joined.total, joined.sum, joined.least, joined.most) == (
        turned.total,
        turned.sum,
        turned.least,
        turned.most,
    )


@given(VALUES.filter(bool), st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_quantiles_are_a_sixteenth_off_at_most(values: list[int], share: float) -> None:
    exact = int(np.quantile(np.array(values), share, method="inverted_cdf"))
    assert abs(of(values).quantile(share) - exact) <= exact / STEPS


def test_small_numbers_are_exact() -> None:
    found = of([*range(32), 31])
    assert [row.values for row in found.bins] == [1] * 31 + [2]
    assert (found.median, found.least, found.most, found.mean) == (16, 0, 31, pytest.approx(527 / 33))


def test_nothing_has_no_median() -> None:
    assert (of([]).median, of([]).mean, of([]).bins) == (0, 0.0, [])


@given(VALUES.filter(bool))
def test_the_median_lies_between_the_two_in_the_middle(values: list[int]) -> None:
    low, high = sorted(values)[(len(values) - 1) // 2], sorted(values)[len(values) // 2]
    exact = (low + high) // 2
    assert abs(of(values).median - exact) <= exact / STEPS + 1


def test_the_median_of_two_values_is_their_mean() -> None:
    assert of([13, 2498]).median == 1255
