"""A category that only groups others gets no class unless an annotation has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cocoseg
from command import cocoseg as run

ANIMALS = [
    {"id": 0, "name": "animals", "supercategory": "none"},
    {"id": 1, "name": "cat", "supercategory": "animals"},
    {"id": 2, "name": "dog", "supercategory": "animals"},
]
FISH = [{"id": 0, "name": "fish", "supercategory": "none"}, {"id": 1, "name": "fish", "supercategory": "fish"}]
WITH_NONE = [{"id": 0, "name": "signs", "supercategory": "none"}, {"id": 1, "name": "none", "supercategory": "signs"}]
TREE = [
    {"id": 4, "name": "all"},
    {"id": 5, "name": "animals", "supercategory": "all"},
    {"id": 6, "name": "cat", "supercategory": "animals"},
]
NAMES_ITSELF = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 2, "name": "man", "supercategory": "person"},
]
OFFICIAL = [{"id": 18, "name": "dog", "supercategory": "animal"}, {"id": 300, "name": "poodle", "supercategory": "dog"}]


def document(categories: list[dict[str, Any]], *used: int) -> dict[str, Any]:
    annotations = [
        {
            "id": k + 1,
            "image_id": 1,
            "category_id": row,
            "segmentation": [[2 * k, 0, 2 * k + 2, 0, 2 * k + 2, 3, 2 * k, 3]],
        }
        for k, row in enumerate(used)
    ]
    images = [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 8}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write(folder: Path, value: Any, name: str = "a.json") -> Path:
    (folder / name).write_text(json.dumps(value))
    return folder / name


def class_of(source: Path, **options: Any) -> dict[int, int]:
    return cocoseg.label_scheme("index", cocoseg.read(source), **options).class_of


@pytest.mark.parametrize(
    ("categories", "used", "expected"),
    [
        (ANIMALS, (1, 2), {1: 1, 2: 2}),
        (ANIMALS, (1,), {1: 1, 2: 2}),
        (ANIMALS, (), {1: 1, 2: 2}),
        (ANIMALS, (0, 1), {0: 1, 1: 2, 2: 3}),
        (FISH, (1,), {1: 1}),
        (FISH, (0,), {0: 1, 1: 2}),
        (WITH_NONE, (), {1: 1}),
        (TREE, (6,), {6: 1}),
        (TREE, (5,), {5: 1, 6: 2}),
        (NAMES_ITSELF, (2,), {1: 1, 2: 2}),
        (OFFICIAL, (300,), {18: 1, 300: 2}),
    ],
)
def test_classes_count_without_them(
    categories: list[dict[str, Any]], used: tuple[int, ...], expected: dict[int, int], tmp_path: Path
) -> None:
    assert class_of(write(tmp_path, document(categories, *used))) == expected


def test_one_problem_names_them(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(write(tmp_path, document(TREE, 6)), tmp_path / "out")
    (problem,) = summary.problems
    assert problem.category == "label.unused_root"
    assert problem.message.startswith(f"{tmp_path / 'a.json'}: no annotation has category 4 ('all'), 5 ('animals'), ")
    assert "--keep-unused-roots" in problem.message
    assert np.unique(Image.open(tmp_path / "out" / "a.png")).tolist() == [0, 1]


def test_the_option_keeps_them(tmp_path: Path) -> None:
    source = write(tmp_path, document(ANIMALS, 1, 2))
    assert class_of(source, keep_unused_roots=True) == {0: 1, 1: 2, 2: 3}
    result = run("to-semantic", source, tmp_path / "out", "--keep-unused-roots", "--json")
    assert result.summary["warnings"] == []
    assert np.unique(Image.open(tmp_path / "out" / "a.png")).tolist() == [0, 2, 3]
    report = json.loads((tmp_path / "out" / "cocoseg.json").read_text())
    assert report["options"]["keep_unused_roots"] is True


def test_a_scheme_file_that_lists_them_keeps_them(tmp_path: Path) -> None:
    classes = [{"index": row["id"], "name": row["name"], "category_ids": [row["id"]]} for row in ANIMALS]
    scheme = write(tmp_path, {"name": "mine", "classes": classes}, "scheme.json")
    found = cocoseg.label_scheme(scheme, cocoseg.read(write(tmp_path, document(ANIMALS, 1))))
    assert (found.class_of, found.problems) == ({0: 0, 1: 1, 2: 2}, ())


@pytest.mark.parametrize("preset", ["panopticapi", "cocostuff-helper"])
def test_raw_ids_are_listed_without_them(preset: str, tmp_path: Path) -> None:
    dataset = cocoseg.read(write(tmp_path, document(ANIMALS, 1)))
    assert sorted(cocoseg.label_scheme(preset, dataset).class_of) == [1, 2]


@pytest.mark.parametrize("command", ["to-coco", "to-panoptic", "to-masks"])
def test_what_is_made_of_a_source_has_its_numbers(command: str, tmp_path: Path) -> None:
    source, out = write(tmp_path, document(ANIMALS, 1, 2)), tmp_path / ("b.json" if command == "to-coco" else "b")
    assert run(command, source, out).code == 0
    dataset = cocoseg.read(out)
    assert [row.name for row in dataset.categories] == ["animals", "cat", "dog"]
    assert cocoseg.label_scheme("index", dataset, background=True).class_of == {1: 1, 2: 2}


def test_a_root_without_supercategory_stays_one_in_panoptic_files(tmp_path: Path) -> None:
    assert run("to-panoptic", write(tmp_path, document(TREE, 6)), tmp_path / "out").code == 0
    assert class_of(tmp_path / "out") == {6: 0}


@pytest.mark.parametrize("text", ['"category_id":0', '"category_id" : 0', '"category_id": 0.0', '"category_id":\n0'])
def test_a_panoptic_file_that_uses_one_keeps_it(text: str, tmp_path: Path) -> None:
    segments = f'[{{"id": 1, "category_id": 1}}, {{"id": 2, {text}}}]'
    annotation = f'{{"image_id": 1, "file_name": "a.png", "segments_info": {segments}}}'
    (tmp_path / "a.json").write_text(f'{{"annotations": [{annotation}], "categories": {json.dumps(ANIMALS)}}}')
    (tmp_path / "a").mkdir()
    Image.fromarray(np.array([[[1, 0, 0], [2, 0, 0]]], np.uint8)).save(tmp_path / "a" / "a.png")
    assert class_of(tmp_path / "a.json") == {0: 0, 1: 1, 2: 2}


def test_the_truth_of_results_counts_too(tmp_path: Path) -> None:
    truth = write(tmp_path, document(ANIMALS, 0, 1), "truth.json")
    rows = [{"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 3, 0, 3, 3]], "score": 0.5}]
    dataset = cocoseg.read(write(tmp_path, rows, "results.json"), images=truth)
    assert cocoseg.label_scheme("index", dataset).class_of == {0: 1, 1: 2, 2: 3}


def test_a_categories_file_is_judged_by_the_rows_of_the_source(tmp_path: Path) -> None:
    source = write(tmp_path, document(ANIMALS, 0, 1))
    other = write(tmp_path, document(ANIMALS, 1), "other.json")
    dataset = cocoseg.read(source, categories=other)
    assert cocoseg.label_scheme("index", dataset).class_of == {0: 1, 1: 2, 2: 3}


def test_class_maps_without_a_report_have_the_numbers_of_their_source(tmp_path: Path) -> None:
    source = write(tmp_path, document([row | {"isthing": 0} for row in ANIMALS], 1, 2))
    cocoseg.to_semantic(source, tmp_path / "out")
    (tmp_path / "out" / "cocoseg.json").unlink()
    dataset = cocoseg.read(tmp_path / "out", categories=source, source_labels="index")
    assert sorted(dataset[0].category_ids.tolist()) == [1, 2]


def pictures(folder: Path, *values: int) -> Path:
    folder.mkdir()
    Image.fromarray(np.array([values], np.uint8)).save(folder / "a.png")
    return folder


@pytest.mark.parametrize("categories", [document(ANIMALS, 1, 2), document(ANIMALS), ANIMALS, {"categories": ANIMALS}])
def test_they_are_no_values_of_label_pictures(categories: Any, tmp_path: Path) -> None:
    maps, options = pictures(tmp_path / "maps", 0, 1, 2), {"categories": write(tmp_path, categories)}
    dataset = cocoseg.read(maps, **options)
    assert (dataset[0].category_ids.tolist(), [row.name for row in dataset.categories]) == ([1, 2], ["cat", "dog"])
    (problem,) = dataset.problems
    assert (problem.category, "category 0 ('animals') only groups" in problem.message) == ("label.unused_root", True)
    assert cocoseg.to_semantic(maps, tmp_path / "out", **options).pixels == {0: 1, 1: 1, 255: 1}


def test_an_annotated_root_is_a_value(tmp_path: Path) -> None:
    maps = pictures(tmp_path / "maps", 0, 1, 2)
    dataset = cocoseg.read(maps, categories=write(tmp_path, document(ANIMALS, 0, 1)))
    assert (dataset[0].category_ids.tolist(), dataset.problems) == ([0, 1, 2], ())


def test_binary_masks_are_seen_beside_one(tmp_path: Path) -> None:
    dataset = cocoseg.read(pictures(tmp_path / "maps", 0, 255), categories=write(tmp_path, ANIMALS[:2]))
    assert dataset[0].category_ids.tolist() == [1]
    assert "where 0 is background and 255 is 'cat'" in dataset.read_as


def test_labels_prints_what_is_converted(tmp_path: Path) -> None:
    source = write(tmp_path, document(ANIMALS, 1, 2))
    lines = run("labels", "index", source).stdout.splitlines()
    assert [line.split()[:2] for line in lines[2:5]] == [["0", "background"], ["1", "cat"], ["2", "dog"]]
    kept = run("labels", "index", source, "--keep-unused-roots").stdout.splitlines()
    assert [line.split()[:2] for line in kept[3:6]] == [["1", "animals"], ["2", "cat"], ["3", "dog"]]


def test_joined_data_sets_keep_a_root_that_one_of_them_uses(tmp_path: Path) -> None:
    first, second = document(ANIMALS, 1), document(ANIMALS, 0)
    second["images"][0]["file_name"] = "b.jpg"
    one, other = (cocoseg.read(write(tmp_path, value, name)) for value, name in ((first, "1.json"), (second, "2.json")))
    for both in (one + other, other + one):
        assert cocoseg.label_scheme("index", both).class_of == {0: 1, 1: 2, 2: 3}
    assert cocoseg.label_scheme(
        "index",
        one
        + cocoseg.read(
            write(tmp_path, first | {"images": [{"id": 1, "file_name": "c.jpg", "height": 4, "width": 8}]}, "3.json")
        ),
    ).class_of == {1: 1, 2: 2}
