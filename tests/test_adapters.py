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


def test_an_annotation_of_no_category_is_not_left_out(tmp_path: Path) -> None:
    source = photographs.save(tmp_path, 2)
    source.write_text(source.read_text().replace('"category_id": 7', '"category_id": 77', 1))
    with pytest.raises(cocoseg.SampleError, match=r"0\.jpg.*category_id 77") as caught:
        adapters.detectron2(source, images=tmp_path / "photos")
    assert caught.value.category == "id.unknown"


@pytest.mark.parametrize("name", ["instances.json", "panoptic.json", "cityscapes"])
def test_the_processor_makes_the_masks_of_the_segments(name: str) -> None:
    """By the steps of Mask2Former's processor: without the ignored number, a mask for each number that is left."""
    dataset = cocoseg.read(FIXTURES / name)
    scheme = cocoseg.label_scheme("index", dataset)
    for sample in dataset:
        numbers, classes = adapters.huggingface(sample, scheme)
        found = set(np.unique(numbers).tolist()) - {255}
        assert found == set(classes)  # else the processor raises a KeyError, or learns an empty mask
        assert set(classes.values()) <= {row.index for row in scheme.table}
        class_map = cocoseg.semantic(sample, scheme)
        for number, label in classes.items():
            assert (class_map[numbers == number] == label).all()


def test_a_preset_that_follows_the_data_set_needs_it() -> None:
    with pytest.raises(cocoseg.LabelError, match=r"pass cocoseg.label_scheme\('index', dataset\)"):
        adapters.huggingface(cocoseg.read(FIXTURES / "panoptic.json")[0], "index")


def test_transformers_takes_it() -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    try:
        processor = transformers.Mask2FormerImageProcessor(ignore_index=255, do_resize=False, size_divisor=1)
    except ImportError as error:
        pytest.skip(f"transformers has no image processors here ({error})")
    sample = cocoseg.read(FIXTURES / "panoptic.json")[0]
    numbers, classes = adapters.huggingface(sample, "mask2former")
    photo = np.zeros((*sample.size, 3), np.uint8)
    made = processor(images=photo, segmentation_maps=numbers, instance_id_to_semantic_id=classes, return_tensors="pt")
    for mask, number in zip(made["mask_labels"][0].numpy(), sorted(classes), strict=True):
        np.testing.assert_array_equal(mask.astype(bool), numbers == number)
    assert made["class_labels"][0].tolist() == [classes[number] for number in sorted(classes)]


def decode(segmentation: dict[str, Any]) -> np.ndarray:
    """By pycocotools, which numpy 2 warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.asarray(pycocotools.decode(segmentation))


def test_the_adapters_are_listed() -> None:
    assert all(callable(getattr(adapters, name)) for name in adapters.__all__)
