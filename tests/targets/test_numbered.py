"""Pictures of the numbers of segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cocoseg
from cocoseg.codecs.rle import encode
from cocoseg.model import Sample
from cocoseg.targets.numbered import numbered
from cocoseg.targets.segments import panoptic
from conftest import FIXTURES
from training import SCHEMES, samples

SCHEME = cocoseg.LabelScheme("one", (cocoseg.LabelClass(0, "cat", (1,), True),))


def row_of(count: int) -> Sample:
    """A picture of one row, whose pixels are an object each but the last."""
    masks = np.eye(count, count + 1, dtype=bool)[:, None]
    ids = np.arange(count, dtype=np.int64) + 7
    return Sample(
        "a", 1, ids, category_ids=np.ones(count, np.int64), iscrowd=np.zeros(count, bool), shapes=encode(masks)
    )


@pytest.mark.parametrize("count", [0, 1, 254, 255, 600])
def test_no_segment_is_the_ignored_number(count: int) -> None:
    numbers, classes = numbered(row_of(count), SCHEME)
    assert numbers.shape == (1, count + 1)
    assert set(np.unique(numbers[0, :-1]).tolist()) == set(classes)
    assert len(classes) == count
    assert 255 not in classes
    assert numbers[0, -1] == 255
    assert numbers.dtype == (np.uint8 if count < 255 else np.uint16)


@pytest.mark.parametrize("name", ["panoptic.json", "instances.json"])
def test_segments_are_those_of_the_panoptic_target(name: str) -> None:
    dataset = cocoseg.read(FIXTURES / name)
    scheme = cocoseg.label_scheme("index", dataset)
    for sample in dataset:
        numbers, classes = numbered(sample, scheme)
        found = panoptic(sample, scheme)
        expected = np.full(sample.size, 255)
        listed = [row for row in zip(found.ids, found.labels, found.iscrowd, strict=True) if not row[2]]
        for number, (ident, label, _) in enumerate(listed, 1):
            expected[found.id_map == ident] = number
            assert classes[number] == label
        np.testing.assert_array_equal(numbers, expected)


@pytest.mark.parametrize(
    ("ids", "expected"), [([0, 1], [2, 1]), ([5, 5], [5, 6]), ([0, 0], [1, 2]), ([-1, 0], [-1, 1])]
)
def test_an_id_of_void_or_of_another_segment_is_not_taken_for_that(ids: list[int], expected: list[int]) -> None:
    """COCO JSONs that count annotations from 0, and TACO, which has ids twice."""
    sample = replace(row_of(2), ids=np.array(ids), category_ids=np.array([1, 2]))
    scheme = cocoseg.LabelScheme("two", (*SCHEME.classes, cocoseg.LabelClass(1, "dog", (2,), True)))
    numbers, classes = numbered(sample, scheme)
    assert (numbers.tolist(), classes) == ([[1, 2, 255]], {1: 0, 2: 1})
    found = panoptic(sample, scheme)
    assert (found.id_map.tolist(), found.ids.tolist()) == ([[*expected, 0]], expected)


@given(samples(), st.sampled_from(SCHEMES))
def test_the_class_of_a_number_is_that_of_the_class_map(sample: Sample, scheme: cocoseg.LabelScheme) -> None:
    """So what a rule for crowds or overlaps makes void has no number."""
    numbers, classes = numbered(sample, scheme)
    class_map = cocoseg.semantic(sample, scheme)
    assert set(np.unique(numbers).tolist()) - {255} == set(classes)
    for number, label in classes.items():
        assert set(class_map[numbers == number].tolist()) == {label}
