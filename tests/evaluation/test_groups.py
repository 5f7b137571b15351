"""The groups of classes, from categories and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cocoseg.errors import DocumentError, UsageError
from cocoseg.evaluation.groups import by_supercategory, groups_of
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Category

SCHEME = LabelScheme(
    "four", tuple(LabelClass(k, name, (k + 1,)) for k, name in enumerate(["car", "bus", "cat", "sky"]))
)
CATEGORIES = (
    Category(1, "car", supercategory="vehicle"),
    Category(2, "bus", supercategory="vehicle"),
    Category(3, "cat", supercategory="animal"),
    Category(4, "sky"),
)
EXPECTED = ("vehicle", "vehicle", "animal", None)


def test_supercategories() -> None:
    assert by_supercategory(SCHEME, CATEGORIES) == EXPECTED
    assert groups_of("supercategory", SCHEME, CATEGORIES) == EXPECTED


def test_a_class_of_several_supercategories_has_none() -> None:
    scheme = LabelScheme("two", (LabelClass(0, "car or cat", (1, 3)), LabelClass(1, "bus", (2,))))
    assert by_supercategory(scheme, CATEGORIES) == (None, "vehicle")


def test_categories_without_any() -> None:
    with pytest.raises(UsageError, match="no category of the truth has one") as caught:
        groups_of("supercategory", SCHEME, [Category(1, "car"), Category(2, "bus")])
    assert caught.value.category == "usage.groups"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.json", '{"vehicle": ["car", "bus"], "animal": ["cat"]}'),
        ("g.json", '{"car": "vehicle", "bus": "vehicle", "cat": "animal"}'),
        ("g.json", '{"vehicle": ["car", "bus"], "cat": "animal"}'),
        ("g.csv", "class,group\ncar,vehicle\nbus,vehicle\ncat,animal\n"),
        ("g.csv", "car,vehicle\nbus , vehicle\ncat,animal"),
        ("g.CSV", " Class , Group\r\ncar,vehicle\r\nbus,vehicle\r\ncat,animal\r\n"),
        ("g.csv", "car,vehicle\ncar,vehicle\nbus,vehicle\ncat,animal\n"),
    ],
)
def test_a_file(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert groups_of(tmp_path / name, SCHEME, CATEGORIES) == EXPECTED


@pytest.mark.parametrize(
    ("name", "text", "category", "words"),
    [
        ("g.json", '{"vehicle": ["cars"]}', "groups.unknown", "'cars' is not a class; did you mean 'car'"),
        ("g.json", '{"a": ["car"], "b": ["car"]}', "groups.double", "'car' is in two groups, 'a' and 'b'"),
        ("g.json", '{"a": 1}', "doc.type", "'a' is 1, expected a list of class names"),
        ("g.json", '{"a": ["car", 2]}', "doc.type", "expected a list of class names"),
        ("g.json", '["car"]', "doc.type", "g.json"),
        ("g.json", '{"a": [', "json.syntax", "g.json"),
        ("g.csv", "car,a\ncar,b\n", "groups.double", "'car' is in two groups"),
        ("g.csv", "car,a\nbus\n", "csv.syntax", "line 2 has 1 fields, expected two"),
        ("g.csv", "car,vehicle\nclass,group\n", "groups.unknown", "'class' is not a class"),
    ],
)
def test_a_file_that_is_wrong(name: str, text: str, category: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DocumentError) as caught:
        groups_of(tmp_path / name, SCHEME, CATEGORIES)
    assert caught.value.category == category
    assert words in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("name", ["g.json", "g.csv"])
def test_a_file_that_is_not_there(name: Any, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        groups_of(tmp_path / name, SCHEME, CATEGORIES)
    assert caught.value.category == "file.missing"
