"""Without rlemasklib, numpy gives the same masks, maps and outlines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cocoseg
from cocoseg.codecs import overlap, polygon, rle

MASKS = st.tuples(st.integers(0, 5), st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda shape: hnp.arrays(np.bool_, shape)
)
BY_NUMPY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def _numpy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rle, overlap, polygon):
        monkeypatch.setattr(module, "mask_type", lambda: None)
    for module in (overlap, polygon):
        monkeypatch.setattr(module, "native", None)


@pytest.mark.usefixtures("_numpy_alone")
class TestNumpyAlone:
    @given(MASKS)
    @BY_NUMPY
    def test_decodes(self, masks: np.ndarray) -> None:
        found = rle.decode(rle.encode(masks))
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, masks)

    @given(MASKS.filter(len), st.randoms(), st.sampled_from(["C", "F"]))
    @BY_NUMPY
    def test_paints_in_order(self, masks: np.ndarray, random: object, layout: str) -> None:
        order = np.arange(len(masks))
        random.shuffle(order)  # type: ignore[attr-defined]
        order = order[: 1 + len(order) // 2]
        expected = np.full(masks.shape[1:], 9, np.uint16, order=layout)  # type: ignore[call-overload]
        canvas = expected.copy(order=layout)  # type: ignore[arg-type]
        values = np.arange(300, 300 + len(masks), dtype=np.uint16)
        for index in order:
            expected[masks[index]] = values[index]
        overlap.paint(rle.encode(masks), values, canvas, order)
        np.testing.assert_array_equal(canvas, expected)

    def test_real_images_come_out_the_same(self, real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        dataset = cocoseg.read(real_data / "coco_instances/instances_val2014_100.json")
        labels = cocoseg.label_scheme("index", dataset.categories, background=True)
        by_numpy = [cocoseg.semantic(sample, labels) for sample in dataset]
        runs_by_numpy = [rle.encode(cocoseg.instance_masks(sample)) for sample in dataset]
        monkeypatch.undo()
        for sample, class_map, runs in zip(dataset, by_numpy, runs_by_numpy, strict=True):
            np.testing.assert_array_equal(cocoseg.semantic(sample, labels), class_map)
            found = rle.encode(cocoseg.instance_masks(sample))
            np.testing.assert_array_equal(found.counts, runs.counts, strict=True)
            np.testing.assert_array_equal(found.offsets, runs.offsets, strict=True)
