"""Data sets in the forms of other libraries, by their documented contracts."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import photographs
import pytest
from pycocotools import mask as pycocotools

import cocoseg
from cocoseg import adapters
from conftest import FIXTURES


def test_detectron2_gets_what_its_docs_list() -> None:
    dicts, metadata = adapters.detectron2(FIXTURES / "panoptic.json", images=FIXTURES / "photos", class_maps="maps")
    things, stuff = (metadata[f"{kind}_dataset_id_to_contiguous_id"] for kind in ("thing", "stuff"))
    assert (things, stuff) == ({1: 0, 18: 1}, {184: 2, 187: 3, 193: 4})
    assert metadata["thing_classes"] == ["person", "dog"]
    assert len(metadata["stuff_classes"]) == len(metadata["stuff_colors"]) == 5
    for record in dicts:
        assert Path(record["file_name"]).is_file()
        assert Path(record["pan_seg_file_name"]).is_file()
        assert record["sem_seg_file_name"].startswith("maps/")
        assert {row["category_id"] for row in record["segments_info"]} <= {*things.values(), *stuff.values()}
        for row in record["annotations"]:
            mask = decode(row["segmentation"])
            assert mask.shape == (record["height"], record["width"])
            assert pycocotools.toBbox(row["segmentation"]).tolist() == row["bbox"]
            assert row["bbox_mode"] == 1  # BoxMode.XYWH_ABS
            assert row["category_id"] < len(metadata["thing_classes"])


def test_class_maps_of_things_first_have_the_same_numbers(tmp_path: Path) -> None:
    dicts, metadata = adapters.detectron2(FIXTURES / "panoptic.json", images=FIXTURES / "photos")
    dataset = cocoseg.read(FIXTURES / "panoptic.json")
    scheme = cocoseg.label_scheme("things-first", dataset)
    numbers = metadata["thing_dataset_id_to_contiguous_id"] | metadata["stuff_dataset_id_to_contiguous_id"]
    assert scheme.class_of == numbers
    assert len(dicts) == len(dataset)


def test_instances_have_no_pictures_of_segments(tmp_path: Path) -> None:
    source = photographs.save(tmp_path, 2)
    dicts, metadata = adapters.detectron2(source, images=tmp_path / "photos")
    assert metadata["stuff_dataset_id_to_contiguous_id"] == {}
    assert "segments_info" not in dicts[0]
    assert [row["iscrowd"] for row in dicts[0]["annotations"]] == [0, 0, 1]
    masks = np.stack([decode(row["segmentation"]) for row in dicts[1]["annotations"]])
    np.testing.assert_array_equal(masks, photographs.masks(1))


def test_detectron2_needs_the_photos() -> None:
    with pytest.raises(cocoseg.UsageError, match="pass images=FOLDER"):
        adapters.detectron2(FIXTURES / "panoptic.json")


def decode(segmentation: dict[str, Any]) -> np.ndarray:
    """By pycocotools, which numpy 2 warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.asarray(pycocotools.decode(segmentation))


def test_the_adapters_are_listed() -> None:
    assert all(callable(getattr(adapters, name)) for name in adapters.__all__)
