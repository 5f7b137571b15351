"""Instances and stuff of the same images as one data set."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.codecs import rle
from cocoseg.errors import DocumentError, SampleError
from cocoseg.formats.coco.stuff import join
from cocoseg.model import Dataset, Refused
from conftest import FIXTURES

SKY = {"size": [1, 3], "counts": [0, 3]}
PERSON = {"id": 1, "name": "person"}


def file(path: Path, categories: list[Any], *images: tuple[Any, ...], **row: Any) -> Dataset:
    """Images as (id, name, category id, ...), 1×3, each mask a pixel more to the left than the one before."""
    rows = [{"id": image, "file_name": name, "height": 1, "width": 3} | row for image, name, *_ in images]
    annotations = [
        {"image_id": image, "category_id": category, "segmentation": {"size": [1, 3], "counts": [2 - k, 1 + k]}}
        for image, _, *masks in images
        for k, category in enumerate(masks)
    ]
    path.write_text(json.dumps({"images": rows, "annotations": annotations, "categories": categories}))
    return cocoseg.read(path)


def contents(dataset: Dataset) -> list[bytes]:
    """All that decides each sample."""
    fetched = [(entry, dataset.load.fetch(entry)) for entry in dataset.entries]
    return [b"".join(dataset.load.content(entry, files, exact=False)) for entry, files in fetched]


@pytest.fixture
def instances(tmp_path: Path) -> Dataset:
    return file(tmp_path / "instances.json", [PERSON], (1, "a.jpg", 1), (2, "b.jpg", 1, 1), (3, "c.jpg"))


@pytest.fixture
def stuff(tmp_path: Path) -> Dataset:
    categories = [{"id": 93, "name": "sky"}, {"id": 183, "name": "other"}]
    return file(tmp_path / "stuff.json", categories, (2, "b.jpg", 93, 183), (1, "a.jpg", 183), (9, "z.jpg", 93))


def test_stuff_is_below_and_other_is_left_out(instances: Dataset, stuff: Dataset) -> None:
    joined = join(instances, stuff)
    found = {sample.key: (sample.image_id, sample.category_ids.tolist()) for sample in joined}
    assert found == {"a.png": (1, [1]), "b.png": (2, [93, 1, 1]), "c.png": (3, []), "z.png": (9, [93])}
    assert rle.decode(joined[1].runs).astype(int).tolist() == [[[0, 0, 1]], [[0, 0, 1]], [[0, 1, 1]]]
    assert [(row.id, row.isthing) for row in joined.categories] == [(1, None), (93, False)]
    assert joined.conventions.unlabelled != "background"
    assert joined.conventions.ids == "none"
    assert joined[3].file_name == "z.jpg"


def test_a_part_travels_to_a_worker(instances: Dataset, stuff: Dataset) -> None:
    part = pickle.loads(pickle.dumps(join(instances, stuff)[1:2]))
    assert [sample.category_ids.tolist() for sample in part] == [[93, 1, 1]]


def test_what_an_image_is_made_from_is_of_both(instances: Dataset, stuff: Dataset, tmp_path: Path) -> None:
    before = contents(join(instances, stuff))
    assert before == contents(join(instances, stuff))
    other = file(tmp_path / "other.json", [{"id": 93, "name": "sky"}], (1, "a.jpg", 93), (2, "b.jpg", 93, 93))
    after = contents(join(instances, other))
    assert [one == two for one, two in zip(before, after, strict=False)] == [False, False, True]


def test_stuff_without_scores_is_below_all_that_has_one(instances: Dataset, stuff: Dataset) -> None:
    assert join(cocoseg.read(FIXTURES / "instances.json"), cocoseg.read(FIXTURES / "stuff.json"))[0].scores is not None
    assert join(instances, stuff)[1].scores is None
    scores = join(cocoseg.read(FIXTURES / "instances.json"), cocoseg.read(FIXTURES / "stuff.json"))[0].scores
    np.testing.assert_array_equal(scores, [-np.inf] * 3 + [0.5, 0.9, 0.2, 0.7])


def test_sizes_that_differ_cost_the_image(instances: Dataset, tmp_path: Path) -> None:
    other = file(tmp_path / "stuff.json", [{"id": 93, "name": "sky"}], (1, "a.jpg"), (2, "b.jpg", 93), height=2)
    joined = join(instances, other)
    with pytest.raises(
        SampleError, match=r"instances\.json: images\[0\].*1×3 \(height×width\), but 2×3 in .*stuff"
    ) as caught:
        joined[0]
    assert caught.value.category == "size.mismatch"


def test_a_bad_mask_of_the_stuff_names_its_file(instances: Dataset, tmp_path: Path) -> None:
    document = {"images": [{"id": 1, "file_name": "a.jpg", "height": 1, "width": 3}]}
    row = {"id": 4, "image_id": 1, "category_id": 93, "segmentation": {"size": [1, 3], "counts": [1]}}
    (tmp_path / "bad.json").write_text(json.dumps(document | {"annotations": [row], "categories": []}))
    joined = join(instances, cocoseg.read(tmp_path / "bad.json"))
    with pytest.raises(
        SampleError, match=r"instances\.json: images\[0\] .*bad\.json: images\[0\].* annotations\[0\] \(id 4\)"
    ):
        joined[0]
    assert len(joined[1].ids) == 2


@pytest.mark.parametrize("broken", ["instances", "stuff"])
def test_an_image_that_one_file_refuses_is_refused(
    broken: str, instances: Dataset, stuff: Dataset, tmp_path: Path
) -> None:
    bad = [{"image_id": 2, "category_id": "sky", "segmentation": SKY}]
    for name, dataset in (("instances", instances), ("stuff", stuff)):
        document = json.loads(Path(dataset.source).read_text())
        document["annotations"] += bad if name == broken else []
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    joined = join(cocoseg.read(tmp_path / "instances.json"), cocoseg.read(tmp_path / "stuff.json"))
    refused = [entry for entry in joined.entries if isinstance(entry, Refused)]
    assert [entry.image_id for entry in refused] == [2]
    assert f"{broken}.json" in refused[0].problem.message
    assert [entry.key for entry in joined.entries if not isinstance(entry, Refused)] == ["a.png", "c.png", "z.png"]


def test_annotations_of_no_image_are_told_of_both_files(instances: Dataset, stuff: Dataset, tmp_path: Path) -> None:
    for name, dataset in (("instances", instances), ("stuff", stuff)):
        document = json.loads(Path(dataset.source).read_text())
        document["annotations"] += [{"image_id": 77, "category_id": 93, "segmentation": SKY}]
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    joined = join(cocoseg.read(tmp_path / "instances.json"), cocoseg.read(tmp_path / "stuff.json"))
    messages = [entry.problem.message for entry in joined.entries if isinstance(entry, Refused)]
    assert [name in message for name, message in zip(["instances.json", "stuff.json"], messages, strict=True)] == [
        True
    ] * 2
    assert len(joined) == 6


def test_a_name_that_stuff_has_for_another_image(instances: Dataset, tmp_path: Path) -> None:
    other = file(tmp_path / "stuff.json", [{"id": 93, "name": "sky"}], (1, "a.jpg", 93), (8, "b.jpg", 93))
    (refused,) = (entry for entry in join(instances, other).entries if isinstance(entry, Refused))
    assert refused.problem.category == "path.collision"
    assert "is image_id right?" in refused.problem.message


def test_no_image_in_common(instances: Dataset, tmp_path: Path) -> None:
    other = file(tmp_path / "stuff.json", [{"id": 93, "name": "sky"}], ("x1", "a.jpg", 93))
    with pytest.raises(DocumentError, match=r"has none of its images \(image ids 1, 2, 3 \.\.\. here, 'x1'") as caught:
        join(instances, other)
    assert caught.value.category == "id.unknown"


def test_one_id_with_two_names(instances: Dataset, tmp_path: Path) -> None:
    other = file(tmp_path / "stuff.json", [{"id": 1, "name": "sky"}], (1, "a.jpg", 1))
    with pytest.raises(
        DocumentError, match=r"category 1 is 'person' in .*instances\.json and 'sky' in .*stuff\.json"
    ) as caught:
        join(instances, other)
    assert caught.value.category == "id.collision"


@pytest.mark.parametrize(
    ("above", "below", "isthing"),
    [({}, {"isthing": 0}, False), ({"isthing": 1}, {"isthing": 0}, True), ({"id": 1, "name": "person"}, {}, True)],
)
def test_a_category_that_both_list(above: dict[str, Any], below: dict[str, Any], isthing: bool, tmp_path: Path) -> None:
    both = {"id": 5, "name": "mud"} | {key: value for key, value in above.items() if key != "isthing"}
    over = file(tmp_path / "a.json", [both | above], (1, "a.jpg", both["id"]))
    under = file(tmp_path / "b.json", [both | below], (1, "a.jpg", both["id"]))
    assert [row.isthing for row in join(over, under).categories] == [isthing]


def test_a_category_that_both_list_and_nobody_knows(tmp_path: Path) -> None:
    over = file(tmp_path / "a.json", [{"id": 5, "name": "mud"}], (1, "a.jpg", 5))
    under = file(tmp_path / "b.json", [{"id": 5, "name": "mud"}], (1, "a.jpg", 5))
    with pytest.raises(DocumentError, match="neither says whether it is a thing; give it 'isthing'"):
        join(over, under)
