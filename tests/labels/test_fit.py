"""Schemes adapted to merged categories and to class maps."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cocoseg
from cocoseg.labels.fit import fitted, with_merged
from cocoseg.labels.scheme import LabelClass, LabelScheme
from cocoseg.model import Category, Conventions, Dataset, Loader

ROAD = LabelClass(0, "road", (7, 8), False)
CAR = LabelClass(1, "car", (26,), True)
BUS = LabelClass(2, "bus", (28,), True)
SCHEME = LabelScheme("roads", (ROAD, CAR, BUS), ignored=(3, 4))


def dataset(*categories: Category, conventions: Conventions | None = None) -> Dataset:
    load = Loader("maps", (), lambda *_: None)  # type: ignore[arg-type,return-value]
    return Dataset(categories, [], load, conventions=conventions or Conventions())


def value(scheme: LabelScheme, merged: tuple[int, ...], name: str = "own") -> int | None:
    return with_merged(scheme, [Category(99, name, merged=merged)]).class_of.get(99)


@pytest.mark.parametrize(
    ("merged", "expected"),
    [((7, 8), 0), ((8,), 0), ((26, 28), None), ((7, 50), None), ((50,), None), ((3, 4), 255), ((3, 7), None)],
)
def test_goes_where_all_its_parts_go(merged: tuple[int, ...], expected: int | None) -> None:
    assert value(SCHEME, merged) == expected


@pytest.mark.parametrize(("things", "expected"), [("keep", None), ("merge", 1), ("drop", 255)])
def test_of_things_that_are_merged_or_dropped(things: str, expected: int | None) -> None:
    assert value(replace(SCHEME, things=things), (26, 28)) == expected  # type: ignore[arg-type]


def test_background_goes_to_the_class_of_its_name() -> None:
    scheme = replace(SCHEME, classes=(*SCHEME.classes, LabelClass(5, "background")))
    assert value(scheme, (), "background") == 5


@pytest.mark.parametrize(("unlabelled", "expected"), [(None, 255), (9, 9), (2, 2)])
def test_background_without_a_class_is_unlabelled(unlabelled: int | None, expected: int) -> None:
    assert value(replace(SCHEME, unlabelled=unlabelled), (), "background") == expected


def test_others_and_known_ones_are_left() -> None:
    assert with_merged(SCHEME, [Category(99, "other"), Category(26, "car", merged=(7, 8))]) == SCHEME


def test_void_of_pictures_stays_void() -> None:
    scheme = replace(SCHEME, unlabelled=9)
    assert fitted(scheme, Conventions()).outside == 9
    assert fitted(scheme, Conventions("void")).outside == 255


def test_groups_are_no_crowds() -> None:
    scheme = replace(SCHEME, crowd="drop")
    assert fitted(scheme, Conventions()) == scheme
    found = fitted(scheme, Conventions(grouped=True))
    assert found.crowd == "class"
    assert [problem.category for problem in found.problems] == ["label.crowd"]


def test_a_data_set_is_all_that_label_scheme_needs() -> None:
    found = cocoseg.label_scheme(SCHEME, dataset(Category(99, "flat", merged=(7, 8)), conventions=Conventions("void")))
    assert found.class_of[99] == 0
    assert cocoseg.label_scheme("index", dataset(Category(99, "flat", merged=(7, 8)))).class_of == {99: 0}
