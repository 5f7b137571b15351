"""One image from two sources."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cocoseg
from cocoseg.codecs import rle
from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import passing
from cocoseg.model import Sample
from cocoseg.reshaping.joining import Join
from conftest import FIXTURES


def sample(masks: list[list[list[int]]], categories: list[int], **columns: object) -> Sample:
    found = np.array(masks, bool).reshape(len(masks), *np.shape(masks)[1:])
    made = Sample(
        "a.png", 1, np.arange(1, len(masks) + 1), category_ids=np.array(categories),
        iscrowd=np.zeros(len(masks), bool), shapes=rle.encode(found),
    )  # fmt: skip
    return replace(made, **columns)  # type: ignore[arg-type]


LEFT, RIGHT = [[1, 0]], [[0, 1]]


def test_what_both_have_is_there_once() -> None:
    found = Join()(sample([LEFT, RIGHT], [5, 6]), sample([RIGHT, LEFT], [6, 6]))
    assert found.category_ids.tolist() == [5, 6, 6]
    assert rle.decode(found.runs).tolist() == np.array([LEFT, RIGHT, LEFT], bool).tolist()
    assert len(set(found.ids.tolist())) == 3


def test_joined_with_itself_it_is_itself() -> None:
    one = sample([LEFT, RIGHT], [5, 6])
    assert Join()(one, sample([LEFT, RIGHT], [5, 6])) is one


def test_scores_stay_only_if_both_have_them() -> None:
    one, other = sample([LEFT], [5], scores=np.array([0.5])), sample([RIGHT], [5], scores=np.array([0.25]))
    assert Join()(one, other).scores.tolist() == [0.5, 0.25]
    assert Join()(one, replace(other, scores=None)).scores is None


def test_a_crowd_is_not_its_thing() -> None:
    found = Join()(sample([LEFT], [5]), sample([LEFT], [5], iscrowd=np.array([True])))
    assert found.iscrowd.tolist() == [False, True]


def test_other_sizes_are_other_photos() -> None:
    with pytest.raises(SampleError, match="different photos") as caught:
        Join()(sample([LEFT], [5]), sample([[[1], [0]]], [5]))
    assert caught.value.category == "size.mismatch"


def test_rows_are_joined_undecoded() -> None:
    rows = passing(cocoseg.read(FIXTURES / "instances.json", keep_fields=True))
    one = rows[0]
    assert len(Join()(one, rows[0]).rows) == len(one.rows)  # type: ignore[attr-defined]
    some = one.take(np.arange(1))
    joined = Join()(some, one)
    assert sorted(joined.category_ids.tolist()) == sorted(one.category_ids.tolist())


def test_rows_without_masks_are_the_same_by_what_else_they_have(tmp_path: Path) -> None:
    document = json.loads((FIXTURES / "instances.json").read_text())
    image = document["annotations"][0]["image_id"]
    boxes = [{"id": 90 + k, "image_id": image, "category_id": 1, "bbox": [0, 0, 1, k]} for k in range(2)]
    found = []
    for k, own in enumerate((boxes[:1], boxes)):
        (tmp_path / f"{k}.json").write_text(json.dumps(document | {"annotations": [*document["annotations"], *own]}))
        dataset = passing(cocoseg.read(tmp_path / f"{k}.json", keep_fields=True))
        found.append(next(sample for sample in dataset if sample.image_id == image))
    assert len(Join()(*found).rows) == len(found[1].rows)  # type: ignore[attr-defined]
