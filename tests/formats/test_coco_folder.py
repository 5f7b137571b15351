"""Folders of detection JSONs, one for each image."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from command import cocoseg as run

RLE = {"size": [4, 6], "counts": [0, 2, 2, 2, 18]}
CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def sam(number: int, *scores: float) -> dict[str, Any]:
    rows = [{"id": n, "segmentation": RLE, "predicted_iou": score, "area": 4} for n, score in enumerate(scores, 1)]
    return {
        "image": {"image_id": number, "width": 6, "height": 4, "file_name": f"sa_{number}.jpg"},
        "annotations": rows,
    }


def coco(number: int, category: int, categories: Any = CATEGORIES) -> dict[str, Any]:
    rows = [{"id": 1, "image_id": number, "category_id": category, "segmentation": RLE}]
    images = [{"id": number, "file_name": f"{number}.jpg", "height": 4, "width": 6}]
    return {"images": images, "annotations": rows, "categories": categories}


def save(folder: Path, **documents: Any) -> Path:
    (folder / "set").mkdir(exist_ok=True)
    for name, document in documents.items():
        (folder / "set" / f"{name}.json").write_text(json.dumps(document))
    return folder / "set"


def test_sa_1b(tmp_path: Path) -> None:
    source = save(tmp_path, sa_7=sam(7, 0.9, 0.8), sa_9=sam(9, 0.7))
    dataset = cocoseg.read(source)
    assert [(sample.key, sample.image_id, len(sample.ids)) for sample in dataset] == [
        ("sa_7.png", 7, 2),
        ("sa_9.png", 9, 1),
    ]
    assert [row.name for row in dataset.categories] == ["object"]
    result = run("to-semantic", source, tmp_path / "out")
    assert result.code == 0
    assert result.stdout.startswith("SRC was read as a folder of COCO detection JSONs, one for each image (SA-1B)")
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["sa_7.png", "sa_9.png"]


def test_of_classes(tmp_path: Path) -> None:
    dataset = cocoseg.read(save(tmp_path, a=coco(1, 1), b=coco(2, 2)))
    scheme = cocoseg.label_scheme("index", dataset)
    assert [np.bincount(cocoseg.semantic(sample, scheme).ravel()).tolist() for sample in dataset] == [
        [20, 4],
        [20, 0, 4],
    ]
    assert [sample.file_name for sample in dataset] == ["1.jpg", "2.jpg"]


def test_images_that_all_have_one_id_are_numbered(tmp_path: Path) -> None:
    dataset = cocoseg.read(save(tmp_path, a=coco(1, 1), b=coco(1, 2)))
    assert [sample.image_id for sample in dataset] == [1, 2]


@pytest.mark.parametrize(
    ("document", "category"),
    [
        (coco(2, 2, CATEGORIES[::-1]), "id.collision"),
        (coco(2, 2, [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]), "id.collision"),
        ({**coco(2, 2), "images": [*coco(2, 2)["images"], *coco(3, 2)["images"]]}, "doc.kind"),
        ({"images": [], "annotations": []}, "doc.missing_key"),
        ([], "doc.missing_key"),
        ({**coco(2, 2), "images": [{"id": 2, "file_name": "2.jpg"}]}, None),
        (coco(2, 9), None),
    ],
)
def test_a_file_unlike_the_others_costs_its_image(document: Any, category: str | None, tmp_path: Path) -> None:
    source = save(tmp_path, a=coco(1, 1), b=coco(4, 1), c=coco(5, 1), d=document)
    dataset = cocoseg.read(source, source_format="coco-folder")
    assert [dataset[number].image_id for number in (0, 1, 2)] == [1, 2, 3]
    if category is None:
        assert dataset[3].key == "d.png"
        return
    with pytest.raises(cocoseg.SampleError, match=r"d\.json") as caught:
        dataset[3]
    assert caught.value.category == category


def test_a_file_that_is_no_json_costs_its_image(tmp_path: Path) -> None:
    source = save(tmp_path, a=coco(1, 1), b=coco(2, 1), c=coco(3, 1))
    (source / "d.json").write_text("<html>")
    summary = cocoseg.to_semantic(source, tmp_path / "out")
    assert (summary.images, [failure.category for failure in summary.failures]) == (3, ["json.syntax"])


def test_several_files_of_many_images_are_listed(tmp_path: Path) -> None:
    many = {**coco(1, 1), "images": [*coco(1, 1)["images"], *coco(2, 2)["images"]]}
    with pytest.raises(cocoseg.DocumentError, match="name one of them as SRC"):
        cocoseg.read(save(tmp_path, train=many, val=many))


def test_options_reach_every_file(tmp_path: Path) -> None:
    rows = {**coco(1, 1)}
    rows["annotations"][0] |= {"iscrowd": 1, "score": 0.2}
    source = save(tmp_path, a=rows, b=coco(2, 2))
    dataset = cocoseg.read(source, class_name="animal", crowd_as_things=True)
    assert [sample.iscrowd.tolist() for sample in dataset] == [[False], [False]]
    assert [len(sample.ids) for sample in cocoseg.read(source, min_score=0.5)] == [0, 1]


def test_is_surveyed_and_sent_to_workers(tmp_path: Path) -> None:
    source = save(tmp_path, a=coco(1, 1), b=coco(2, 2))
    found = cocoseg.info(source)
    assert (found.format, found.images, found.segments, found.sizes) == ("coco-folder", 2, 2, {(4, 6): 2})
    dataset = pickle.loads(pickle.dumps(cocoseg.read(source)))
    assert [sample.key for sample in dataset] == ["a.png", "b.png"]
    one, two = (cocoseg.to_semantic(source, tmp_path / str(n), workers=n).pixels for n in (1, 2))
    assert one == two


def test_a_file_that_changed_is_converted_again(tmp_path: Path) -> None:
    source = save(tmp_path, a=coco(1, 1), b=coco(2, 2))
    cocoseg.to_semantic(source, tmp_path / "out")
    save(tmp_path, a=coco(1, 2))
    summary = cocoseg.to_semantic(source, tmp_path / "out")
    assert (summary.images, summary.kept) == (2, 1)


def test_options_that_change_convert_again(tmp_path: Path) -> None:
    scored = coco(1, 1)
    scored["annotations"][0] |= {"score": 0.2, "iscrowd": 1}
    source = save(tmp_path, a=scored, b=coco(2, 2))
    cocoseg.to_semantic(source, tmp_path / "out")
    summary = cocoseg.to_semantic(source, tmp_path / "out", min_score=0.5)
    assert (summary.kept, summary.pixels) == (0, {0: 44, 2: 4})


def test_images_get_ids_of_their_own(tmp_path: Path) -> None:
    dataset = cocoseg.read(save(tmp_path, sa_a=sam(1, 0.9), sa_b=sam(2, 0.9), sa_c=sam(1, 0.9)))
    assert [sample.image_id for sample in dataset] == [1, 2, 3]


def test_warnings_of_every_file_are_said(tmp_path: Path) -> None:
    odd = coco(2, 2)
    odd["annotations"] += [{"id": 2, "image_id": "2", "category_id": "1", "segmentation": []}]
    summary = cocoseg.to_semantic(save(tmp_path, a=coco(1, 1), b=odd), tmp_path / "out")
    assert sorted(problem.category for problem in summary.problems) == ["doc.type", "id.type", "seg.empty"]


def test_what_all_files_lack_is_said_once(tmp_path: Path) -> None:
    summary = cocoseg.to_semantic(
        save(tmp_path, sa_1=sam(1, 0.9), sa_2=sam(2, 0.9), sa_3=sam(3, 0.9)), tmp_path / "out"
    )
    assert [problem.category for problem in summary.problems] == ["doc.missing_key"]


@pytest.mark.parametrize("empty", ["a", "b", "c"])
def test_an_image_without_masks_is_one_of_them(empty: str, tmp_path: Path) -> None:
    documents = {name: sam(number, 0.9) for number, name in enumerate("abc", 1)}
    documents[empty]["annotations"] = []
    dataset = cocoseg.read(save(tmp_path, **documents))
    assert [len(sample.ids) for sample in dataset] == [int(name != empty) for name in "abc"]
    assert [row.name for row in dataset.categories] == ["object"]


def test_a_grouping_root_is_judged_by_no_single_file(tmp_path: Path) -> None:
    categories = [{"id": 0, "name": "pets"}, {"id": 1, "name": "cat", "supercategory": "pets"}]
    dataset = cocoseg.read(save(tmp_path, a=coco(1, 1, categories), b=coco(2, 0, categories), c=coco(3, 1, categories)))
    assert [sample.category_ids.tolist() for sample in dataset] == [[1], [0], [1]]


def test_lists_of_masks_and_sub_folders_are_recognised(tmp_path: Path) -> None:
    rows = sam(1, 0.9)["annotations"]
    assert [sample.key for sample in cocoseg.read(save(tmp_path, cat=rows, dog=rows))] == ["cat.png", "dog.png"]
    for number in (1, 2):
        (tmp_path / "deep" / str(number)).mkdir(parents=True)
        (tmp_path / "deep" / str(number) / f"sa_{number}.json").write_text(json.dumps(sam(number, 0.9)))
    assert [sample.key for sample in cocoseg.read(tmp_path / "deep")] == ["1/sa_1.png", "2/sa_2.png"]


def test_scores_of_segment_anything_decide(tmp_path: Path) -> None:
    source = save(tmp_path, a=sam(1, 0.9, 0.1), b=sam(2, 0.5))
    assert [len(sample.ids) for sample in cocoseg.read(source, min_score=0.4)] == [1, 1]
    assert cocoseg.read(source)[0].scores.tolist() == [0.9, 0.1]
