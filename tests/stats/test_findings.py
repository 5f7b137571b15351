"""Findings: their order, their text, and how they are shown."""

from __future__ import annotations

import pytest

from cocoseg.stats.findings import KINDS, Finding, in_order, some


def test_errors_come_before_warnings_in_the_order_of_the_table() -> None:
    assert [kind.error for kind in KINDS.values()] == sorted((kind.error for kind in KINDS.values()), reverse=True)
    rows = [Finding(kind, "text", 1) for kind in KINDS]
    assert in_order(rows[::-1]) == rows


def test_of_one_kind_the_most_frequent_come_first() -> None:
    rows = [Finding("refused", "text", count, category=name) for name, count in (("a", 1), ("b", 3), ("c", 3))]
    assert [row.category for row in in_order(rows)] == ["b", "c", "a"]


@pytest.mark.parametrize(("number", "shown", "left_out"), [(0, 0, 0), (5, 5, 0), (6, 5, 1)])
def test_the_first_examples_are_shown_and_the_others_counted(number: int, shown: int, left_out: int) -> None:
    examples, more = some(range(number))
    assert (len(examples), more) == (shown, left_out)


def test_a_finding_has_the_category_of_its_kind_or_of_the_reader() -> None:
    assert Finding("refused", "text", 1, category="png.corrupt").as_dict() == {
        "severity": "error",
        "category": "png.corrupt",
        "message": "text",
        "count": 1,
        "examples": [],
        "left_out": 0,
        "why": KINDS["refused"].why,
    }
    assert Finding("seg.twice", "text", 1, source="val").as_dict()["source"] == "val"
