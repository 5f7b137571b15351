"""Detection files as people have them (``tests/cases``): two 20×30 images, a cat of 48 pixels, a dog of 130 pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cocoseg

CASES = Path(__file__).parent.parent / "cases"

# What the images hold, as {class: pixels}; None where an image is refused.
CAT, DOG, EMPTY = {0: 552, 1: 48}, {0: 470, 2: 130}, {0: 600}
RIGHT = [CAT, DOG]

AS_MEANT = {
    "annotations_dict-a": ["doc.type"],
    "categories_dict-b": ["doc.type"],
    "images_dict-b": ["doc.type"],
    "via_flat-string_images": ["id.type"],
    "ytvis-cocovid": [],
    "results-gt": [],
    "category_id-all_str": ["doc.type"],
    "category_id-ann_str": ["doc.type"],
    "category_id-float": ["doc.type"],
    "category_id-str": ["doc.type"],
    "category_id-name_empty": [],
    "category_id-name_int": ["doc.type"],
    "category_id-name_null": ["doc.missing_key"],
    "category_id-name_absent": ["doc.missing_key"],
    "category_id-row_twice": ["id.duplicate"],
    "category_id-same_name": ["name.duplicate"],
    "rle-compressed": [],
    "rle-extra": [],
    "rle-floats": [],
    "rle-list": [],
    "ids-ann_float": ["doc.type"],
    **{f"ids-ann_{kind}": [] for kind in ("hex", "lead_zero", "neg", "num_str", "uuid", "zero")},
    **{f"ids-image_{kind}": [] for kind in ("big64", "big65", "float", "hex", "lead_zero", "neg", "num_str", "uuid")},
    "ids-image_zero": [],
    "ids-mismatch_lead_zero": ["id.type"],
    "mixed_types-caption": ["seg.empty"],
    "mixed_types-keypoints": ["seg.empty"],
    "mixed_types-keypoints_empty_seg": ["seg.empty"],
    **{
        f"boxes-mixed_{kind}": ["seg.empty"]
        for kind in (
            *("counts_null", "dict", "empty_counts", "empty_counts_str", "empty_str", "list_list", "list_null", "null"),
        )
    },
}

REFUSED = {
    "categories_dict-a": ("doc.type", "'categories' is not a list; put it into brackets"),
    "categories_dict-c": ("doc.type", "without ids, cocoseg cannot tell which category is which"),
    "images_dict-a": ("doc.type", "'images' is not a list; put it into brackets"),
    "boxes-absent": ("doc.kind", "no annotation has 'segments_info' or a mask"),
    "boxes-empty_list": ("doc.kind", "no annotation has 'segments_info' or a mask"),
    "ytvis-a": ("doc.kind", "holds videos (YouTube-VIS)"),
    "ytvis-results": ("doc.kind", "holds videos (YouTube-VIS)"),
    "results-gt_names": ("id.unknown", "image_id is 1, 2, the images' id is 'a.jpg', 'b.jpg'"),
    "ids-by_name": ("id.unknown", "image_id is 'a.jpg', 'b.jpg', the images' id is 1, 2"),
    "ids-by_stem": ("id.unknown", "use --match file_name"),
    "ids-other_split": ("id.unknown", "image_id is 101, 102, the images' id is 1, 2"),
    "ids-image_id_key": ("id.unknown", "images[0]: no 'id', expected an integer or a string"),
    "ids-no_image_id": ("id.unknown", "images[0]: no 'id', expected an integer or a string"),
}

# The first image is refused, the second is right.
COSTS_ITS_IMAGE = {
    "boxes-mixed_list_box": "poly.short",
    "boxes-mixed_zero": "seg.type",
    "via_flat-category_null": "id.type",
    **{f"category_id-{kind}": "id.type" for kind in ("bool", "list", "name")},
    "category_id-big": "id.range",
    "category_id-unknown": "id.unknown",
    "rle-bytes_repr": "rle.charset",
    "rle-codes": "rle.sum",
    "rle-intstrs": "rle.type",
    "rle-json": "rle.charset",
    "rle-short_tail": "rle.sum",
    "rle-size_missing": "size.type",
    "rle-size_str": "size.type",
    "rle-strlist": "rle.charset",
    "ids-ann_big64": "id.range",
    "ids-ann_big65": "id.range",
    "ids-ann_float_frac": "id.type",
    "sizes-frac": "size.type",
    "sizes-list": "size.type",
    "sizes-minus": "size.invalid",
    "sizes-null": "doc.missing_key",
    "sizes-one_missing": "size.type",
    "sizes-one_null": "size.type",
    "mixed_types-point": "poly.short",
    "mixed_types-polyline": "poly.short",
}


def found(dataset: cocoseg.Dataset) -> list[dict[int, int] | None]:
    """The pixels of each class in each image; None for one that is refused."""
    scheme = cocoseg.label_scheme("index", dataset)
    maps: list[dict[int, int] | None] = []
    for number in range(len(dataset)):
        try:
            values, pixels = np.unique(cocoseg.semantic(dataset[number], scheme), return_counts=True)
            maps.append(dict(zip(values.tolist(), pixels.tolist(), strict=True)))
        except cocoseg.SampleError:
            maps.append(None)
    return maps


@pytest.mark.parametrize("case", AS_MEANT)
def test_what_is_unambiguous_is_taken_and_told_once(case: str) -> None:
    dataset = cocoseg.read(CASES / f"{case}.json")
    assert found(dataset) == RIGHT
    told = [problem.category for problem in dataset.problems]
    assert sorted(set(told)) == AS_MEANT[case]
    assert all(sample.problems == () for sample in dataset)


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_sense_is_refused_as_a_whole(case: str) -> None:
    category, text = REFUSED[case]
    with pytest.raises(cocoseg.DocumentError) as caught:
        cocoseg.read(CASES / f"{case}.json")
    assert caught.value.category == category
    assert text in str(caught.value)


@pytest.mark.parametrize("case", COSTS_ITS_IMAGE)
def test_what_is_wrong_costs_its_image(case: str, tmp_path: Path) -> None:
    dataset = cocoseg.read(CASES / f"{case}.json")
    assert found(dataset) == [None, DOG]
    summary = cocoseg.to_semantic(CASES / f"{case}.json", tmp_path / "out")
    assert [failure.category for failure in summary.failures] == [COSTS_ITS_IMAGE[case]]


@pytest.mark.parametrize(
    ("case", "category"),
    [("via_flat-a", "seg.type"), ("via_flat-flat_only", "seg.type"), ("via_flat-zero_size", "size.invalid")],
)
def test_what_is_wrong_in_both_images_costs_both(case: str, category: str) -> None:
    dataset = cocoseg.read(CASES / f"{case}.json")
    for number in (0, 1):
        with pytest.raises(cocoseg.SampleError) as caught:
            dataset[number]
        assert caught.value.category == category


@pytest.mark.parametrize("case", ["category_id-empty_categories", "category_id-no_categories"])
def test_categories_are_asked_for(case: str, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.LabelError, match="give them with --categories FILE"):
        cocoseg.to_semantic(CASES / f"{case}.json", tmp_path / "out")
    dataset = cocoseg.read(CASES / f"{case}.json", categories=CASES / "results-gt.json")
    assert found(dataset) == RIGHT


@pytest.mark.parametrize("case", ["ids-image_id_absent", "ids-image_id_null", "ids-image_id_stray"])
def test_a_row_of_no_listed_image_is_a_failure_of_its_own(case: str) -> None:
    assert found(cocoseg.read(CASES / f"{case}.json")) == [CAT, DOG, None]


def test_a_row_is_joined_beside_others_that_have_the_right_type() -> None:
    assert found(cocoseg.read(CASES / "ids-partly_string.json")) == [{0: 422, 1: 48, 2: 130}, DOG]


def test_a_row_without_a_mask_leaves_its_image_to_the_others() -> None:
    assert found(cocoseg.read(CASES / "boxes-one_absent.json")) == [EMPTY, DOG]


def test_a_mask_that_disagrees_with_its_box_is_told() -> None:
    first, second = cocoseg.read(CASES / "rle-rowmajor.json")
    (problem,) = first.problems
    assert problem.category == "seg.bbox"
    assert "annotations[0] (id 1) has bbox [2, 2, 8, 6], but its mask's box is [3, 2, 8, 18]" in problem.message
    assert second.problems == ()


def test_an_image_without_a_usable_id_is_a_failure_and_so_are_its_rows() -> None:
    assert found(cocoseg.read(CASES / "ids-image_float_frac.json")) == [DOG, None, None]


@pytest.mark.parametrize("case", ["ids-by_name", "ids-by_stem", "results-gt_names"])
def test_images_are_matched_by_their_file_name_on_request(case: str) -> None:
    if case == "results-gt_names":
        images = CASES / "results-gt.json"
        dataset = cocoseg.read(CASES / "results-names.json", images=images, match="file_name")
        assert found(dataset)[1] == EMPTY
        assert [len(sample.ids) for sample in dataset] == [2, 0]
    else:
        assert found(cocoseg.read(CASES / f"{case}.json", match="file_name")) == RIGHT


def test_results_need_no_list_of_images_where_they_are_rle() -> None:
    dataset = cocoseg.read(CASES / "results-ids.json", categories=CASES / "results-gt.json")
    assert [(sample.key, sample.size, len(sample.ids)) for sample in dataset] == [("1.png", (20, 30), 2)]
    assert [problem.category for problem in dataset.problems] == ["doc.missing_key"]
    by_name = cocoseg.read(CASES / "results-names.json", categories=CASES / "results-gt.json")
    assert [sample.key for sample in by_name] == ["a.png"]


def test_every_case_is_used() -> None:
    others = {"results-ids", "results-names", "ids-image_id_absent", "ids-image_id_null", "ids-image_id_stray"}
    others |= {"ids-partly_string", "boxes-one_absent", "rle-rowmajor", "via_flat-a", "via_flat-flat_only"}
    others |= {"via_flat-zero_size", "category_id-empty_categories", "category_id-no_categories", "roboflow_root-a"}
    others |= {"ids-image_float_frac"}
    joined = {path.stem for path in CASES.glob("joined-*.json")}
    assert {path.stem for path in CASES.glob("*.json")} == {*AS_MEANT, *REFUSED, *COSTS_ITS_IMAGE, *others, *joined}


@pytest.mark.parametrize("stuff", ["annstr", "int", "str"])
def test_stuff_is_joined_by_ids_that_differ_in_type(stuff: str, tmp_path: Path) -> None:
    summary = cocoseg.to_panoptic(
        CASES / "results-gt.json", tmp_path / "out", stuff=CASES / f"joined-stuff_{stuff}.json"
    )
    rows = json.loads((tmp_path / "out" / "panoptic.json").read_text())["annotations"]
    areas = [{segment["category_id"]: segment["area"] for segment in row["segments_info"]} for row in rows]
    assert areas == [{92: 552, 1: 48}, {92: 470, 2: 130}]
    assert [problem.category for problem in summary.problems] == ([] if stuff == "int" else ["id.type"])


@pytest.mark.parametrize("stuff", ["name", "other"])
def test_stuff_of_other_images_is_refused(stuff: str, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="has none of its images") as caught:
        cocoseg.to_panoptic(CASES / "results-gt.json", tmp_path / "out", stuff=CASES / f"joined-stuff_{stuff}.json")
    assert caught.value.category == "id.unknown"
    assert not (tmp_path / "out").exists()
