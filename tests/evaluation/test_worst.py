"""The worst images: which ones, and that the order in which images come does not matter."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cocoseg.evaluation.worst import Worst


def cells(*rows: tuple[int, int]) -> dict[str, Any]:
    return {"cells": [cell for cell, _ in rows], "pixels": [pixels for _, pixels in rows]}


def test_images_are_ranked_by_their_score_and_then_by_name() -> None:
    found = Worst(2)
    for key, score in (("b", 0.5), ("c", 0.1), ("a", 0.5), ("d", None)):
        found.add(key, {"mIoU": score}, None)
    assert found.lowest == [(0.1, "c"), (0.5, "a"), (0.5, "b")]
    assert (found.score, found.counts[2], found.counts[10], sum(found.counts)) == ("mIoU", 1, 2, 3)


def test_panoptic_quality_ranks_where_there_is_no_miou() -> None:
    found = Worst()
    found.add("a", {"PQ": 1.0}, None)
    assert (found.score, found.counts[-1]) == ("PQ", 1)


def test_cells_hold_the_images_with_the_most_pixels() -> None:
    found = Worst(2)
    for key, pixels in (("a", 5), ("b", 9), ("c", 1), ("d", 7)):
        found.add(key, {}, cells((0, 100), (1, pixels), (5, 3), (7, 50)))  # of 3 × 3 cells, right, void and truly void
    assert found.cells[0, 1] == [(-9, "b"), (-7, "d"), (-5, "a")]
    assert set(found.cells) == {(0, 1), (1, 2)}


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5]), st.integers(1, 4)), min_size=5, max_size=5))
def test_any_order_of_images_gives_the_same(images: list[tuple[float, int]]) -> None:
    seen = []
    for order in permutations(range(5)):
        found = Worst(2)
        for k in order:
            found.add(f"{k}", {"mIoU": images[k][0]}, cells((1, images[k][1])))
        seen.append((found.lowest, found.cells, found.counts))
    assert all(row == seen[0] for row in seen)
