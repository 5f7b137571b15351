"""Changes of samples, decoded or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cocoseg
from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import passing
from cocoseg.reshaping.changes import Keep, Renumber, with_change
from conftest import FIXTURES


def read(**options: Any) -> cocoseg.Dataset:
    return cocoseg.read(FIXTURES / "instances.json", **options)


DATASETS = {"decoded": read(), "rows": passing(read(keep_fields=True))}
both = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)


@both
def test_categories_and_crowds_are_left_out(dataset: cocoseg.Dataset) -> None:
    whole: list[Any] = list(dataset)
    for sample, kept in zip(whole, with_change(dataset, Keep(frozenset({18}))), strict=True):
        assert kept.category_ids.tolist() == [18] * (sample.category_ids == 18).sum()
    assert any(sample.iscrowd.any() for sample in whole)
    assert not any(sample.iscrowd.any() for sample in with_change(dataset, Keep(crowds=False)))


def test_small_masks_are_left_out() -> None:
    for sample, kept in zip(read(), with_change(read(), Keep(min_area=4)), strict=True):
        assert kept.areas.tolist() == [area for area in sample.areas.tolist() if area >= 4]


@both
def test_categories_get_new_ids(dataset: cocoseg.Dataset) -> None:
    ids = {row.id: row.id + 1000 for row in dataset.categories}
    changed = with_change(dataset, Renumber(tuple(ids.items()), crowded=(18,)))
    for before, after in zip(dataset, changed, strict=True):
        assert after.category_ids.tolist() == [number + 1000 for number in before.category_ids.tolist()]
        np.testing.assert_array_equal(after.iscrowd, before.iscrowd | (before.category_ids == 18))


@both
def test_a_category_without_a_new_id_costs_its_image(dataset: cocoseg.Dataset) -> None:
    changed = with_change(dataset, Renumber(((18, 1),)))
    number = next(k for k, sample in enumerate(dataset) if set(sample.category_ids.tolist()) - {18})
    with pytest.raises(SampleError, match="not among the categories of its source") as caught:
        changed[number]
    assert caught.value.category == "id.unknown"


def test_a_change_is_part_of_the_digest() -> None:
    dataset = read()
    entry = dataset.entries[0]
    contents = [
        b"".join(own.load.content(entry, own.load.fetch(entry), exact=False))
        for own in (dataset, with_change(dataset, Keep(min_area=2)), with_change(dataset, Keep(min_area=3)))
    ]
    assert len(set(contents)) == 3
