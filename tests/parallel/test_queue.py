"""What is left to do: every item is handed out, in parts of about a second, that end together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg.parallel.queue import Queue, Range


def drain(queue: Queue, pace: float = 0.0) -> list[Range]:
    """All that a queue hands out, each part done at ``pace`` items a second, if that is known."""
    taken = []
    while place := queue.take():
        taken.append(place)
        if pace:
            queue.learn(place[1] - place[0], (place[1] - place[0]) / pace)
    return taken


def test_of_nothing_hands_out_nothing() -> None:
    assert (Queue(0, 3).take(), Queue(0, 3).left) == (None, 0)


@pytest.mark.parametrize("pace", [0, 0.3, 7, 1000, 1e9])
def test_hands_out_the_whole_in_order(pace: float) -> None:
    for length in (1, 2, 3, 50, 1001):
        for workers in (1, 2, 3, 64):
            numbers = [number for place in drain(Queue(length, workers), pace) for number in range(*place)]
            assert numbers == list(range(length))


def test_begins_with_few_items_for_nobody_knows_how_long_they_take() -> None:
    assert Queue(100_000, 2).take() == (0, 8)


def test_goes_on_with_what_is_done_in_a_second() -> None:
    queue = Queue(100_000, 2)
    queue.learn(8, 0.02)
    assert queue.take() == (0, 400)


def test_takes_slow_items_one_by_one() -> None:
    queue = Queue(100_000, 2)
    queue.learn(1, 100.0)
    assert queue.take() == (0, 1)


def test_the_last_parts_count_for_most() -> None:
    queue = Queue(1_000_000, 1)
    queue.learn(10_000, 1.0)
    for _ in range(20):
        queue.learn(100, 1.0)
    start, stop = queue.take() or (0, 0)
    assert 100 <= stop - start < 120


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_part_that_took_no_time_is_no_division_by_zero(seconds: float) -> None:
    queue = Queue(100, 1)
    queue.learn(8, seconds)
    assert queue.take() == (0, 100)


def test_leaves_something_for_everybody_towards_the_end() -> None:
    for workers in (1, 2, 8):
        queue = Queue(4000, workers)
        queue.learn(100, 0.1)
        sizes = [stop - start for start, stop in drain(queue, 1000.0)]
        assert max(sizes) <= 1000
        assert sizes[-1] <= 50  # a twentieth of a second


def test_few_items_go_round_before_anything_is_known() -> None:
    assert drain(Queue(4, 2)) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_few_ranges_are_under_way_before_the_pace_is_known() -> None:
    queue = Queue(1000, 2)
    assert queue.at_once(64) == 4
    queue.learn(8, 0.1)
    assert queue.at_once(64) == 64
    assert Queue(1000, 100).at_once(64) == 64


def test_what_is_given_back_comes_next() -> None:
    queue = Queue(100, 1)
    first = queue.take()
    assert first == (0, 8)
    queue.give_back(3, 8)
    assert queue.left == 97
    assert queue.take() == (3, 8)
    assert queue.take() == (8, 16)


@pytest.mark.parametrize("place", [(5, 5), (7, 5)])
def test_nothing_may_be_given_back(place: Range) -> None:
    queue = Queue(100, 1)
    queue.take()
    queue.give_back(*place)
    assert (queue.left, queue.take()) == (92, (8, 16))


@given(st.integers(0, 300), st.integers(1, 9), st.lists(st.tuples(st.integers(0, 9), st.floats(0, 9)), max_size=60))
def test_whatever_is_given_back_each_item_is_done_once(
    length: int, workers: int, doings: list[tuple[int, float]]
) -> None:
    queue, done, todo = Queue(length, workers), [], list(doings)
    while place := queue.take():
        start, stop = place
        assert start < stop
        rows, seconds = todo.pop() if todo else (stop - start, 1.0)
        middle = min(stop, start + rows)
        done += range(start, middle)
        queue.learn(middle - start, seconds)
        queue.give_back(middle, stop)
        assert queue.left == length - len(done)
    assert sorted(done) == list(range(length))
