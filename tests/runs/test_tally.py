"""A tally is the same whatever the order in which parts come in."""

from __future__ import annotations

import random

from cocoseg.errors import Problem
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally, counted

ODD = Problem("x.odd", "odd")


def row(number: int) -> Row:
    """Every third fails, every second of the others is odd."""
    if number % 3 == 0:
        return Row(str(number), failure=Problem("x.bad", f"bad {number}"))
    return Row(str(number), problems=(Problem("x.odd", f"odd {number}"),) if number % 2 else (), kept=number > 9)


def filled(order: list[int]) -> Tally:
    tally = Tally(12)
    for first in order:
        tally.add(first, [row(number) for number in range(first, first + 3)])
    tally.close(2.0)
    return tally


def test_failures_and_problems_come_in_the_order_of_the_file() -> None:
    parts = [0, 3, 6, 9]
    expected = filled(parts)
    assert [problem.message for problem in expected.failures] == ["bad 0", "bad 3", "bad 6", "bad 9"]
    assert [problem.message for problem in expected.problems] == ["odd 1", "odd 5", "odd 7", "odd 11"]
    for _ in range(5):
        random.shuffle(parts)
        assert filled(parts).as_dict() == expected.as_dict()


def test_counts() -> None:
    tally = filled([0, 3, 6, 9])
    assert (tally.images, tally.failed, tally.kept, tally.complete) == (8, 4, 2, True)
    assert tally.failed_keys == {"0", "3", "6", "9"}
    assert (tally.made, tally.images_per_second) == (6, 3)
    assert [problem.file for problem in tally.failures] == ["0", "3", "6", "9"]
    assert [problem.file for problem in tally.problems] == ["1", "5", "7", "11"]


def test_json_has_the_names_of_the_fields() -> None:
    tally = filled([0, 3, 6, 9])
    for name, value in (tally.as_dict() | tally.about_run()).items():
        of_python = getattr(tally, name)
        plain = [row._asdict() for row in of_python] if name in ("failures", "warnings") else of_python
        assert value == plain, name


def test_counts_for_the_report() -> None:
    tally = filled([0, 3, 6, 9])
    assert [tally.as_dict()[name] for name in ("listed", "images", "failed")] == [12, 8, 4]


def test_of_a_run_that_was_stopped_is_not_complete() -> None:
    assert not filled([0, 3]).complete


def test_a_number_of_things() -> None:
    assert [counted(number, "file") for number in (0, 1, 1000)] == ["0 files", "1 file", "1,000 files"]
