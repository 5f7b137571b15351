"""Sets of masks and classes against a loop over masks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs import rle
from cocoseg.errors import SampleError
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Category, Sample
from cocoseg.targets.segments import class_segments, instances, panoptic, planes, segments
from training import SCHEMES, TOWN, masks_of, samples


def rows_of(sample: Sample, scheme: LabelScheme) -> list[tuple[int, int, bool, np.ndarray]]:
    """(id, class, crowd, mask) of each segment that is painted as a class and has pixels, in plain Python."""
    return [row for row in painted_rows(sample, scheme) if row[1] != scheme.void]


def painted_rows(sample: Sample, scheme: LabelScheme) -> list[tuple[int, int, bool, np.ndarray]]:
    """The same, with segments that are painted as void."""
    rows = []
    for id, category, crowd, mask in zip(
        sample.ids.tolist(), sample.category_ids.tolist(), sample.iscrowd.tolist(), masks_of(sample), strict=True
    ):
        thing = any(category in row.category_ids and row.isthing for row in scheme.classes)
        unknown = category not in scheme.class_of
        dropped = (
            (crowd and scheme.crowd == "drop")
            or (thing and scheme.things == "drop")
            or (unknown and scheme.unknown == "drop")
        )
        value = scheme.void if unknown or (crowd and scheme.crowd == "void") else scheme.class_of[category]
        if not dropped and mask.any():
            rows.append((id, value, crowd, mask))
    return rows


Row = tuple[int, int, bool, np.ndarray]


def united(rows: Iterable[Row], scheme: LabelScheme) -> list[Row]:
    """The same rows, with stuff of one class in the first of them."""
    stuff = {row.index for row in scheme.table if row.isthing is False}
    found: dict[object, Row] = {}
    for number, (id, value, crowd, mask) in enumerate(rows):
        first = found.setdefault(("stuff", value) if value in stuff and not crowd else number, (id, value, crowd, mask))
        first[3][...] |= mask
    return list(found.values())


def box_of(mask: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


schemes = st.sampled_from(SCHEMES)


@given(samples(), schemes)
def test_instances_are_the_things(sample: Sample, scheme: LabelScheme) -> None:
    found = instances(sample, scheme)
    stuff = {row.index for row in scheme.table if not row.isthing}
    rows = [row for row in rows_of(sample, scheme) if row[1] not in stuff]
    assert found.ids.tolist() == [row[0] for row in rows]
    assert found.labels.tolist() == [row[1] for row in rows]
    assert found.iscrowd.tolist() == [row[2] for row in rows]
    assert found.masks.shape == (len(rows), *sample.size)
    assert all(np.array_equal(mask, row[3]) for mask, row in zip(found.masks, rows, strict=True))
    assert found.areas.tolist() == [int(row[3].sum()) for row in rows]
    assert found.boxes.tolist() == [box_of(row[3]) for row in rows]


@given(samples(), schemes)
def test_segments_are_things_and_stuff_but_no_crowds(sample: Sample, scheme: LabelScheme) -> None:
    found = segments(sample, scheme)
    rows = united((row for row in rows_of(sample, scheme) if not row[2]), scheme)
    assert found.labels.tolist() == [row[1] for row in rows]
    assert np.array_equal(found.masks, np.array([row[3] for row in rows], bool).reshape(-1, *sample.size))


@given(samples(), schemes)
def test_a_panoptic_target_is_the_picture_and_its_table(sample: Sample, scheme: LabelScheme) -> None:
    found = panoptic(sample, scheme)
    picture = np.zeros(sample.size, np.int64)
    rows = painted_rows(sample, scheme)
    for id, value, _, mask in sorted(rows, key=lambda row: -row[3].sum()) if scheme.overlap == "area" else rows:
        picture[mask] = 0 if value == scheme.void else id
    if scheme.overlap == "void":
        picture[sum((row[3].astype(int) for row in rows), np.zeros(sample.size, int)) > 1] = 0
    drawn = ((id, value, crowd, picture == id) for id, value, crowd, _ in rows_of(sample, scheme))
    seen = united((row for row in drawn if row[3].any()), scheme)
    for id, _, _, mask in seen:
        picture[mask] = id
    assert np.array_equal(found.id_map, picture)
    assert found.id_map.dtype == np.int64
    assert found.ids.tolist() == [row[0] for row in seen]
    assert found.labels.tolist() == [row[1] for row in seen]
    assert found.iscrowd.tolist() == [row[2] for row in seen]
    assert found.areas.tolist() == [int((picture == row[0]).sum()) for row in seen]


@given(samples(), schemes)
def test_class_segments_are_a_mask_per_class_present(sample: Sample, scheme: LabelScheme) -> None:
    class_map = cocoseg.semantic(sample, scheme)
    found = class_segments(sample, scheme)
    present = sorted(set(class_map.flat) - {scheme.void})
    assert found.labels.tolist() == present
    assert found.masks.shape == (len(present), *sample.size)
    assert all(np.array_equal(mask, class_map == value) for mask, value in zip(found.masks, present, strict=True))


@given(samples())
def test_planes_are_the_masks_as_runs(sample: Sample) -> None:
    indices = np.flatnonzero(sample.areas)[::-1]
    runs, along_rows = planes(sample, indices)
    masks = rle.decode(runs)
    assert np.array_equal(masks.swapaxes(1, 2) if along_rows else masks, masks_of(sample)[indices])
    assert rle.area(runs).tolist() == sample.areas[indices].tolist()


@pytest.mark.parametrize("make", [instances, segments, panoptic])
def test_an_unknown_category_is_an_error_unless_the_scheme_says_otherwise(make: Any) -> None:
    dataset = cocoseg.read("fixtures/panoptic.json")
    with pytest.raises(SampleError, match="category_id 1,"):
        make(dataset[0], LabelScheme("roads", TOWN.classes))


def town(*categories: int) -> Sample:
    """A strip of one pixel for each segment."""
    count = len(categories)
    return Sample(
        "a.png",
        1,
        np.arange(1, count + 1) * 10,
        category_ids=np.array(categories),
        iscrowd=np.zeros(count, np.bool_),
        shapes=rle.encode(np.eye(count, dtype=np.uint8)[:, None]),
    )


FLAT = LabelScheme("flat", (LabelClass(0, "flat", (7, 23)), LabelClass(1, "car", (3,)), LabelClass(2, "dog", (4,))))
KINDS = [Category(7, "road", False), Category(23, "sky", False), Category(3, "car", True), Category(4, "dog", True)]


def test_a_scheme_that_does_not_say_what_is_stuff_takes_it_from_the_categories() -> None:
    scheme = cocoseg.label_scheme(FLAT, KINDS)
    sample = town(7, 3, 23, 4, 7, 3)
    assert instances(sample, scheme).ids.tolist() == [20, 40, 60]
    assert segments(sample, scheme).labels.tolist() == [0, 1, 2, 1]
    assert segments(sample, scheme).masks[0].tolist() == [[True, False, True, False, True, False]]
    found = panoptic(sample, scheme)
    assert found.id_map.tolist() == [[10, 20, 10, 40, 10, 60]]
    assert (found.ids.tolist(), found.labels.tolist()) == ([10, 20, 40, 60], [0, 1, 2, 1])
    assert found.areas.tolist() == [3, 1, 1, 1]


def test_a_scheme_that_says_what_is_a_thing_is_right() -> None:
    says = replace(FLAT, classes=(replace(FLAT.classes[0], isthing=True), *FLAT.classes[1:]))
    assert instances(town(7, 3), cocoseg.label_scheme(says, KINDS)).ids.tolist() == [10, 20]


@pytest.mark.parametrize("target", ["scheme file", "index"])
def test_the_fixture_has_no_stuff_among_its_instances(target: str, tmp_path: Path) -> None:
    dataset = cocoseg.read("fixtures/panoptic.json")
    rows = [{"index": k, "name": row.name, "category_ids": [row.id]} for k, row in enumerate(dataset.categories)]
    (tmp_path / "a.json").write_text(json.dumps({"name": "own", "classes": rows}))
    scheme = cocoseg.label_scheme(target if target == "index" else tmp_path / "a.json", dataset)
    things = {row.id for row in dataset.categories if row.isthing}
    for sample in dataset:
        found = set(sample.ids[np.isin(sample.category_ids, list(things))].tolist())
        assert set(instances(sample, scheme).ids.tolist()) == found


@pytest.mark.parametrize("make", [cocoseg.semantic, instances, segments, panoptic])
class TestWrongArguments:
    def test_a_data_set_is_no_sample(self, make: Any) -> None:
        dataset = cocoseg.read("fixtures/panoptic.json")
        for wrong in (dataset, None, "fixtures/panoptic.json", np.zeros((3, 3))):
            with pytest.raises(cocoseg.UsageError, match=f"sample is a {type(wrong).__name__}, .* dataset") as caught:
                make(wrong, "mask2former")
            assert caught.value.category == "usage.sample"
            with pytest.raises(cocoseg.UsageError, match="sample is a "):
                make(wrong)

    def test_a_preset_that_follows_categories_needs_the_data_set(self, make: Any) -> None:
        sample = cocoseg.read("fixtures/panoptic.json")[0]
        with pytest.raises(
            cocoseg.LabelError, match=r"labels 'index' follow .*label_scheme\('index', dataset\)"
        ) as caught:
            make(sample, "index")
        assert "--" not in str(caught.value)

    def test_labels_of_another_type_are_named(self, make: Any) -> None:
        dataset = cocoseg.read("fixtures/panoptic.json")
        for wrong in (None, 3, dataset, ["road"]):
            with pytest.raises(cocoseg.UsageError, match="labels is "):
                make(dataset[0], wrong)
