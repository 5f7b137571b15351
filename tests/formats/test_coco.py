"""COCO detection JSON as it is met in the wild."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import badinput
import cocoseg
from cocoseg.files.names import png_name
from command import cocoseg as run
from conftest import FIXTURES

Document = dict[str, Any]
SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]


@pytest.fixture
def document() -> Document:
    return {
        "images": [{"id": n, "file_name": f"{c}.jpg", "height": 4, "width": 6} for n, c in enumerate("abc", 1)],
        "categories": [{"id": 3, "name": "car"}, {"id": 7, "name": "bus"}],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 3 if n == 1 else 7, "segmentation": SQUARE, "iscrowd": 0}
            for n in (1, 2)
        ],
    }


def save(document: Any, folder: Path, name: str = "instances.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def read(document: Any, folder: Path, **options: Any) -> cocoseg.Dataset:
    return cocoseg.read(save(document, folder), **options)


def class_maps(dataset: cocoseg.Dataset) -> list[list[int]]:
    labels = cocoseg.label_scheme(
        "index", dataset.categories, background=dataset.conventions.unlabelled == "background"
    )
    return [np.bincount(cocoseg.semantic(sample, labels).ravel()).tolist() for sample in dataset]


def refusal(document: Document, folder: Path, place: int = 0) -> cocoseg.SampleError:
    dataset = read(document, folder)
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[place]
    others = [number for number in range(3) if number != place]
    assert [dataset[number].key for number in others] == [f"{'abc'[number]}.png" for number in others]
    return caught.value


def test_images_with_and_without_annotations(document: Document, tmp_path: Path) -> None:
    dataset = read(document, tmp_path)
    assert [sample.key for sample in dataset] == ["a.png", "b.png", "c.png"]
    assert [sample.size for sample in dataset] == [(4, 6)] * 3
    assert class_maps(dataset) == [[20, 4], [20, 0, 4], [24]]
    assert dataset.problems == ()


@pytest.mark.parametrize("field", ["id", "iscrowd"])
def test_fields_that_may_be_missing(field: str, document: Document, tmp_path: Path) -> None:
    for row in document["annotations"]:
        del row[field]
    assert class_maps(read(document, tmp_path)) == [[20, 4], [20, 0, 4], [24]]


@pytest.mark.parametrize(
    "change",
    [
        {"bbox": [float("inf"), 0, 1, 1], "area": float("nan")},
        {"iscrowd": False},
        {"iscrowd": None},
        {"attributes": {"segmentation": 3, "id": "x"}, "keypoints": [1, 2, 2], "score": None},
        {"id": "frankfurt-1"},
        {"segmentation": {"size": [4, 6], "counts": [0, 2, 2, 2, 18]}},
        {"segmentation": {"size": [4, 6], "counts": "02203NO20", "more": 1}},
    ],
)
def test_rows_as_careless_writers_make_them(change: Any, document: Document, tmp_path: Path) -> None:
    if isinstance(change.get("segmentation", {}).get("counts"), str):
        change["segmentation"]["counts"] = cocoseg.encode(np.pad(np.ones((2, 2), bool), ((0, 2), (0, 4))))["counts"]
    document["annotations"][0] |= change
    assert class_maps(read(document, tmp_path)) == [[20, 4], [20, 0, 4], [24]]


def test_ids_from_zero_and_gaps(document: Document, tmp_path: Path) -> None:
    document["categories"][0]["id"] = document["annotations"][0]["category_id"] = 0
    document["images"][0]["id"] = document["annotations"][0]["image_id"] = 0
    document["annotations"][0]["id"] = 0
    assert class_maps(read(document, tmp_path)) == [[20, 4], [20, 0, 4], [24]]


def test_an_id_that_is_used_twice_is_told_and_both_are_kept(document: Document, tmp_path: Path) -> None:
    document["annotations"][1]["id"] = 1
    dataset = read(document, tmp_path)
    assert [problem.category for problem in dataset.problems] == ["id.duplicate"]
    assert class_maps(dataset) == [[20, 4], [20, 0, 4], [24]]


NO_MASK = ["missing", [], None, {}, [[]], [[], []], [None], "", {"size": [4, 6], "counts": []}, {"counts": ""}]


def without_mask(row: Document, value: Any) -> None:
    row["segmentation"] = value
    if value == "missing":
        del row["segmentation"]


@pytest.mark.parametrize("value", NO_MASK)
def test_every_spelling_of_no_mask_is_the_same_and_told_once(value: Any, document: Document, tmp_path: Path) -> None:
    without_mask(document["annotations"][0], value)
    dataset = read(document, tmp_path)
    assert class_maps(dataset) == [[24], [20, 0, 4], [24]]
    (problem,) = dataset.problems
    assert problem.category == "seg.empty"
    assert "annotations[0] (id 1) has no mask" in problem.message
    assert dataset[0].problems == ()


@pytest.mark.parametrize("value", NO_MASK)
def test_a_file_without_a_single_mask_is_refused(value: Any, document: Document, tmp_path: Path) -> None:
    for row in document["annotations"]:
        without_mask(row, value)
    with pytest.raises(cocoseg.DocumentError, match="no annotation has 'segments_info' or a mask") as caught:
        read(document, tmp_path)
    assert caught.value.category == "doc.kind"


@pytest.mark.parametrize("value", NO_MASK)
def test_a_row_without_a_mask_keeps_its_box_and_area(value: Any, document: Document, tmp_path: Path) -> None:
    document["annotations"][0] |= {"bbox": [1.5, 0, 2, 3], "area": 5.5}
    without_mask(document["annotations"][0], value)
    cocoseg.to_coco(save(document, tmp_path), tmp_path / "out.json")
    first, second = json.loads((tmp_path / "out.json").read_text())["annotations"]
    assert (first["bbox"], first["area"]) == ([1.5, 0, 2, 3], 5.5)
    assert (second["bbox"], second["area"]) == ([0, 0, 2, 2], 4)


def test_lvis_names_images_by_their_address(document: Document, tmp_path: Path) -> None:
    for image in document["images"]:
        image["coco_url"] = f"http://host/val2017/{image.pop('file_name')}"
    assert [sample.key for sample in read(document, tmp_path)] == ["a.png", "b.png", "c.png"]


def test_folders_in_names_are_kept(document: Document, tmp_path: Path) -> None:
    document["images"][0]["file_name"] = "batch_1/000006.jpg"
    assert read(document, tmp_path)[0].key == "batch_1/000006.png"


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"segmentation": [[0, 0, 2, 0, 2]]}, "poly.odd"),
        ({"segmentation": [[0, 0, 2, 2]]}, "poly.short"),
        ({"segmentation": [[0, 0, float("nan"), 0, 2, 2]]}, "json.nonfinite"),
        ({"segmentation": {"size": [4, 7], "counts": [28]}}, "size.mismatch"),
        ({"segmentation": {"size": [4, 6], "counts": [23]}}, "rle.sum"),
        ({"segmentation": 0}, "seg.type"),
        ({"segmentation": [{"x": 1, "y": 2}]}, "seg.type"),
    ],
)
def test_a_bad_segmentation_costs_its_image(change: Any, category: str, document: Document, tmp_path: Path) -> None:
    document["annotations"][0] |= change
    error = refusal(document, tmp_path)
    assert error.category == category
    assert "instances.json: images[0] (image 1, 'a.jpg'): annotations[0] (id 1): " in str(error)


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"category_id": "three"}, "id.type"),
        ({"category_id": "3.5"}, "id.type"),
        ({"category_id": True}, "id.type"),
        ({"category_id": None}, "id.type"),
        ({"category_id": 10**30}, "id.range"),
        ({"iscrowd": "maybe"}, "doc.type"),
        ({"iscrowd": 0.5}, "doc.type"),
        ({"score": float("nan")}, "json.nonfinite"),
        ({"id": 1.5}, "id.type"),
    ],
)
def test_a_bad_row_costs_its_image(change: Any, category: str, document: Document, tmp_path: Path) -> None:
    """Not only the row: a class map without one of its objects would be wrong, and nobody would see it."""
    document["annotations"].insert(1, {**document["annotations"][0], **change})
    error = refusal(document, tmp_path)
    assert error.category == category
    assert "instances.json: images[0] (image 1, 'a.jpg'): annotations[1]: " in str(error)
    summary = cocoseg.to_semantic(tmp_path / "instances.json", tmp_path / "out")
    assert (summary.listed, summary.images, summary.failed) == (3, 2, 1)
    assert not (tmp_path / "out" / "a.png").exists()


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"image_id": None}, "id.type"),
        ({"image_id": 99}, "id.unknown"),
        ({"image_id": "99"}, "id.unknown"),
    ],
)
def test_a_row_that_belongs_to_no_image_is_named(
    change: Any, category: str, document: Document, tmp_path: Path
) -> None:
    document["annotations"][0] |= change
    dataset = read(document, tmp_path)
    assert len(dataset) == 4
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[3]
    assert caught.value.category == category
    assert "annotations[0]" in str(caught.value)
    assert [sample.key for sample in dataset[:3]] == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize(("change", "category"), [({"id": None}, "id.type"), ({"id": 1}, "id.duplicate")])
def test_an_image_row_without_an_id_of_its_own_is_named(
    change: Any, category: str, document: Document, tmp_path: Path
) -> None:
    document["images"][2] |= change
    summary = cocoseg.to_semantic(save(document, tmp_path), tmp_path / "out")
    (failure,) = summary.failures
    assert failure.category == category
    assert "images[2]: " in failure.message
    assert summary.images == 2


def test_image_ids_that_pandas_made_floats(document: Document, tmp_path: Path) -> None:
    document["annotations"][0]["image_id"] = 1.0
    assert class_maps(read(document, tmp_path)) == [[20, 4], [20, 0, 4], [24]]


def test_annotations_without_ids_are_numbered_from_1(document: Document, tmp_path: Path) -> None:
    for row in document["annotations"]:
        del row["id"]
    dataset = read(document, tmp_path)
    assert [sample.ids.tolist() for sample in dataset] == [[1], [2], []]
    assert dataset[0].id_map.max() == 1


def test_the_data_set_tells_its_labels_what_unlabelled_is(document: Document, tmp_path: Path) -> None:
    dataset = read(document, tmp_path)
    assert cocoseg.label_scheme("index", dataset).class_of == {3: 1, 7: 2}
    assert np.unique(cocoseg.semantic(dataset[0], cocoseg.label_scheme("index", dataset))).tolist() == [0, 1]


@pytest.mark.parametrize("name", ["a.heic", "b.tar.png", "c.JPG", "d"])
def test_what_is_written_is_called_png(name: str, document: Document, tmp_path: Path) -> None:
    document["images"][0]["file_name"] = name
    assert read(document, tmp_path)[0].key in ("a.png", "b.tar.png", "c.png", "d.png")


@pytest.mark.parametrize("source", ["instances.json", "cocoseg.json"])
def test_a_source_is_never_written_over(source: str, document: Document, tmp_path: Path) -> None:
    document["images"][0]["file_name"] = source
    path = save(document, tmp_path, source)
    before = path.read_bytes()
    with pytest.raises(cocoseg.UsageError, match="so that it could be overwritten; choose another OUT"):
        cocoseg.to_semantic(path, tmp_path, overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("policy", ["file", "area", "void"])
def test_the_pixels_counted_are_those_of_the_map(policy: Any) -> None:
    from cocoseg.targets.semantic import semantic_map

    dataset = cocoseg.read(FIXTURES / "instances.json")
    for sample in dataset:
        found = semantic_map(sample, cocoseg.label_scheme("index", dataset), policy)
        values, counts = np.unique(found.class_map, return_counts=True)
        assert found.pixels == dict(zip(values.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize("crowd", ["class", "void", "drop"])
@pytest.mark.parametrize("things", ["keep", "drop", "merge"])
@pytest.mark.parametrize("unknown", ["void", "drop"])
def test_policies_mean_the_same_for_pictures_and_for_masks(crowd: Any, things: Any, unknown: Any) -> None:
    from dataclasses import replace

    from cocoseg.codecs import rle

    sample = cocoseg.read(FIXTURES / "panoptic.json")[1]
    masks = replace(sample, shapes=rle.encode(cocoseg.instance_masks(sample)))
    classes = (cocoseg.LabelClass(1, "person", (1,), True), cocoseg.LabelClass(2, "sky", (187,), False))
    labels = cocoseg.LabelScheme("some", classes, 255, 0, crowd, things, unknown)
    np.testing.assert_array_equal(cocoseg.semantic(sample, labels), cocoseg.semantic(masks, labels))


def test_wrong_choices_are_told(document: Document, tmp_path: Path) -> None:
    path = save(document, tmp_path)
    wrong: Any = "smallest"
    with pytest.raises(cocoseg.LabelError, match="expected one of file, area, score, void, error"):
        cocoseg.semantic(cocoseg.read(path)[0], "torchvision-voc21", overlap=wrong)
    for option in ("unlabelled", "on_error"):
        with pytest.raises(cocoseg.UsageError, match="expected one of"):
            cocoseg.to_semantic(path, tmp_path / "out", **{option: wrong})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["poly-010_odd_length_7", "rle-010_overrun_by_one", "urle-020_sum_short"])
def test_a_bad_segmentation_of_the_corpus_names_image_and_annotation(name: str, tmp_path: Path) -> None:
    case = badinput.load(name)
    size = {"height": case["input"]["height"], "width": case["input"]["width"]}
    row = {"id": 5, "image_id": 9, "category_id": 3, "segmentation": case["input"]["segmentation"]}
    good = {"id": 8, "file_name": "good.jpg", "height": 2, "width": 2}
    images = [{"id": 9, "file_name": "bad.jpg", **size}, good]
    categories = [{"id": 3, "name": "car"}]
    path = save({"images": images, "annotations": [row], "categories": categories}, tmp_path)
    summary = cocoseg.to_semantic(path, tmp_path / "out")
    (failure,) = summary.failures
    assert failure.category == case["expect"]["category"]
    assert "images[0] (image 9, 'bad.jpg'): annotations[0] (id 5): " in failure.message
    assert summary.images == 1


def test_the_same_bytes_for_two_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        result = run("to-semantic", FIXTURES / "instances.json", tmp_path / str(workers), "--workers", workers)
        assert result.code == 0
    paths = [path for path in (tmp_path / "1").rglob("*.*") if path.is_file()]
    files = {path.relative_to(tmp_path / "1"): path.read_bytes() for path in paths}
    assert len(files) == 5
    assert all((tmp_path / "2" / name).read_bytes() == data for name, data in files.items())


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"height": 0}, "size.invalid"),
        ({"height": "tall"}, "size.type"),
        ({"height": 4.5}, "size.type"),
        ({"file_name": "../a.jpg"}, "path.escape"),
        ({"file_name": "b.jpg"}, None),
    ],
)
def test_a_bad_image_row_costs_its_image(change: Any, category: str | None, document: Document, tmp_path: Path) -> None:
    document["images"][0] |= change
    dataset = read(document, tmp_path)
    place = 0 if category else 1
    with pytest.raises(cocoseg.SampleError) as caught:
        dataset[place]
    assert caught.value.category == (category or "path.collision")
    assert dataset[2].key == "c.png"


def test_a_name_given_twice_is_told_as_the_file_has_it(document: Document, tmp_path: Path) -> None:
    document["images"][0]["file_name"] = "b.jpg"
    with pytest.raises(cocoseg.SampleError, match="file_name 'b.jpg' and that of images\\[0\\] both give 'b.png'"):
        read(document, tmp_path)[1]


def test_a_file_of_categories_in_another_form_is_told_which(document: Document, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text('{"3": "car"}')
    with pytest.raises(
        cocoseg.DocumentError, match='names.json: no categories, expected a list like .."id": 1, "name"'
    ):
        read(document, tmp_path, categories=tmp_path / "names.json")


def test_an_unknown_category_costs_its_image(document: Document, tmp_path: Path) -> None:
    document["annotations"][0]["category_id"] = 99
    summary = cocoseg.to_semantic(save(document, tmp_path), tmp_path / "out")
    (failure,) = summary.failures
    assert failure.category == "id.unknown"
    assert "images[0] (image 1, 'a.jpg'): segment 1 has category_id 99" in failure.message
    assert summary.images == 2


def test_results_need_the_file_of_their_images(document: Document, tmp_path: Path) -> None:
    rows = [{"image_id": 1, "category_id": 3, "segmentation": SQUARE, "score": 0.5}]
    with pytest.raises(cocoseg.DocumentError, match="name a file that lists them with --images"):
        read(rows, tmp_path)
    images = save(document, tmp_path, "images.json")
    dataset = read(rows, tmp_path, images=images)
    assert class_maps(dataset) == [[20, 4], [24], [24]]
    assert dataset[0].scores is not None
    assert dataset[0].scores.tolist() == [0.5]


def test_scores_that_are_not_there(document: Document, tmp_path: Path) -> None:
    dataset = read(document, tmp_path)
    labels = cocoseg.label_scheme("index", dataset.categories, background=True)
    with pytest.raises(cocoseg.SampleError, match="no 'score'"):
        cocoseg.semantic(dataset[0], labels, overlap="score")


@pytest.mark.parametrize(
    ("categories", "background"),
    [
        ([{"id": 3, "name": "car"}], True),
        ([{"id": 3, "name": "car", "isthing": 1}, {"id": 7, "name": "sky", "isthing": 0}], False),
        ([{"id": 92, "name": "banner"}, {"id": 183, "name": "other"}], False),
        ([{"id": 3, "name": "car"}, {"id": 187, "name": "sky-other-merged"}], False),
        ([], True),
    ],
)
def test_what_an_unlabelled_pixel_is(categories: Any, background: bool, document: Document, tmp_path: Path) -> None:
    document["categories"] = categories
    assert (read(document, tmp_path).conventions.unlabelled == "background") is background


@pytest.mark.parametrize(("unlabelled", "values"), [(None, {"0": 68, "1": 4}), ("void", {"0": 4, "255": 68})])
def test_unlabelled_through_the_command(
    unlabelled: str | None, values: dict[str, int], document: Document, tmp_path: Path
) -> None:
    del document["annotations"][1]
    options = ["--unlabelled", unlabelled] if unlabelled else []
    result = run("to-semantic", save(document, tmp_path), tmp_path / "out", "--json", *options)
    assert result.summary["pixels"] == values


def test_crowds(document: Document, tmp_path: Path) -> None:
    from dataclasses import replace

    document["annotations"][0]["iscrowd"] = 1
    dataset = read(document, tmp_path)
    labels = cocoseg.label_scheme("index", dataset.categories, background=True)
    counts = {
        crowd: np.bincount(cocoseg.semantic(dataset[0], replace(labels, crowd=crowd)).ravel()).tolist()  # type: ignore[arg-type]
        for crowd in ("class", "drop")
    }
    assert counts == {"class": [20, 4], "drop": [24]}
    void = cocoseg.semantic(dataset[0], replace(labels, crowd="void"))
    assert (void == 255).sum() == 4


def test_what_is_not_painted_hides_nothing() -> None:
    """torchvision's classes leave out what VOC does not have, before masks are counted as contested."""
    dataset = cocoseg.read(FIXTURES / "instances.json")
    class_map = cocoseg.semantic(dataset[2], "torchvision-voc21")
    assert class_map.tolist() == [[15, 15, 255, 255, 255, 12, 12, 0, 0]]
    left_out = cocoseg.LabelScheme("dogs", (cocoseg.LabelClass(1, "dog", (18,)),), unlabelled=0, unknown="drop")
    assert cocoseg.semantic(dataset[2], left_out).tolist() == [[0, 0, 1, 1, 1, 1, 1, 0, 0]]


