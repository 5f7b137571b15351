"""Images under other names and ids."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

import cocoseg
from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import passing
from cocoseg.reshaping.renamed import licensed, renamed
from conftest import FIXTURES


@pytest.mark.parametrize("passed", [False, True])
def test_names_lie_in_the_folder_and_the_rest_stays(passed: bool) -> None:
    dataset = cocoseg.read(FIXTURES / "instances.json", keep_fields=True)
    found = renamed(passing(dataset) if passed else dataset, "one")
    for before, after in zip(dataset, found, strict=True):
        assert (after.key, after.file_name) == (f"one/{before.key}", f"one/{before.file_name}")
        assert (after.image_id, after.size) == (before.image_id, before.size)
        np.testing.assert_array_equal(after.category_ids, before.category_ids)


def test_the_name_and_the_id_are_part_of_the_digest() -> None:
    def content(dataset: cocoseg.Dataset, **fields: object) -> bytes:
        entry = msgspec.structs.replace(dataset.entries[0], **fields)
        return b"".join(dataset.load.content(entry, dataset.load.fetch(entry), exact=False))

    dataset = cocoseg.read(FIXTURES / "instances.json")
    found = {content(renamed(dataset)), content(renamed(dataset, "a")), content(renamed(dataset), image_id=9)}
    assert len(found) == 3


def test_photos_of_tiles_lie_in_the_folder_too(tmp_path: Path) -> None:
    cocoseg.tile(FIXTURES / "instances.json", tmp_path / "large.json", size=8)
    cocoseg.tile(tmp_path / "large.json", tmp_path / "small.json", size=4)
    dataset = cocoseg.read(tmp_path / "small.json", keep_fields=True)
    for before, after in zip(dataset, renamed(dataset, "one"), strict=True):
        one, other = (json.loads(bytes(sample.row))["tile"] for sample in (before, after))  # type: ignore[arg-type]
        assert other["file_name"] == f"one/{one['file_name']}"
        assert other["of"] == one["of"] | {"file_name": f"one/{one['of']['file_name']}"}
        assert (other["image_id"], other["offset"]) == (one["image_id"], one["offset"])


def test_a_refused_image_stays_refused(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["file_name"] = "../a.jpg"
    (tmp_path / "a.json").write_text(json.dumps(document))
    found = renamed(cocoseg.read(tmp_path / "a.json"), "one")
    with pytest.raises(SampleError) as caught:
        found[0]
    assert caught.value.category == "path.escape"


def test_images_name_their_licences_by_new_ids(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    document["images"][0]["license"] = 4
    document["images"][1]["license"] = 5
    (tmp_path / "a.json").write_text(json.dumps(document))
    dataset = cocoseg.read(tmp_path / "a.json", keep_fields=True)
    found = licensed(renamed(dataset), {b"4": 7})
    assert [json.loads(bytes(sample.row)).get("license") for sample in found] == [7, 5, None]  # type: ignore[arg-type]
    assert licensed(dataset, {}) is dataset
