"""Classes of several data sets as one list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import cocoseg
from cocoseg.errors import CocosegError
from cocoseg.model import Category, Conventions
from cocoseg.reshaping.classes import read_new_names, united
from conftest import FIXTURES


def dataset(*categories: Category, grouped: bool = False) -> cocoseg.Dataset:
    found = cocoseg.read(FIXTURES / "panoptic.json")
    return replace(found, categories=categories, conventions=Conventions("unknown", "none", grouped, False))


def test_classes_are_the_same_by_name_and_ids_stay_where_they_are_free() -> None:
    found = united(
        [dataset(Category(1, "cat"), Category(2, "dog")), dataset(Category(1, "dog"), Category(2, "cow"))], {}
    )
    assert [(row.id, row.name) for row in found.categories] == [(1, "cat"), (2, "dog"), (3, "cow")]
    assert found.ids == [{1: 1, 2: 2}, {1: 2, 2: 3}]
    assert (found.joins(0), found.joins(1)) == (False, False)


def test_renamed_classes_become_one() -> None:
    found = united([dataset(Category(1, "Cat"), Category(2, "cat"))], {"Cat": "cat"})
    assert found.ids == [{1: 1, 2: 1}]
    assert found.joins(0)
    with pytest.raises(CocosegError, match="which no source has") as caught:
        united([dataset(Category(1, "cat"))], {"cow": "cat"})
    assert caught.value.category == "usage.classes"


def test_what_one_source_lacks_comes_from_the_other() -> None:
    one, other = Category(1, "zebu"), Category(7, "zebu", color=(1, 2, 3), supercategory="animal")
    (row,) = united([dataset(one), dataset(other)], {}).categories
    assert (row.color, row.supercategory) == ((1, 2, 3), "animal")


@pytest.mark.parametrize(
    ("own", "grouped", "things"),
    [(True, False, True), (None, False, True), (None, True, False), (False, False, False)],
    ids=["a thing", "not said", "not said of class maps", "stuff"],
)
def test_a_class_that_is_a_thing_in_one_source_is_one(own: bool | None, grouped: bool, things: bool) -> None:
    stuff = dataset(Category(1, "towel heap", isthing=False))
    found = united([dataset(Category(5, "towel heap", isthing=own), grouped=grouped), stuff], {})
    assert found.categories[0].isthing is things
    assert found.crowded == [(), (1,) if things else ()]
    assert [row.category for row in found.problems] == (["merge.kind"] if things else [])


def test_a_name_that_is_twice_in_one_source_is_refused_where_another_has_it() -> None:
    twice = dataset(Category(1, "cat"), Category(2, "cat"))
    for pair in ([twice, dataset(Category(1, "cat"))], [dataset(Category(1, "cat")), twice]):
        with pytest.raises(CocosegError, match="several") as caught:
            united(pair, {})
        assert caught.value.category == "merge.classes"
    assert united([twice], {}).ids == [{1: 1, 2: 2}]


@pytest.mark.parametrize(("text", "category"), [("Cat\n", "doc.type"), ("\xff,cat\n", "json.encoding")])
def test_a_file_of_names_that_is_none(text: str, category: str, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(cocoseg.DocumentError) as caught:
        read_new_names(tmp_path / "names.csv")
    assert caught.value.category == category


def test_names_of_a_file_lose_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("Cat , cat\n\nDog,dog\n")
    assert read_new_names(tmp_path / "names.csv") == {"Cat": "cat", "Dog": "dog"}
