"""Parts by names: groups, shares, and numbers that names decide."""

from __future__ import annotations

import numpy as np
import pytest

import cocoseg
from cocoseg.model.parts import check_shares, fraction, groups, name_of, part_at, read_shares
from conftest import FIXTURES

DATASET = cocoseg.read(FIXTURES / "instances.json")


def test_numbers_are_spread_evenly() -> None:
    counts, _ = np.histogram([fraction(f"{number}.jpg") for number in range(4000)], bins=8, range=(0, 1))
    assert abs(counts - 500).max() < 100


def test_an_ending_of_a_picture_does_not_count() -> None:
    assert [name_of(entry) for entry in DATASET.entries] == ["overlap", "empty", "thin/row"]


@pytest.mark.parametrize(
    ("by", "found"),
    [(None, ["overlap", "empty", "thin/row"]), ("^.", ["o", "e", "t"]), ("(?:^|/)(.)", ["o", "e", "t"])],
)
def test_groups(by: str | None, found: list[str]) -> None:
    assert groups(DATASET.entries, by) == found


@pytest.mark.parametrize(("by", "said"), [("(", "not a regular expression"), ("thin", "nor in 1 other names")])
def test_an_expression_that_gives_no_groups(by: str, said: str) -> None:
    with pytest.raises(cocoseg.UsageError, match=said) as caught:
        groups(DATASET.entries, by)
    assert caught.value.category == "usage.by"


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 0.0, "b": 1.0}, {"a": float("nan")}])
def test_shares_that_are_none(shares: dict[str, float]) -> None:
    with pytest.raises(cocoseg.UsageError) as caught:
        check_shares(shares)
    assert caught.value.category == "usage.parts"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train=.9", "add up to 0.9"),
        ("train=.9,val=.2", "add up to 1.1"),
        ("train,val", "expected NAME=SHARE"),
        ("train", "expected NAME=SHARE"),
        ("", "expected NAME=SHARE"),
        ("train=.5,train=.5", "names 'train' twice"),
        ("train=x,val=1", "expected NAME=SHARE"),
        ("train=-1,val=2", "part 'train' is -1"),
    ],
)
def test_texts_that_are_no_shares(text: str, said: str) -> None:
    with pytest.raises(cocoseg.UsageError, match=said) as caught:
        read_shares(text)
    assert caught.value.category == "usage.parts"


def test_blanks_are_no_part_of_a_name() -> None:
    assert read_shares(" a = .5 ,b=.5") == {"a": 0.5, "b": 0.5}


def test_the_last_part_takes_what_rounding_leaves() -> None:
    shares = {"a": 0.1, "b": 0.2, "c": 0.7 - 1e-9}
    check_shares(shares)
    assert part_at(shares, 1 - 1e-12) == "c"
