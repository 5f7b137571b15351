"""Boundary IoU: the golden, and erosion by 3×3 one time after the other."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masks import packs

from cocoseg.errors import SampleError, UsageError
from cocoseg.metrics.boundary import BoundaryIoU, boundary_distance, boundary_iou, mask_boundary, near_boundary

GOLDEN = json.loads(Path(__file__).parent.joinpath("golden/boundary.json").read_text())


def box(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros(GOLDEN["size"], bool)
    mask[top:bottom, left:right] = True
    return mask


def near_edge(mask: np.ndarray, distance: int) -> np.ndarray:
    """The mask without its erosion; beyond the picture is background."""
    inner = mask
    for _ in range(distance):
        padded = np.pad(inner, 1)
        windows = [padded[y : y + mask.shape[0], x : x + mask.shape[1]] for y in range(3) for x in range(3)]
        inner = np.logical_and.reduce(windows)
    return mask & ~inner


def test_golden() -> None:
    a, b = box(*GOLDEN["a"]), box(*GOLDEN["b"])
    assert boundary_distance(tuple(GOLDEN["size"])) == GOLDEN["distance"]
    assert [int(mask_boundary(mask).sum()) for mask in (a, b)] == [GOLDEN["pixels of each boundary"]] * 2
    assert round(boundary_iou(a, b) or 0, 7) == GOLDEN["boundary IoU"]
    assert round((a & b).sum() / (a | b).sum(), 7) == GOLDEN["IoU"]
    assert boundary_distance((75, 100)) == 2


@settings(deadline=None, max_examples=200)
@given(packs(), st.integers(1, 5))
def test_masks_against_erosion(masks: np.ndarray, distance: int) -> None:
    expected = [near_edge(mask, distance) for mask in masks]
    assert (near_boundary(masks, distance) & masks == expected).all()


@pytest.mark.parametrize("distance", [1, 2, 3, 7, 8, 16, 100])
def test_large_masks_and_class_maps_against_erosion(distance: int) -> None:
    rng = np.random.default_rng(distance)
    picture = np.repeat(np.repeat(rng.integers(0, 4, (3, 3)), 27, axis=0), 31, axis=1)
    expected = np.logical_or.reduce([near_edge(picture == value, distance) for value in range(4)])
    assert (near_boundary(picture, distance) == expected).all()


def test_masks_of_any_type_and_what_is_refused() -> None:
    assert boundary_iou(np.zeros((3, 3)), np.zeros((3, 3))) is None
    assert boundary_iou(np.full((3, 3), 7), np.full((3, 3), 0.5)) == 1.0
    with pytest.raises(UsageError, match=r"the picture has shape \(3,\), expected \(..., H, W\)"):
        mask_boundary(np.ones(3))
    with pytest.raises(UsageError, match="the ratio of the boundary is 0, expected a positive number"):
        BoundaryIoU(2, ratio=0)


def expected_of(truth: np.ndarray, prediction: np.ndarray, count: int, distance: int) -> np.ndarray:
    """Class by class: binary masks, their boundaries, void of the truth erased from both."""
    rows = []
    for value in range(count):
        true, predicted = (near_edge(side == value, distance) & (truth != 255) for side in (truth, prediction))
        rows.append([(true & predicted).sum(), true.sum(), predicted.sum()])
    return np.array(rows).T


@pytest.mark.parametrize("seed", range(30))
def test_class_maps_class_by_class(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 1, 2, 255], (4, 5))
    truth = np.repeat(np.repeat(coarse, 11, axis=0), 13, axis=1).astype(np.uint8)
    prediction = np.roll(truth, (1, 2), (0, 1)).astype(np.int64)
    prediction[rng.random(truth.shape) < 0.01] = 3
    boundary = BoundaryIoU(5, ratio=float(rng.choice([0.01, 0.03])))
    boundary.update(truth, prediction)
    distance = boundary_distance((44, 65), boundary.ratio)
    assert (boundary.pixels == expected_of(truth, prediction, 5, distance)).all()
    batch = BoundaryIoU(5, ratio=boundary.ratio)
    batch.update(np.stack([truth, truth]), np.stack([prediction, prediction]))
    assert batch == boundary + boundary


def test_results() -> None:
    boundary = BoundaryIoU(3)
    boundary.update([[0, 0, 1, 255]], [[0, 1, 1, 2]])
    result = boundary.result()
    assert result.columns == {"boundary IoU": (0.5, 0.5, None)}
    assert (result.headlines, result.ratio, result.distances) == ({"mean boundary IoU": 0.5}, 0.02, (1,))
    other = BoundaryIoU(3)
    other.update(np.zeros((75, 100), int), np.zeros((75, 100), int))
    assert (boundary + other).result().distances == (1, 2)
    assert BoundaryIoU(2).result().headlines == {"mean boundary IoU": None}
    assert pickle.loads(pickle.dumps(boundary)) == boundary != other
    assert boundary != 3


@pytest.mark.parametrize("other", [BoundaryIoU(2), BoundaryIoU(3, 0), BoundaryIoU(3, ratio=0.1)])
def test_different_kinds_do_not_add_up(other: Any) -> None:
    with pytest.raises(UsageError, match=r"BoundaryIoU\(3, void=255, ratio=0.02\) and .* can't be added"):
        other = BoundaryIoU(3) + other


def test_bad_pictures_count_nothing() -> None:
    boundary = BoundaryIoU(2)
    with pytest.raises(SampleError, match="the prediction has the value 2"):
        boundary.update([[0, 1]], [[0, 2]])
    with pytest.raises(SampleError, match="resize the prediction"):
        boundary.update([[0, 1]], [[0]])
    with pytest.raises(UsageError, match="expected \\(..., H, W\\)"):
        boundary.update([0, 1], [0, 1])
    assert boundary == BoundaryIoU(2)
