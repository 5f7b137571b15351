"""COCO panoptic JSON as it is met in the wild."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import badinput
import cocoseg
from cocoseg.formats.panoptic import reader as panoptic

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    return badinput.base_document()


def read(document: Any, folder: Path, **files: bytes | None) -> cocoseg.Dataset:
    named = {f"panoptic/{name}.png": data for name, data in files.items()}
    return cocoseg.read(badinput.lay_out({"input": {"raw": json.dumps(document), "files": named}}, folder / "set"))


def is_base(dataset: cocoseg.Dataset) -> bool:
    maps = [sample.id_map for sample in dataset]
    return len(maps) == 3 and all(np.array_equal(found, badinput.base_labels()) for found in maps)


def segments(document: Document) -> list[dict[str, Any]]:
    return [segment for row in document["annotations"] for segment in row["segments_info"]]


def test_complete(document: Document, tmp_path: Path) -> None:
    dataset = read(document, tmp_path)
    assert is_base(dataset)
    assert dataset[1].key == "b.png"
    assert dataset[1].image_id == 2
    assert [category.name for category in dataset.categories] == ["person", "sky"]
    assert dataset.categories[0] == cocoseg.Category(1, "person", True, (220, 20, 60), "person")


@pytest.mark.parametrize("shape", ["annotations alone", "a bare list", "no categories"])
def test_less_than_complete(shape: str, document: Document, tmp_path: Path) -> None:
    rows = document["annotations"]
    less = {
        "annotations alone": {"annotations": rows},
        "a bare list": rows,
        "no categories": {"images": document["images"], "annotations": rows},
    }
    dataset = read(less[shape], tmp_path)
    assert is_base(dataset)
    assert dataset.categories == ()


def test_one_annotation_object(document: Document, tmp_path: Path) -> None:
    dataset = read(document["annotations"][1], tmp_path)
    assert len(dataset) == 1
    assert dataset[0].key == "b.png"


@pytest.mark.parametrize(
    "change",
    [
        {"bbox": None},
        {"bbox": []},
        {"area": 32.0},
        {"area": None},
        {"iscrowd": False},
        {"iscrowd": None},
        {"segment_id": 7, "isthing": 1, "ignore": 0, "attributes": {"id": "x", "occluded": []}},
    ],
)
def test_segments_as_careless_writers_make_them(change: dict[str, Any], document: Document, tmp_path: Path) -> None:
    for segment in segments(document):
        segment |= change
    dataset = read(document, tmp_path)
    assert is_base(dataset)
    assert all(sample.problems == () for sample in dataset)


@pytest.mark.parametrize("field", ["bbox", "area", "iscrowd"])
def test_fields_that_may_be_missing(field: str, document: Document, tmp_path: Path) -> None:
    for segment in segments(document):
        del segment[field]
    assert is_base(read(document, tmp_path))


def test_crowd_flags(document: Document, tmp_path: Path) -> None:
    segments(document)[0]["iscrowd"] = 1
    segments(document)[3]["iscrowd"] = True
    dataset = read(document, tmp_path)
    assert [sample.iscrowd.tolist() for sample in dataset] == [[True, False], [False, True], [False, False]]


def test_string_image_ids(document: Document, tmp_path: Path) -> None:
    for image, row in zip(document["images"], document["annotations"], strict=True):
        image["id"] = row["image_id"] = f"frankfurt_{image['id']}"
    assert is_base(read(document, tmp_path))


def test_image_ids_that_differ_in_type_only(document: Document, tmp_path: Path) -> None:
    document["annotations"][0]["image_id"] = "1"
    dataset = read(document, tmp_path)
    assert is_base(dataset)
    assert dataset[0].image_id == 1
    (problem,) = dataset.problems
    assert problem.category == "id.type"
    assert "image_id '1' and the id 1 of its image differ in type; they were joined" in problem.message


def test_sizes_may_be_missing(document: Document, tmp_path: Path) -> None:
    for image in document["images"]:
        del image["height"], image["width"]
    assert is_base(read(document, tmp_path))


def test_supercategory_and_colour_are_decoration(document: Document, tmp_path: Path) -> None:
    document["categories"][0] |= {"color": "red", "supercategory": None}
    assert read(document, tmp_path).categories[0] == cocoseg.Category(1, "person", True)


def test_two_categories_with_one_id(document: Document, tmp_path: Path) -> None:
    document["categories"][1]["id"] = 1
    with pytest.raises(cocoseg.DocumentError, match="id 1 already belongs to 'person', here it is 'sky'"):
        read(document, tmp_path)


def test_a_slice_carries_its_own_entries_only(document: Document, tmp_path: Path) -> None:
    import pickle

    dataset = read(document, tmp_path)
    part = dataset[1:2]
    assert [sample.key for sample in part] == ["b.png"]
    assert len(pickle.dumps(part)) < 1500
    assert pickle.loads(pickle.dumps(part))[0].key == "b.png"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ('{"annotations": [], "annotations": ROWS}', "annotations"),
        ('{"categories": [], "annotations": ROWS, "categories": []}', "categories"),
    ],
)
def test_a_repeated_top_level_key(raw: str, key: str, document: Document, tmp_path: Path) -> None:
    source = tmp_path / "panoptic.json"
    source.write_text(raw.replace("ROWS", json.dumps(document["annotations"])))
    with pytest.raises(cocoseg.DocumentError, match=key) as caught:
        cocoseg.read(source)
    assert caught.value.category == "json.duplicate_key"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"file_name": "a.png"', '"file_name": "b.png", "file_name": "a.png"'),
        ('"id": 1, "category_id": 1', '"id": 2, "id": 1, "category_id": 1'),
    ],
)
def test_a_repeated_key_in_one_annotation_costs_it(old: str, new: str, document: Document, tmp_path: Path) -> None:
    text = json.dumps(document).replace(old, new, 1)
    dataset = cocoseg.read(badinput.lay_out({"input": {"raw": text}}, tmp_path / "set"))
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[0]
    assert caught.value.category == "json.duplicate_key"
    assert dataset[2].key == "c.png"


def test_a_category_called_annotations_is_no_repeated_key(document: Document, tmp_path: Path) -> None:
    document["categories"][0]["name"] = "annotations"
    document["info"] = {"images": "categories", "categories": 2}
    assert is_base(read(document, tmp_path))


def test_a_damaged_picture_is_told_from_a_wrong_json(document: Document, tmp_path: Path) -> None:
    """A flipped pixel with a right CRC: only the Adler-32 of the stream can tell."""
    import zlib

    data = bytearray(badinput.build_png(8, 8, pixels=[[1, 0, 0] * 4 + [2, 0, 0] * 4] * 8))
    raw = b"".join(b"\0" + bytes([1, 0, 0] * 4 + [2, 0, 0] * 4) for _ in range(8))
    wrong = bytearray(zlib.compress(raw.replace(b"\2", b"\1", 1), 9))
    wrong[-4:] = zlib.adler32(raw).to_bytes(4, "big")
    data = data[:33] + badinput.chunk("IDAT", bytes(wrong)) + badinput.chunk("IEND", b"")
    with pytest.raises(cocoseg.SampleError, match=r"annotations\[0\] \(image 1, 'a.png'\)") as caught:
        read(document, tmp_path, a=bytes(data))[0]
    assert caught.value.category == "png.corrupt"


def test_areas_that_differ_are_one_warning_an_image(document: Document, tmp_path: Path) -> None:
    document["annotations"][0]["segments_info"][0]["area"] = 31.5
    document["annotations"][0]["segments_info"][1]["area"] = -3
    (problem,) = read(document, tmp_path)[0].problems
    assert problem.category == "panoptic.area"
    assert "segment 1 says area 31.5, but has 32 pixels" in problem.message
    assert "(2 segments differ)" in problem.message


def test_the_input_is_left_untouched(document: Document, tmp_path: Path) -> None:
    before = copy.deepcopy(document)
    dataset = read(document, tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    list(dataset)
    assert document == before
    assert {path: path.read_bytes() for path in files} == files


def test_no_segments_in_an_empty_picture(document: Document, tmp_path: Path) -> None:
    document["annotations"][0]["segments_info"] = []
    sample = read(document, tmp_path, a=badinput.build_png(8, 8))[0]
    assert sample.ids.shape == (0,)
    assert not sample.id_map.any()


def test_default_folder_of_the_pictures() -> None:
    assert panoptic.png_folder("a/panoptic_val2017.json") == "a/panoptic_val2017"
    assert panoptic.png_folder("a/b.json", "pngs") == "pngs"


@pytest.mark.parametrize("extra", [1, 3])
def test_a_listed_segment_id_0_is_void_and_told_once(extra: int, document: Document, tmp_path: Path) -> None:
    zero = {"id": 0, "category_id": 1, "area": 8, "iscrowd": 0}
    document["annotations"][0]["segments_info"] += [zero] * extra
    source = badinput.lay_out({"input": {"raw": json.dumps(document)}}, tmp_path)
    picture = np.repeat([[1, 0, 2]], 8, axis=0).repeat([4, 1, 3], axis=1)
    Image.fromarray(np.dstack([picture, picture * 0, picture * 0]).astype(np.uint8)).save(
        tmp_path / "panoptic" / "a.png"
    )
    sample = cocoseg.read(source)[0]
    assert sample.ids.tolist() == [1, 2]
    assert (cocoseg.semantic(sample, cocoseg.label_scheme("panopticapi", cocoseg.read(source))) == picture).all()
    problem, *others = sample.problems
    assert (problem.category, [other.category for other in others]) == ("id.range", ["panoptic.area"])
    assert "segments_info[2].id is 0, which is void; its pixels are not labelled" in problem.message
    assert ("(and 2 more)" in problem.message) is (extra == 3)
