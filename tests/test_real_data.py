"""Real pictures, against what the reference tools make of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run

EXPECTED = {
    "panopticapi": "panopticapi",
    "panopticapi-things-other": "panopticapi_things_other",
    "mask2former": "contiguous133_void255",
    "index": "contiguous133_void255",
    "detectron2-fpn": "detectron2_fpn",
}
SAMPLE = Path("coco_panoptic/val2017_sample/panoptic_examples.json")
ANNOTATIONS_ONLY = Path("coco_panoptic/annotations_only/panoptic_val2017.json")
CATEGORIES = Path("coco_panoptic/panoptic_coco_categories.json")


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


@pytest.mark.parametrize("preset", EXPECTED)
def test_two_coco_pictures_in_python(preset: str, real_data: Path) -> None:
    dataset = cocoseg.read(real_data / SAMPLE)
    labels = cocoseg.label_scheme(preset, dataset.categories)
    for sample in dataset:
        reference = picture(real_data / "expected" / EXPECTED[preset] / sample.key)
        np.testing.assert_array_equal(cocoseg.semantic(sample, labels), reference)
        assert sample.problems == ()


@pytest.mark.parametrize("preset", EXPECTED)
def test_two_coco_pictures_through_the_command(preset: str, real_data: Path, tmp_path: Path) -> None:
    assert run("to-semantic", real_data / SAMPLE, tmp_path / "out", "--labels", preset).code == 0
    references = sorted((real_data / "expected" / EXPECTED[preset]).glob("*.png"))
    assert len(references) == 2
    for reference in references:
        np.testing.assert_array_equal(picture(tmp_path / "out" / reference.name), picture(reference))


def test_areas_of_image_139(real_data: Path, tmp_path: Path) -> None:
    reference = json.loads((real_data / "expected/image139_class_areas.json").read_text())
    args = ("--categories", real_data / CATEGORIES, "--labels", "panopticapi", "--json")
    result = run("to-semantic", real_data / ANNOTATIONS_ONLY, tmp_path / "out", *args)
    pixels = {key: count for key, count in result.summary["pixels"].items() if key != "0"}
    assert pixels == reference["pixels_per_category"]
    found = np.unique(picture(tmp_path / "out" / reference["file_name"]), return_counts=True)
    counts = dict(zip(map(str, found[0].tolist()), found[1].tolist(), strict=True))
    assert {key: count for key, count in counts.items() if key != "0"} == pixels

    dataset = cocoseg.read(real_data / ANNOTATIONS_ONLY, categories=real_data / CATEGORIES)
    labels = cocoseg.label_scheme("panopticapi", dataset.categories)
    assert list(dataset[0].size) == reference["size_hw"]
    in_python = np.bincount(cocoseg.semantic(dataset[0], labels).ravel())
    assert {str(value): int(count) for value, count in enumerate(in_python) if value and count} == pixels


@pytest.mark.parametrize(
    ("source", "png_dir", "size", "segments"),
    [
        ("bdd100k/panseg_coco/panseg_coco.json", "bdd100k/panseg_coco", (720, 1280), 14),
        ("cityscapes/panoptic/cityscapes_panoptic_dummy_trainId.json", None, (800, 800), 10),
        (
            "mapillary/mapillary_vistas_dataset/train/v1.2/panoptic/panoptic_2018.json",
            "mapillary/mapillary_vistas_dataset/train/v1.2/panoptic",
            (5, 5),
            5,
        ),
    ],
)
def test_other_data_sets_read(
    source: str, png_dir: str | None, size: tuple[int, int], segments: int, real_data: Path
) -> None:
    dataset = cocoseg.read(real_data / source, png_dir=png_dir and real_data / png_dir)
    assert len(dataset) == 1
    assert dataset[0].size == size
    assert len(dataset[0].ids) == segments
    assert dataset[0].areas.sum() <= size[0] * size[1]


def test_pictures_in_the_folder_of_the_json_are_found_by_the_message(real_data: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="--png-dir; .* is beside the JSON: use --png-dir"):
        cocoseg.read(real_data / "bdd100k/panseg_coco/panseg_coco.json")


@pytest.mark.parametrize("name", ["instances_val2014_100", "lvis_val_100"])
def test_class_maps_of_instances_have_the_hashes_of_pycocotools(name: str, real_data: Path) -> None:
    from dataclasses import replace

    reference = json.loads((real_data / "expected" / f"{name}.json").read_text())
    hashes = reference["class_map_sha256_uint16_C_order_little_endian"]
    dataset = cocoseg.read(real_data / "coco_instances" / f"{name}.json")
    labels = replace(cocoseg.label_scheme("cocostuff-helper", dataset.categories), crowd="class")
    found = {str(sample.image_id): sha256(cocoseg.semantic(sample, labels)) for sample in dataset}
    assert found == hashes


def sha256(class_map: np.ndarray) -> str:
    return hashlib.sha256(class_map.astype("<u2").tobytes()).hexdigest()


def test_instances_through_the_command(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "coco_instances" / "lvis_val_100.json"
    assert run("to-semantic", source, tmp_path / "out").code == 0
    dataset = cocoseg.read(source)
    labels = cocoseg.label_scheme("index", dataset.categories, background=True)
    assert labels.void == 65535
    for sample in dataset:
        np.testing.assert_array_equal(picture(tmp_path / "out" / sample.key), cocoseg.semantic(sample, labels))


def test_detection_masks_of_a_panoptic_picture_are_its_segments(real_data: Path) -> None:
    panoptic = cocoseg.read(real_data / SAMPLE)
    masks = cocoseg.read(real_data / "coco_panoptic/val2017_sample/panoptic_coco_detection_format.json")
    assert masks.conventions.unlabelled != "background"
    for one, other in zip(panoptic, masks, strict=True):
        assert one.key == other.key
        np.testing.assert_array_equal(one.areas, other.areas)
        np.testing.assert_array_equal(cocoseg.instance_masks(one), cocoseg.instance_masks(other))
        labels = cocoseg.label_scheme("mask2former")
        np.testing.assert_array_equal(cocoseg.semantic(one, labels), cocoseg.semantic(other, labels))


def test_all_of_taco_reads(real_data: Path) -> None:
    dataset = cocoseg.read(real_data / "taco/annotations.json")
    assert sum(len(sample.ids) for sample in dataset) == 4784
    assert [problem.category for problem in dataset.problems] == ["id.duplicate"]


def test_coco_stuff_leaves_void_what_it_does_not_label(real_data: Path) -> None:
    dataset = cocoseg.read(real_data / "coco_stuff/stuff_examples.json")
    assert dataset.conventions.unlabelled != "background"
    for sample in dataset:
        class_map = cocoseg.semantic(sample, "cocostuff", overlap="error")
        assert (class_map != 255).sum() == sample.areas[sample.category_ids != 183].sum()
