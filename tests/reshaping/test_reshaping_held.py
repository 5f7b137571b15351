"""What the images of a data set hold."""

from __future__ import annotations

import json
from pathlib import Path

import cocoseg
from cocoseg.formats.coco.passing import passing
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