def test_a_preset_of_panoptic_files_is_refused(document: Document, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.DocumentError, match="use cocostuff-helper") as caught:
        cocoseg.to_semantic(save(document, tmp_path), tmp_path / "out", labels="panopticapi")
    assert caught.value.category == "doc.kind"
    with pytest.raises(cocoseg.DocumentError, match="where --png-dir means nothing"):
        cocoseg.read(tmp_path / "instances.json", png_dir=tmp_path)


def test_panoptic_annotations_are_refused_as_a_whole() -> None:
    with pytest.raises(cocoseg.DocumentError, match="holds panoptic annotations") as caught:
        cocoseg.read(FIXTURES / "panoptic.json", source_format="coco")
    assert caught.value.category == "doc.kind"


def test_a_slice_carries_its_own_segmentations_only(document: Document, tmp_path: Path) -> None:
    document["annotations"][1]["segmentation"] = [[0, 0, 2, 0, 2, 2] * 5000]
    dataset = read(document, tmp_path)
    assert len(pickle.dumps(dataset[:1])) < 1500
    assert pickle.loads(pickle.dumps(dataset[:1]))[0].key == "a.png"


def test_the_input_is_left_untouched(document: Document, tmp_path: Path) -> None:
    before = copy.deepcopy(document)
    list(read(document, tmp_path))
    assert document == before


