"""The table of faults in ``tests/README.md`` names tests that there are, for every row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from conftest import ROOT

TESTS = ROOT / "tests"
ROWS = re.findall(r"^\| (\d+) \| ([^|]*) \| ([^|]*) \|$", (TESTS / "README.md").read_text(), re.MULTILINE)


def names(path: Path) -> set[str]:
    """The tests of a file, as ``test`` or ``Class::test``."""
    tree = ast.parse(path.read_text())
    methods = {
        f"{node.name}::{inner.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef)
    }
    return methods | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_is_there() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 34))


@pytest.mark.parametrize(("number", "tests"), [(number, tests) for number, _, tests in ROWS])
def test_the_tests_of_a_row_are_there(number: str, tests: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::([\w:]+)`", tests)
    assert named, number
    for file, test in named:
        assert test in names(TESTS / file), f"{file}::{test}"
