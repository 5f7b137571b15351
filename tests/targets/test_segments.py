"""Sets of masks and classes against a loop over masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs import rle
from cocoseg.errors import SampleError
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.segments import class_segments, instances, panoptic, planes, segments
from training import SCHEMES, TOWN, masks_of, samples


def rows_of(sample: Sample, scheme: LabelScheme) -> list[tuple[int, int, bool, np.ndarray]]:
    """(id, class, crowd, mask) of each segment that is painted as a class and has pixels, in plain Python."""
    rows = []
    for id, category, crowd, mask in zip(
        sample.ids.tolist(), sample.category_ids.tolist(), sample.iscrowd.tolist(), masks_of(sample), strict=True
    ):
        thing = any(category in row.category_ids and row.isthing for row in scheme.classes)
        dropped = (
            (crowd and scheme.crowd in ("drop", "void"))
            or (thing and scheme.things == "drop")
            or category not in scheme.class_of
        )
        value = scheme.class_of.get(category, scheme.void)
        if not dropped and value != scheme.void and mask.any():
            rows.append((id, value, crowd, mask))
    return rows


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
    rows = [row for row in rows_of(sample, scheme) if not row[2]]
    assert found.labels.tolist() == [row[1] for row in rows]
    assert np.array_equal(found.masks, np.array([row[3] for row in rows], bool).reshape(-1, *sample.size))


@given(samples(), schemes)
def test_a_panoptic_target_is_the_picture_and_its_table(sample: Sample, scheme: LabelScheme) -> None:
    found = panoptic(sample, scheme)
    picture = np.zeros(sample.size, np.int64)
    rows = rows_of(sample, scheme)
    painted = sorted(rows, key=lambda row: -row[3].sum()) if scheme.overlap == "area" else rows
    for id, _, _, mask in painted:
        picture[mask] = id
    seen = [row for row in rows if (picture == row[0]).any()]
    assert np.array_equal(found.id_map, picture)
    assert found.id_map.dtype == np.int64
    assert found.ids.tolist() == [row[0] for row in seen]
    assert found.labels.tolist() == [row[1] for row in seen]
    assert found.iscrowd.tolist() == [row[2] for row in seen]
    assert found.areas.tolist() == [int((picture == row[0]).sum()) for row in seen]


@given(samples(), schemes)
def test_class_segments_are_a_mask_per_class_present(sample: Sample, scheme: LabelScheme) -> None:
    class_map = cocoseg.semantic(sample, scheme)
    found = class_segments(class_map, scheme.void)
    present = sorted(set(class_map.flat) - {scheme.void})
    assert found.labels.tolist() == present
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
