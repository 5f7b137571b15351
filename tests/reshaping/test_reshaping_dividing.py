"""Iterative stratification."""

from __future__ import annotations

import numpy as np
import pytest

from cocoseg.reshaping.dividing import balanced

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


def drawn(count: int, seed: int = 0) -> tuple[list[str], list[frozenset[int]]]:
    """Names, and classes of which some are rare."""
    random = np.random.default_rng(seed)
    chances = 0.5 ** np.arange(1, 7)
    holdings = [frozenset(np.flatnonzero(random.random(6) < chances).tolist()) for _ in range(count)]
    return [f"{number}.png" for number in range(count)], holdings


def test_every_part_gets_its_share_of_every_class() -> None:
    names, holdings = drawn(500)
    parts = np.array(balanced(names, holdings, SHARES))
    for label in range(6):
        has = np.array([label in found for found in holdings])
        for name, share in SHARES.items():
            assert abs((has & (parts == name)).sum() - share * has.sum()) <= 2, (label, name)


def test_a_class_of_few_images_is_in_every_part() -> None:
    names = [f"{number}" for number in range(100)]
    holdings = [frozenset({0, 1} if number < 2 else {0}) for number in range(100)]
    parts = balanced(names, holdings, {"train": 0.5, "val": 0.5})
    assert sorted(parts[:2]) == ["train", "val"]


def test_groups_stay_together_and_the_order_does_not_matter() -> None:
    _, holdings = drawn(120)
    names = [f"scene{number // 6}" for number in range(120)]
    parts = balanced(names, holdings, SHARES)
    assert len({(name, part) for name, part in zip(names, parts, strict=True)}) == 20
    again = balanced(names[::-1], holdings[::-1], SHARES)
    assert dict(zip(names, parts, strict=True)) == dict(zip(names[::-1], again, strict=True))


@pytest.mark.parametrize("holdings", [[None] * 10, [frozenset[int]()] * 10])
def test_images_without_a_class_are_shared_out_too(holdings: list[frozenset[int] | None]) -> None:
    parts = balanced([str(number) for number in range(10)], holdings, SHARES)
    assert {name: parts.count(name) for name in SHARES} == {"train": 8, "val": 1, "test": 1}