def test_info(document: Document, tmp_path: Path) -> None:
    info = cocoseg.info(save(document, tmp_path))
    assert (info.format, info.images, info.segments, info.used) == ("coco", 3, 2, {3: 1, 7: 1})
    assert info.missing == ("annotations of 1 images",)
    assert "COCO detection" in run("info", tmp_path / "instances.json").stdout


def test_labels_of_a_source(document: Document, tmp_path: Path) -> None:
    lines = run("labels", "index", save(document, tmp_path)).stdout.splitlines()
    assert [line.split()[:2] for line in lines[2:5]] == [["0", "background"], ["1", "car"], ["2", "bus"]]


def test_refused_images_have_the_names_of_their_outputs(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    first = document["images"][0]
    next(row for row in document["annotations"] if row["image_id"] == first["id"])["category_id"] = [3]
    document["images"].append(first | {"id": 99})
    source = tmp_path / "instances.json"
    source.write_text(json.dumps(document))
    entries = cocoseg.read(source).entries
    assert [type(entry).__name__ for entry in entries[:1]] == ["Refused"]
    assert (entries[0].key, entries[-1].key) == ("", png_name(first["file_name"]))
    del document["images"][-1]
    source.write_text(json.dumps(document))
    assert cocoseg.read(source).entries[0].key == png_name(first["file_name"])
    summary = cocoseg.to_semantic(source, tmp_path / "out")
    assert [problem.file for problem in summary.failures] == [png_name(first["file_name"])]
