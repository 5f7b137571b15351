"""Names as keys: no two classes have the same."""

from __future__ import annotations

import pytest

from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.labels.distinct import distinct_names, name_problems


def scheme(*names: str | None) -> LabelScheme:
    classes = tuple(LabelClass(k, name, (k,)) for k, name in enumerate(names) if name is not None)
    return LabelScheme("some", classes)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("dog", "cat"), ["dog", "cat"]),
        (("dog", "cat", "dog"), ["dog", "cat", "dog (2)"]),
        (("dog", "dog", "dog (1)"), ["dog", "dog (1) (1)", "dog (1)"]),
        (("unused 1", None, "cat"), ["unused 1", "unused 1 (1)", "cat"]),
        (("dog", "dog", "dog"), ["dog", "dog (1)", "dog (2)"]),
    ],
)
def test_no_two_names_are_equal(names: tuple[str | None, ...], expected: list[str]) -> None:
    assert distinct_names(scheme(*names)) == expected


def test_other_names_are_said_once() -> None:
    assert name_problems(scheme("dog", "cat"), "a.json") == []
    [problem] = name_problems(scheme("dog", "dog", *"aaaaa"), "a.json")
    assert problem.message.startswith(
        "5 classes have the name of another, so that a.json calls them 'dog (1)', 'a (3)', 'a (4)', ...;"
    )
