"""Rows of a detection JSON that pass through undecoded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import PassedRows, can_pass, largest_id, listed_ids, passing, with_ids
from cocoseg.model import Sample
from conftest import FIXTURES

SOURCE = FIXTURES / "instances.json"
ROW = '{"id":7,"image_id":1,"category_id":3,"iscrowd":0,"segmentation":[[0,0,2,0,2,2]],"note":1.50}'


def save(path: Path, *rows: str) -> cocoseg.Dataset:
    """A JSON of one image with these rows."""
    head = '{"images":[{"id":1,"file_name":"a.jpg","height":4,"width":4}],"categories":[{"id":3,"name":"cat"}],'
    path.write_text(f'{head}"annotations":[{",".join(rows)}]}}')
    return cocoseg.read(path, keep_fields=True)


def passed(dataset: cocoseg.Dataset, **options: Any) -> bytes:
    """The rows of the first image, as they are written."""
    convert = PassedRows(listed_ids(dataset.categories), **options)
    return convert(passing(dataset)[0]).texts[1]  # type: ignore[arg-type]


def test_a_row_whose_ids_stay_keeps_its_bytes(tmp_path: Path) -> None:
    odd = ROW.replace(",", " ,  ").replace("0.0", "0")
    assert passed(save(tmp_path / "a.json", odd)) == odd.encode()


def test_line_breaks_alone_are_left_out(tmp_path: Path) -> None:
    text = passed(save(tmp_path / "a.json", ROW.replace(",", ",\n ")))
    assert b"\n" not in text
    assert json.loads(text) == json.loads(ROW)
    assert b"1.50" in text


def test_a_row_that_is_renumbered_begins_with_its_id(tmp_path: Path) -> None:
    row = ROW.replace('"id":7,', "").replace("}", ',"id":7}')
    text = passed(save(tmp_path / "a.json", row), numbered=True)
    assert text.startswith(b'{"id":0,')
    assert json.loads(text) == json.loads(ROW) | {"id": 0}


def test_a_category_that_is_not_listed_costs_its_image(tmp_path: Path) -> None:
    with pytest.raises(SampleError) as caught:
        passed(save(tmp_path / "a.json", ROW.replace('category_id":3', 'category_id":4')))
    assert caught.value.category == "id.unknown"


def test_unread_images_have_the_columns_of_samples() -> None:
    read = cocoseg.read(SOURCE, keep_fields=True)
    for sample, unread in zip(cocoseg.read(SOURCE), passing(read), strict=True):
        one: Any = unread
        assert (one.key, one.image_id, one.file_name, one.size) == (
            sample.key, sample.image_id, sample.file_name, sample.size,
        )  # fmt: skip
        np.testing.assert_array_equal(one.category_ids, sample.category_ids)
        np.testing.assert_array_equal(one.iscrowd, sample.iscrowd)
        found: Sample = one.take(np.arange(len(one.kept))[1:]).read()
        assert found.areas.tolist() == sample.areas.tolist()[1:]


def test_only_rows_that_nothing_changes_pass() -> None:
    read = cocoseg.read(SOURCE, keep_fields=True)
    assert can_pass(read)
    assert not can_pass(read.map(lambda sample: sample))
    assert not can_pass(cocoseg.read(FIXTURES / "panoptic.json"))


@pytest.mark.parametrize(
    ("taken", "zero", "table"),
    [
        (set[int](), False, []),
        ({5}, False, [(5, 20)]),
        (set[int](), True, [(0, 20)]),
        ({0, 9}, True, [(0, 20), (9, 21)]),
    ],
)
def test_ids_are_renumbered_only_where_they_are_taken(
    taken: set[Any], zero: bool, table: list[tuple[int, int]], tmp_path: Path
) -> None:
    dataset = save(tmp_path / "a.json", *(ROW.replace('"id":7', f'"id":{number}') for number in (0, 5, 9)))
    assert largest_id(dataset) == 9
    assert with_ids(dataset, taken, 20, zero) == (20 + len(table), table)
    assert {0, 5, 9} - dict(table).keys() <= taken
