"""``--categories`` as a list of names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.errors import DocumentError
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.coco_json.names import numbering
from command import cocoseg as run

FROM_0 = {0: "road", 1: "sky", 2: "car, parked"}
WITH_IDS = {7: "road", 11: "sky", 255: "car, parked"}


def found(folder: Path, name: str, text: str) -> dict[int, str]:
    (folder / name).write_text(text, encoding="utf-8")
    return {row.id: row.name for row in read_categories(folder / name)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "road\nsky\ncar, parked\n"),
        ("a.names", "road\r\nsky\r\ncar, parked"),
        ("names", "# of the town\nroad\n sky \ncar, parked\n\n\n"),
        ("a.txt", "\ufeffroad\nsky\ncar, parked"),
        ("a.json", '["road", "sky", "car, parked"]'),
        ("a.txt", '["road", "sky", "car, parked"]'),
        ("a.csv", 'name\nroad\nsky\n"car, parked"\n'),
        ("a.csv", 'road\nsky\n"car, parked"\n'),
        ("a.csv", 'name,r,g,b\nroad,1,2,3\nsky,4,5,6\n"car, parked",7,8,9\n'),
    ],
)
def test_names_count_from_0(name: str, text: str, tmp_path: Path) -> None:
    assert found(tmp_path, name, text) == FROM_0
    [problem] = numbering(tmp_path / name, read_categories(tmp_path / name))
    assert problem.category == "categories.numbered"
    assert problem.message.startswith(
        f"{tmp_path / name}: 3 names without ids count from 0: 'road' is 0, 'car, parked' is 2; "
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "7: road\n11: sky\n255: car, parked\n"),
        ("a.txt", "7 road\n11\tsky\n255  car, parked"),
        ("a.txt", "7,road\n11,sky\n255,car, parked"),
        ("a.csv", 'id,name\n7,road\n11,sky\n255,"car, parked"'),
        ("a.csv", 'Name, ID\nroad,7\nsky,11\n"car, parked",255'),
        ("a.csv", 'Pixel Value, Class\n7, road\n11, sky\n255,"car, parked"'),
        ("a.csv", '7,road\n11,sky\n255,"car, parked"'),
        ("a.tsv", "id\tname\n7\troad\n11\tsky\n255\tcar, parked"),
    ],
)
def test_ids_that_are_given_are_taken(name: str, text: str, tmp_path: Path) -> None:
    assert found(tmp_path, name, text) == WITH_IDS
    assert numbering(tmp_path / name, read_categories(tmp_path / name)) == ()


def test_names_that_begin_with_a_digit_are_names(tmp_path: Path) -> None:
    assert found(tmp_path, "a.txt", "3 wheeler\ncar") == {0: "3 wheeler", 1: "car"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "no names"),
        ("a.txt", "road\n\nsky\n", "line 2 is empty"),
        ("a.txt", "1: road\n1: sky", "id 1 belongs to 'road' and to 'sky'"),
        ("a.csv", "id,name\n1,road\n2", "has 1 columns, expected 2"),
        ("a.csv", "id,name\none,road", "id 'one' of 'road' is not an integer"),
        ("a.csv", "1,2,3\n4,5,6", "3 columns without names"),
        ("a.json", '["road", 3]', ""),
        ("a.json", "[]", "no categories"),
        ("a.txt", "<html>", "not valid JSON"),
        ("a.png", "road", "not valid JSON"),
    ],
)
def test_what_is_no_list_is_refused_by_name(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        found(tmp_path, name, text)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfea\x00", b"road\n\xe9", b"\x89PNG\r\n\x1a\n\x00"])
def test_bytes_that_are_no_text_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(DocumentError, match="not a list of names in UTF-8"):
        read_categories(tmp_path / "a.txt")


def test_a_folder_of_class_maps_takes_them(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    Image.fromarray(np.array([[0, 1, 255]], np.uint8)).save(maps / "a.png")
    (tmp_path / "names.txt").write_text("road\nsky\n")
    result = run("to-semantic", maps, tmp_path / "out", "--categories", tmp_path / "names.txt", "--json")
    assert [row["category"] for row in result.summary["warnings"]] == ["categories.numbered"]
    assert np.array(Image.open(tmp_path / "out" / "a.png")).tolist() == [[0, 1, 255]]


def test_a_json_without_categories_takes_them(tmp_path: Path) -> None:
    rows = [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 3, 0, 3, 3]]}]
    images = [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}]
    (tmp_path / "a.json").write_text(json.dumps({"images": images, "annotations": rows}))
    (tmp_path / "names.csv").write_text("id,name\n1,road\n")
    dataset = cocoseg.read(tmp_path / "a.json", categories=tmp_path / "names.csv")
    assert ([(row.id, row.name) for row in dataset.categories], dataset.problems) == ([(1, "road")], ())


def test_labels_prints_them(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("road\nsky\n")
    lines = run("labels", "index", "--categories", tmp_path / "names.txt").stdout.splitlines()
    assert [line.split() for line in lines[2:4]] == [["0", "road", "0"], ["1", "sky", "1"]]


@pytest.mark.parametrize("name", ["none.json", "none.txt", "none.csv"])
def test_a_file_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=f"{name}' does not exist"):
        read_categories(tmp_path / name)


@pytest.mark.parametrize(
    ("used", "first"),
    [((1, 2), 1), ((2,), 1), ((0, 1), 0), ((0, 1, 2), 0), ((), 0)],
)
def test_names_count_from_1_if_only_that_fits_the_annotations(
    used: tuple[int, ...], first: int, tmp_path: Path
) -> None:
    ring = [[0, 0, 3, 0, 3, 3]]
    rows = [{"id": n + 1, "image_id": 1, "category_id": n, "segmentation": ring} for n in used]
    images = [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}]
    (tmp_path / "a.json").write_text(json.dumps({"images": images, "annotations": rows}))
    (tmp_path / "names.txt").write_text("road\nsky\n")
    dataset = cocoseg.read(tmp_path / "a.json", categories=tmp_path / "names.txt")
    assert [row.id for row in dataset.categories] == [first, first + 1]
    assert f"count from {first}: 'road' is {first}, 'sky' is {first + 1}" in dataset.problems[0].message


@pytest.mark.parametrize("used", [(1,), (1, 2, 3), (5,)])
def test_names_that_may_count_from_0_or_1_are_refused(used: tuple[int, ...], tmp_path: Path) -> None:
    rows = [{"id": n, "image_id": 1, "category_id": n, "segmentation": [[0, 0, 3, 0, 3, 3]]} for n in used]
    images = [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}]
    (tmp_path / "a.json").write_text(json.dumps({"images": images, "annotations": rows}))
    (tmp_path / "names.txt").write_text("road\nsky\n")
    with pytest.raises(DocumentError, match=r"may count from 0 or from 1: write the ids beside them") as caught:
        cocoseg.read(tmp_path / "a.json", categories=tmp_path / "names.txt")
    assert caught.value.category == "categories.numbered"


@pytest.mark.parametrize(
    ("text", "names"),
    [("1 euro\n2 euro\n5 euro\n", ["1 euro", "2 euro", "5 euro"]), ("1 one\n2 two\n", ["one", "two"])],
)
def test_a_number_before_names_that_are_equal_belongs_to_them(text: str, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert [row.name for row in read_categories(tmp_path / "a.txt")] == names


def test_a_table_with_semicolons(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;name\n7;road\n11;sky\n")
    assert [(row.id, row.name) for row in read_categories(tmp_path / "a.csv")] == [(7, "road"), (11, "sky")]
