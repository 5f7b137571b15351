"""What numbers should be at least, and what is said of those that are not."""

from __future__ import annotations

import pytest

from cocoseg.errors import UsageError
from cocoseg.evaluation.least import below, least_of

FOUND = {"mIoU": 0.5, "PQ things": 0.25, "APl": None}


def test_several_with_commas() -> None:
    assert least_of("mIoU=0.6,PQ things = 1 ,AP=0") == {"mIoU": 0.6, "PQ things": 1.0, "AP": 0.0}
    assert least_of(None) == {}


@pytest.mark.parametrize("wanted", ["mIoU", "mIoU=", "=", "mIoU=x", "mIoU=0.5,", "mIoU=60", "mIoU=-0.1", "mIoU=nan"])
def test_what_is_no_share(wanted: str) -> None:
    with pytest.raises(UsageError) as caught:
        least_of(wanted)
    assert caught.value.category == "usage.fail_under"


def test_what_is_equal_is_enough() -> None:
    assert below(FOUND, {"mIoU": 0.5, "pq THINGS": 0.25}) == []


def test_what_is_under_or_not_defined() -> None:
    assert below(FOUND, {"miou": 0.51, "PQ things": 1, "APl": 0}) == [
        "mIoU is 0.5000, under 0.51",
        "PQ things is 0.2500, under 1",
        "APl is not defined, under 0",
    ]


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="fail_under names 'PQ thing'; did you mean 'PQ things'") as caught:
        below(FOUND, {"PQ thing": 0.1})
    assert caught.value.category == "usage.fail_under"
