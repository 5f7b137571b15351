from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.model import Sample
from cocoseg.reshaping.seams import joined

OFFSETS = [(0, 0), (0, 4)]  # of tiles of 1×6, which share two pixels


def tile(row: list[int], categories: list[int], kind: str, scores: Any = None) -> Sample:
    picture, numbers = np.array([row]), np.arange(1, len(categories) + 1)
    shapes = find_regions(picture, numbers)[0] if kind == "regions" else rle.encode(picture == numbers[:, None, None])
    crowds = np.zeros(len(categories), bool)
    return Sample("a", 1, numbers, category_ids=np.array(categories), iscrowd=crowds, shapes=shapes, scores=scores)


@pytest.mark.parametrize("kind", ["regions", "runs"])
@pytest.mark.parametrize(
    ("left", "right", "classes", "expected"),
    [
        ([0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], 1, [[0], [0]]),  # they agree
        ([0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], 1, [[0], [1]]),  # half of what both show is not more than half
        ([0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], 2, [[0], [1]]),  # another class
        ([0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0], 1, [[0], [1]]),  # nothing of them is in what both show
    ],
)
def test_things_are_one_where_tiles_agree(
    left: list[int], right: list[int], classes: int, expected: list[list[int]], kind: str
) -> None:
    tiles = [tile(left, [1], kind), tile(right, [classes], kind)]
    numbers, order = joined(tiles, OFFSETS, frozenset(), grouped=False)
    assert [row.tolist() for row in numbers] == expected
    assert order == [(0, 0)] if len(order) == 1 else [(0, 0), (1, 0)]


def test_stuff_is_one_segment_and_so_is_all_of_a_class_map() -> None:
    tiles = [tile([1, 0, 0, 0, 0, 2], [1, 9], "regions"), None, tile([0, 0, 0, 0, 2, 1], [9, 1], "regions")]
    offsets = [(0, 0), (0, 4), (0, 8)]
    assert [row.tolist() for row in joined(tiles, offsets, frozenset([9]), False)[0]] == [[0, 1], [], [1, 2]]
    assert [row.tolist() for row in joined(tiles, offsets, frozenset(), True)[0]] == [[0, 1], [], [1, 0]]


def test_the_highest_score_describes_a_thing() -> None:
    scores = [np.array([0.2]), np.array([0.7])]
    rows = ([0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    tiles = [tile(row, [1], "runs", score) for row, score in zip(rows, scores, strict=True)]
    assert joined(tiles, OFFSETS, frozenset(), False)[1] == [(1, 0)]
