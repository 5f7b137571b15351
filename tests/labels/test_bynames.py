"""Scheme files that name categories in place of their ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg import LabelError, label_scheme
from cocoseg.labels.bynames import ids_of
from cocoseg.model import Category, Conventions, Dataset
from cocoseg.model.records import Categories
from command import cocoseg as run
from conftest import FIXTURES

ROWS = (Category(7, "road", False), Category(23, "sky", False), Category(26, "car", True), Category(27, "truck", True))
INSTANCES = Categories(ROWS, Conventions("background"))
TOWN = {"name": "town", "classes": [{"index": 3, "name": "vehicle", "categories": ["car", "truck"]}]}


def write(tmp_path: Path, fields: dict[str, Any], name: str = "town.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(fields))
    return path


def test_names_are_classes_in_this_order(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('names = ["truck", "road"]\nunknown = "void"\n')
    scheme = label_scheme(tmp_path / "a.toml", ROWS)
    assert (scheme.name, scheme.class_of, scheme.void, scheme.unknown) == ("a", {27: 0, 7: 1}, 255, "void")
    assert [row.isthing for row in scheme.classes] == [True, False]


@pytest.mark.parametrize(
    ("fields", "background", "first"),
    [
        ({}, None, 1),  # as the preset index, in instance files
        ({"unlabelled": None}, None, 0),
        ({"unlabelled": "void"}, None, 0),
        ({"unlabeled": 0}, None, 1),
        ({"unlabelled": 254}, None, 0),
        ({"unlabelled": 0}, False, 0),
        ({"unlabelled": "void"}, True, 1),
    ],
)
def test_background_comes_first_if_there_is_one(
    fields: dict[str, Any], background: bool | None, first: int, tmp_path: Path
) -> None:
    path = write(tmp_path, {"names": ["car", "truck"]} | fields)
    scheme = label_scheme(path, INSTANCES, background=background)
    assert scheme.class_of == {26: first, 27: first + 1}
    assert scheme.unlabelled == (0 if first else fields.get("unlabelled") if fields.get("unlabelled") == 254 else None)


def test_pictures_have_no_background_by_default(tmp_path: Path) -> None:
    assert label_scheme(write(tmp_path, {"names": ["car"]}), ROWS).unlabelled is None
    assert label_scheme(write(tmp_path, {"names": ["car"], "unlabelled": 0}), ROWS).class_of == {26: 1}


def test_a_class_of_several_names_and_of_ids(tmp_path: Path) -> None:
    fields = TOWN | {"ignored": ["sky"]}
    fields["classes"] = [*TOWN["classes"], {"index": 0, "name": "flat", "category_ids": [7], "categories": []}]
    scheme = label_scheme(write(tmp_path, fields), ROWS)
    assert scheme.class_of == {26: 3, 27: 3, 7: 0, 23: 255}
    assert scheme.ignored == (23,)


def test_names_beside_a_preset(tmp_path: Path) -> None:
    fields = {"preset": "index", "ignored": ["sky"], "classes": [{"index": 9, "name": "big", "categories": ["truck"]}]}
    scheme = label_scheme(write(tmp_path, fields), ROWS)
    assert scheme.class_of == {7: 0, 26: 1, 27: 9, 23: 255}


def test_a_root_that_only_groups_others_is_not_meant() -> None:
    rows = [Category(0, "car", unused_root=True), Category(1, "car")]
    assert ids_of(["car"], rows) == [1]
    assert ids_of(["car"], rows[:1]) == [0]


@pytest.mark.parametrize(
    ("names", "rows", "category", "said"),
    [
        (["caar"], ROWS, "label.names", "class 0: no category is called 'caar'; did you mean 'car'?"),
        (["Car"], ROWS, "label.names", "class 0: no category is called 'Car'; 'car' differs in case only"),
        (["zzz"], ROWS, "label.names", "'zzz'; the categories are 'road', 'sky', 'car', 'truck'"),
        (["background"], ROWS, "label.names", "for pixels of no category, give the field 'unlabelled' instead"),
        (["car"], [*ROWS, Category(90, "car")], "label.names", "2 categories are called 'car' (ids 26, 90); give thei"),
        (["car"], [], "doc.missing_key", "category 'car' is given by name, but the data set lists no categories"),
        (["car", "car"], ROWS, "label.collision", "names has 'car' twice; keep one of them"),
        ([], ROWS, "label.type", "names is [], expected a list of category names"),
        ([26], ROWS, "label.type", "names is [26], expected a list of category names"),
        ("car", ROWS, "label.type", "names is 'car', expected a list of category names"),
    ],
)
def test_what_is_wrong_is_said(names: Any, rows: list[Category], category: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"names": names})
    with pytest.raises(LabelError) as caught:
        label_scheme(path, rows)
    assert caught.value.category == category
    assert str(path) in caught.value.message
    assert said in caught.value.message


@pytest.mark.parametrize("field", ["classes", "preset"])
def test_names_list_all_classes(field: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"names": ["car"], field: "index" if field == "preset" else TOWN["classes"]})
    with pytest.raises(LabelError, match=f"'names' lists all classes, so '{field}' has no place beside it"):
        label_scheme(path, ROWS)


def test_an_unknown_name_in_a_class(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="class 3: no category is called 'car'"):
        label_scheme(write(tmp_path, TOWN), ROWS[:2])


def test_more_names_than_8_bits(tmp_path: Path) -> None:
    rows = [Category(number, f"c{number}") for number in range(300)]
    scheme = label_scheme(write(tmp_path, {"names": [row.name for row in rows]}), rows)
    assert (scheme.void, scheme.num_classes) == (65535, 300)


def test_a_conversion_by_names(tmp_path: Path) -> None:
    path = write(tmp_path, {"names": ["dog", "person"], "unknown": "void"})
    dataset: Dataset = cocoseg.read(FIXTURES / "panoptic.json")
    classes = [{"index": 0, "name": "dog", "category_ids": [18]}, {"index": 1, "name": "person", "category_ids": [1]}]
    by_ids = write(tmp_path, {"name": "ids", "unknown": "void", "classes": classes}, "ids.json")
    for sample in dataset:
        maps = [cocoseg.semantic(sample, label_scheme(file, dataset)) for file in (path, by_ids)]
        assert np.array_equal(*maps)
    result = run("labels", path, FIXTURES / "panoptic.json", "--json")
    assert json.loads(result.stdout)["classes"][1]["category_ids"] == [1]
    assert run("to-semantic", FIXTURES / "panoptic.json", tmp_path / "out", "--labels", path).code == 0
    assert run("labels", path).code == 3
