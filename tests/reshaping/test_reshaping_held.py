"""What the images of a data set hold, without decoding where rows say it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.formats.coco.passing import passing
from cocoseg.model import Dataset
from cocoseg.reshaping.changes import Keep, with_change
from cocoseg.reshaping.held import held
from conftest import FIXTURES

SOURCE = FIXTURES / "instances.json"


def test_rows_hold_what_their_masks_do() -> None:
    found = list(held(cocoseg.read(SOURCE)))
    assert found == [frozenset(sample.category_ids.tolist()) for sample in cocoseg.read(SOURCE)]
    assert list(held(passing(cocoseg.read(SOURCE, keep_fields=True)))) == found
    assert frozenset() in found


def test_changes_count() -> None:
    found = list(held(with_change(cocoseg.read(SOURCE), Keep(frozenset({18})))))
    assert set(found) == {frozenset({18}), frozenset()}


def test_of_a_refused_image_nothing_is_known(tmp_path: Path) -> None:
    document = json.loads(SOURCE.read_text())
    document["images"][0]["file_name"] = "../a.jpg"
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert next(held(cocoseg.read(tmp_path / "a.json"))) is None


SOURCES = ["panoptic.json", "instances.json"]
CHANGES = [Keep(), Keep(frozenset({18})), Keep(crowds=False), Keep(min_area=5)]


def decoded(dataset: Dataset) -> list[frozenset[int]]:
    return [frozenset(sample.category_ids.tolist()) for sample in dataset]


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("name", SOURCES)
def test_it_is_what_decoding_finds(name: str, change: Keep) -> None:
    dataset = with_change(cocoseg.read(FIXTURES / name), change)
    assert list(held(dataset)) == decoded(dataset)


def test_pictures_of_a_panoptic_json_are_not_opened(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "panoptic.json", tmp_path)
    shutil.copytree(FIXTURES / "panoptic", tmp_path / "panoptic")
    dataset = cocoseg.read(tmp_path / "panoptic.json")
    wanted = decoded(dataset)
    shutil.rmtree(tmp_path / "panoptic")
    assert list(held(dataset)) == wanted
    assert list(held(with_change(dataset, Keep(min_area=1)))) == [None] * len(dataset)


def test_a_change_that_looks_at_masks_gets_them() -> None:
    def large(sample: Any) -> Any:
        return sample.take(np.flatnonzero(sample.runs.size[0] > np.zeros(len(sample.category_ids))))

    dataset = cocoseg.read(FIXTURES / "instances.json").map(large)
    assert list(held(dataset)) == decoded(dataset)


def test_rows_that_cannot_be_read_are_unknown() -> None:
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    broken = [type(entry)(**{**_fields(entry), "body": type(entry.body)(b'[{"id": 1}]')}) for entry in dataset.entries]
    assert list(held(replace(dataset, entries=broken))) == [None] * len(dataset)


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}
