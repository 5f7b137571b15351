"""What an evaluation shows of itself in a notebook."""

from __future__ import annotations

from pathlib import Path

import evaluating

import cocoseg
from cocoseg.evaluation.notebook import notebook_tables


def test_headlines_and_classes(tmp_path: Path) -> None:
    *sides, classes = evaluating.semantic(tmp_path)
    shown = cocoseg.evaluate(*sides, categories=classes)._repr_html_()
    assert shown.count("<table>") == 2
    assert "<caption>2 of 2 pairs</caption>" in shown
    assert "<td>27.38</td>" in shown
    assert shown.count("<tr>") == 2 + 1 + 4  # the class that is on neither side has no number


def test_segments_have_no_table_of_classes(tmp_path: Path) -> None:
    shown = cocoseg.evaluate(*evaluating.panoptic(tmp_path))._repr_html_()
    assert shown.count("<table>") == 1
    assert "<th>PQ things</th>" in shown


def test_names_of_strangers_are_escaped() -> None:
    row = {"name": "<script>alert(1)</script>", "IoU": 0.5}
    shown = notebook_tables("x", {"mIoU": None}, [row])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<td>–</td>" in shown


def test_many_classes_are_cut_and_counted() -> None:
    shown = notebook_tables("x", {"mIoU": 1.0}, [{"name": str(k), "IoU": 1.0} for k in range(60)])
    assert "10 more in classes()" in shown
    assert shown.count("<tr>") == 2 + 1 + 50
