"""Rows of a detection JSON that pass: by values where the file is strict, by their text where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import Raw

import cocoseg
from cocoseg.formats.coco.rows import read_rows, with_shapes
from conftest import FIXTURES

SQUARE = "[[0, 0, 2, 0, 2, 2, 0, 2]]"
IMAGE = '{"id": 1, "file_name": "a.jpg", "height": 4, "width": 4}'
STRICT = [
    f'{{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": {SQUARE}, "note": "ä\\u00e4", "x": 1.50}}',
    f'{{ "segmentation":{SQUARE} ,"category_id":2,"image_id":1,"id":2}}',
    f'{{"id": 3, "image_id": 1, "category_id": 1, "iscrowd": true, "segmentation": {SQUARE}}}',
    f'{{"id": 4, "image_id": 1.0, "category_id": 1, "iscrowd": null, "segmentation": {SQUARE}}}',
    f'{{"id": 5, "image_id": 1, "category_id": 1, "iscrowd": 2, "segmentation": {SQUARE}}}',
    '{"id": 6,\n "image_id": 1,\r\n "category_id": 1, "segmentation": [[0, 0,\n 2, 0, 2, 2, 0, 2]], "deep": {"a": [1, 2]}}',
    f'{{"id": "s", "image_id": 1, "category_id": 1, "segmentation": {SQUARE}}}',
    f'{{"id": 1, "image_id": 1, "category_id": 2, "segmentation": {SQUARE}, "why": "its id is taken"}}',
    f'{{"image_id": 1, "category_id": 2, "segmentation": {SQUARE}, "why": "no id"}}',
    '{"id": 10, "image_id": 1, "category_id": 2, "segmentation": [], "bbox": [0, 0, 1, 1]}',
]
CARELESS = [
    f'{{"id": 11, "image_id": "1", "category_id": "2", "iscrowd": "0", "segmentation": {SQUARE}}}',
    f'{{"id": 13, "image_id": 1, "category_id": 1, "x": NaN, "segmentation": {SQUARE}}}',
]


def save(path: Path, rows: list[str]) -> Path:
    categories = '[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]'
    path.write_text(f'{{"images": [{IMAGE}], "annotations": [{", ".join(rows)}], "categories": {categories}}}')
    return path


def written(path: Path) -> list[str]:
    """The rows of ``annotations`` as they stand in a file that cocoseg wrote."""
    return path.read_text().partition('"annotations":[\n')[2].partition("\n],")[0].split(",\n")


def anew(text: str, **values: Any) -> str:
    """A row with other values, written as cocoseg writes one: without spaces between its fields."""
    fields = msgspec.json.decode(text, type=dict[str, Raw])
    return msgspec.json.encode(fields | values).decode()


def test_rows_of_a_strict_file_keep_their_bytes_unless_a_value_is_another_one(tmp_path: Path) -> None:
    cocoseg.subset(save(tmp_path / "in.json", STRICT), tmp_path / "out.json")
    rows = list(STRICT)
    rows[2] = anew(rows[2], iscrowd=1)
    rows[3] = anew(rows[3], image_id=1, iscrowd=0)
    rows[4] = anew(rows[4], iscrowd=1)
    rows[5] = json.dumps(json.loads(rows[5]), separators=(",", ":"))
    rows[7], rows[8] = anew(rows[7], id=11), anew(rows[8], id=12)
    assert written(tmp_path / "out.json") == rows


def test_rows_of_a_careless_file_are_the_same_where_they_are_strict(tmp_path: Path) -> None:
    for name, rows in (("strict", STRICT), ("careless", [*STRICT, CARELESS[0], CARELESS[1]])):
        cocoseg.subset(save(tmp_path / f"{name}.json", rows), tmp_path / "out" / f"{name}.json")
    strict, careless = (written(tmp_path / "out" / f"{name}.json") for name in ("strict", "careless"))
    taken = {7: 14, 8: 15}  # their ids come after the largest one of the file
    assert careless[:10] == [anew(row, id=taken[k]) if k in taken else row for k, row in enumerate(strict)]
    assert careless[10] == anew(CARELESS[0], image_id=1, category_id=2, iscrowd=0)
    assert json.loads(careless[11]) == {"id": 13, "image_id": 1, "category_id": 1, "segmentation": json.loads(SQUARE)}


@pytest.mark.parametrize("rows", [STRICT, [STRICT[0], CARELESS[0]]], ids=["strict", "careless"])
def test_a_row_that_is_kept_whole_has_its_shape_there(rows: list[str], tmp_path: Path) -> None:
    path = save(tmp_path / "in.json", rows)
    plain = read_rows(str(path)).rows
    (entry,) = cocoseg.read(path, keep_fields=True).entries
    for one, other in zip(plain, map(with_shapes, entry.body), strict=True):
        for name in ("segmentation", "bbox", "area"):
            values = [getattr(row, name) for row in (one, other)]
            assert len({bytes(value) if isinstance(value, Raw) else value for value in values}) == 1


def test_samples_are_the_same_with_their_rows(tmp_path: Path) -> None:
    for one, other in zip(
        cocoseg.read(FIXTURES / "instances.json"),
        cocoseg.read(FIXTURES / "instances.json", keep_fields=True),
        strict=True,
    ):
        assert np.array_equal(one.areas, other.areas)
        assert one.problems == other.problems
        assert [*map(bytes, one.stated or ())] == [*map(bytes, other.stated or ())]


def test_a_category_that_becomes_a_crowd_says_so_in_rows_that_did_not(tmp_path: Path) -> None:
    text = save(tmp_path / "in.json", [STRICT[1]]).read_text().replace('"cat"', '"cat", "isthing": 0')
    (tmp_path / "a.json").write_text(text.replace('"dog"', '"dog", "isthing": 1'))
    (tmp_path / "b.json").write_text(text.replace('"dog"', '"dog", "isthing": 0').replace("a.jpg", "b.jpg"))
    cocoseg.merge([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "out.json")
    assert [json.loads(row).get("iscrowd", 0) for row in written(tmp_path / "out.json")] == [0, 1]
