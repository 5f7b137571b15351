"""Sizes and images that a detection JSON does not list: from RLE, from photos, from the masks of one image."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import cocoseg

CATEGORIES = [{"id": 1, "name": "cat"}]
RLE = {"size": [4, 6], "counts": [0, 2, 2, 2, 18]}
SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]


def save(document: Any, folder: Path, name: str = "set.json") -> Path:
    (folder / name).write_text(json.dumps(document))
    return folder / name


def document(*rows: dict[str, Any], **image: Any) -> dict[str, Any]:
    images = [{"id": 1, "file_name": "a.jpg", **image}]
    annotations = [{"id": n, "image_id": 1, "category_id": 1, **row} for n, row in enumerate(rows, 1)]
    return {"images": images, "annotations": annotations, "categories": CATEGORIES}


def photo(folder: Path, size: tuple[int, int], name: str = "a.jpg", orientation: int = 1) -> Path:
    """A photo of (height, width) in the folder ``photos``."""
    (folder / "photos").mkdir(exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size[::-1]).save(folder / "photos" / name, exif=exif)
    return folder / "photos"


@pytest.mark.parametrize("size", [{}, {"height": None, "width": None}, {"height": 4}, {"width": 6, "height": None}])
def test_of_the_rle_stands_for_a_missing_one(size: dict[str, Any], tmp_path: Path) -> None:
    dataset = cocoseg.read(save(document({"segmentation": SQUARE}, {"segmentation": RLE}, **size), tmp_path))
    assert (dataset[0].size, dataset[0].areas.tolist()) == ((4, 6), [4, 4])
    (problem,) = dataset.problems
    assert problem.category == "doc.missing_key"
    assert "images[0] has no size; that of its RLE, 4×6 (height×width), was taken" in problem.message


def test_a_side_that_the_rle_contradicts(tmp_path: Path) -> None:
    dataset = cocoseg.read(save(document({"segmentation": RLE}, height=5), tmp_path))
    with pytest.raises(cocoseg.SampleError, match=r"height is 5, but its RLE is 4×6") as caught:
        dataset[0]
    assert caught.value.category == "size.mismatch"


def test_rle_of_two_sizes_costs_the_image(tmp_path: Path) -> None:
    other = {"size": [6, 4], "counts": [24]}
    with pytest.raises(cocoseg.SampleError) as caught:
        cocoseg.read(save(document({"segmentation": RLE}, {"segmentation": other}), tmp_path))[0]
    assert caught.value.category == "size.mismatch"


def test_of_the_photo_on_request(tmp_path: Path) -> None:
    path = save(document({"segmentation": SQUARE}), tmp_path)
    with pytest.raises(cocoseg.SampleError, match="--photos DIR takes them from the photos"):
        cocoseg.read(path)[0]
    dataset = cocoseg.read(path, photos=photo(tmp_path, (4, 6)))
    assert dataset[0].size == (4, 6)
    assert "that of its photo, 4×6" in dataset.problems[0].message


def test_of_a_photo_that_exif_turns_is_what_viewers_show(tmp_path: Path) -> None:
    dataset = cocoseg.read(
        save(document({"segmentation": SQUARE}), tmp_path), photos=photo(tmp_path, (4, 6), orientation=6)
    )
    assert dataset[0].size == (6, 4)
    assert "its photo, turned as EXIF says, 6×4" in dataset.problems[0].message


def test_a_photo_that_is_not_there_costs_its_image(tmp_path: Path) -> None:
    dataset = cocoseg.read(
        save(document({"segmentation": SQUARE}), tmp_path), photos=photo(tmp_path, (4, 6), name="b.jpg")
    )
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[0]
    assert caught.value.category == "file.missing"


def test_the_command_takes_sizes_of_photos(tmp_path: Path) -> None:
    path = save(document({"segmentation": SQUARE}), tmp_path)
    summary = cocoseg.to_semantic(path, tmp_path / "out", photos=photo(tmp_path, (4, 6)))
    assert (summary.images, summary.pixels) == (1, {0: 20, 1: 4})


def results(*images: Any) -> list[dict[str, Any]]:
    return [{"image_id": image, "category_id": 1, "score": 0.5, "segmentation": RLE} for image in images]


def test_results_name_their_images(tmp_path: Path) -> None:
    path = save(results(7, 7, "b/c.jpg", 1.0), tmp_path)
    dataset = cocoseg.read(path, categories=save(CATEGORIES, tmp_path, "categories.json"))
    assert [(sample.key, sample.image_id, len(sample.ids)) for sample in dataset] == [
        ("7.png", 7, 2), ("b/c.png", "b/c.jpg", 1), ("1.png", 1, 1),
    ]  # fmt: skip
    assert "no 'images'; took those that the annotations name (3)" in dataset.problems[0].message


def test_results_with_a_polygon_need_a_list_of_images(tmp_path: Path) -> None:
    rows = [*results(7), {"image_id": 8, "category_id": 1, "segmentation": SQUARE}]
    with pytest.raises(cocoseg.DocumentError, match="name a file that lists them with --images"):
        cocoseg.read(save(rows, tmp_path))


SAM = {"segmentation": RLE, "area": 4, "bbox": [0, 0, 2, 2], "predicted_iou": 0.9, "crop_box": [0, 0, 6, 4]}


def test_sa_1b_is_one_image_of_one_class(tmp_path: Path) -> None:
    image = {"image_id": 5, "width": 6, "height": 4, "file_name": "sa_5.jpg"}
    dataset = cocoseg.read(save({"image": image, "annotations": [{"id": 1, **SAM}, {"id": 2, **SAM}]}, tmp_path))
    (sample,) = dataset
    assert (sample.key, sample.image_id, sample.size, sample.ids.tolist()) == ("sa_5.png", 5, (4, 6), [1, 2])
    assert [(row.id, row.name) for row in dataset.categories] == [(1, "object")]
    (problem,) = dataset.problems
    assert "no annotation has a category, so all are of one, 'object'; --class names it" in problem.message


def test_a_list_of_masks_as_sam_gives_it_is_the_image_that_it_is_called_by(tmp_path: Path) -> None:
    dataset = cocoseg.read(save([SAM, SAM], tmp_path, "dog.json"))
    (sample,) = dataset
    assert (sample.key, sample.size, len(sample.ids)) == ("dog.png", (4, 6), 2)
    assert [problem.category for problem in dataset.problems] == ["doc.missing_key"] * 2


def test_masks_without_an_image_id_belong_to_the_only_image(tmp_path: Path) -> None:
    whole = document({"segmentation": SQUARE}, height=4, width=6)
    del whole["annotations"][0]["image_id"]
    assert cocoseg.read(save(whole, tmp_path))[0].areas.tolist() == [4]
    whole["images"].append({"id": 2, "file_name": "b.jpg", "height": 4, "width": 6})
    with pytest.raises(cocoseg.DocumentError, match="none of the 1 annotation belongs to a listed image"):
        cocoseg.read(save(whole, tmp_path))


@pytest.mark.parametrize("category", [None, "missing"])
def test_without_categories_all_masks_are_objects(category: Any, tmp_path: Path) -> None:
    whole = document({"segmentation": SQUARE}, {"segmentation": SQUARE}, height=4, width=6)
    for row in whole["annotations"]:
        row["category_id"] = category
        if category == "missing":
            del row["category_id"]
    del whole["categories"]
    dataset = cocoseg.read(save(whole, tmp_path))
    assert [row.name for row in dataset.categories] == ["object"]
    assert dataset[0].category_ids.tolist() == [1, 1]
    whole["annotations"][0]["category_id"] = 1
    with pytest.raises(cocoseg.SampleError, match="category_id"):
        cocoseg.read(save(whole, tmp_path))[0]


def test_all_masks_are_one_class_on_request(tmp_path: Path) -> None:
    whole = document({"category_id": 7, "segmentation": SQUARE}, {"category_id": None, "segmentation": RLE})
    whole["images"][0] |= {"height": 4, "width": 6}
    dataset = cocoseg.read(save(copy.deepcopy(whole), tmp_path), class_name="animal")
    assert [(row.id, row.name) for row in dataset.categories] == [(1, "animal")]
    assert dataset[0].category_ids.tolist() == [1, 1]
