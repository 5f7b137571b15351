"""Findings: their order, their text, and how they are shown."""

from __future__ import annotations

import pytest

from cocoseg.stats.findings import KINDS, Finding, in_order


def test_errors_come_before_warnings_in_the_order_of_the_table() -> None:
    assert [kind.error for kind in KINDS.values()] == sorted((kind.error for kind in KINDS.values()), reverse=True)
    rows = [Finding(kind, "text", 1) for kind in KINDS]
    assert in_order(rows[::-1]) == rows


def test_of_one_kind_the_most_frequent_come_first() -> None:
    rows = [Finding("refused", "text", count, category=name) for name, count in (("a", 1), ("b", 3), ("c", 3))]
    assert [row.category for row in in_order(rows)] == ["b", "c", "a"]


@pytest.mark.parametrize(("count", "examples", "more"), [(6, 5, True), (5, 5, False), (100, 2, False)])
def test_there_is_more_only_behind_as_many_examples_as_are_shown(count: int, examples: int, more: bool) -> None:
    assert Finding("class.unused", "text", count, ("x",) * examples).has_more is more


def test_a_finding_has_the_category_of_its_kind_or_of_the_reader() -> None:
    assert Finding("refused", "text", 1, category="png.corrupt").as_dict() == {
        "severity": "error",
        "category": "png.corrupt",
        "message": "text",
        "count": 1,
        "examples": [],
        "why": KINDS["refused"].why,
    }
    assert Finding("seg.twice", "text", 1, source="val").as_dict()["source"] == "val"
