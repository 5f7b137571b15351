"""The rules that turn outputs into samples, against their own plain forms and against torchvision."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from cocoseg.codecs import rle
from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.codecs.segmentation import decode
from cocoseg.errors import CocosegError
from cocoseg.metrics.panoptic_quality import PanopticQuality
from cocoseg.model import Category, Sample
from cocoseg.torch import (
    instances_from_boxes,
    panoptic_from_queries,
    semantic_from_queries,
    to_panoptic,
    to_results,
)

CATEGORIES = [
    Category(7, "person", True),
    Category(9, "sky", False),
    Category(4, "dog", True),
    Category(2, "road", False),
]


def logits(seed: int, batch: int = 2, queries: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    """Certain classes and blobs of masks."""
    torch.manual_seed(seed)
    classes = torch.randn(batch, queries, len(CATEGORIES) + 1) * 4
    masks = torch.nn.functional.interpolate(torch.randn(batch, queries, 3, 4) * 6, size=(12, 16), mode="bicubic")
    return classes, masks


def panoptic_loop(classes: torch.Tensor, masks: torch.Tensor, thresholds: tuple[float, float]) -> tuple[Any, list[Any]]:
    """Mask2Former's rule, query by query."""
    scores, labels = classes.softmax(-1).max(-1)
    masks = masks.sigmoid()
    kept = [query for query in range(len(scores)) if labels[query] < len(CATEGORIES) and scores[query] > thresholds[0]]
    picture, segments, stuff = np.zeros(masks.shape[-2:], int), [], {}
    if not kept:
        return picture, segments
    owner = torch.stack([scores[query] * masks[query] for query in kept]).argmax(0)
    for place, query in enumerate(kept):
        label = int(labels[query])
        owned, sure = owner == place, masks[query] >= 0.5
        visible = (owned & sure).numpy()
        if not owned.any() or not sure.any() or not visible.any():
            continue
        if int(owned.sum()) / int(sure.sum()) < thresholds[1]:
            continue
        if not CATEGORIES[label].isthing and label in stuff:
            picture[visible] = stuff[label]
            continue
        segments.append((CATEGORIES[label].id, float(scores[query])))
        stuff[label] = len(segments)
        picture[visible] = len(segments)
    return picture, segments


@pytest.mark.parametrize("seed", range(30))
def test_panoptic_is_as_query_by_query(seed: int) -> None:
    classes, masks = logits(seed)
    thresholds = (0.5, 0.6)
    samples = panoptic_from_queries(
        classes, masks, CATEGORIES, [1, "b"], object_threshold=thresholds[0], overlap_threshold=thresholds[1]
    )
    assert [sample.image_id for sample in samples] == [1, "b"]
    for k, sample in enumerate(samples):
        picture, segments = panoptic_loop(classes[k], masks[k], thresholds)
        assert np.array_equal(sample.id_map, picture)
        assert sample.category_ids.tolist() == [row[0] for row in segments]
        assert sample.scores.tolist() == [row[1] for row in segments]  # type: ignore[union-attr]
        metric = PanopticQuality(CATEGORIES)
        metric.update(sample, sample)
        assert metric.result().headlines["PQ"] in (1, None)


def test_without_a_certain_query_all_is_void() -> None:
    sample = panoptic_from_queries(torch.zeros(1, 3, 5), torch.zeros(1, 3, 4, 4), CATEGORIES, [1])[0]
    assert not sample.id_map.any()
    assert to_panoptic(sample, "a.png")[1]["segments_info"] == []
    assert to_results(sample) == []


@pytest.mark.parametrize("size", [None, (24, 20)])
def test_semantic_is_the_sum_over_queries(size: tuple[int, int] | None) -> None:
    classes, masks = logits(1)
    found = semantic_from_queries(classes, masks, size)
    resized = masks if size is None else torch.nn.functional.interpolate(masks, size=size, mode="bilinear")
    scores = sum(
        classes.softmax(-1)[:, query, :-1, None, None] * resized.sigmoid()[:, query, None] for query in range(9)
    )
    assert torch.equal(found, scores.argmax(1))  # type: ignore[union-attr]
    assert semantic_from_queries(classes[:0], masks[:0], size).shape == (0, *(size or (12, 16)))


def pasted(masks: torch.Tensor, boxes: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    try:
        from torchvision.models.detection import roi_heads
    except (ImportError, RuntimeError):  # the latter where its build is for another torch
        pytest.skip("no torchvision for this torch")
    return (roi_heads.paste_masks_in_image(masks[:, None], boxes, size)[:, 0] > 0.5).numpy()


def boxes_of(seed: int, count: int, size: tuple[int, int]) -> torch.Tensor:
    """Boxes that stick out, tiny ones and plain ones."""
    torch.manual_seed(seed)
    corners = torch.rand(count, 2) * torch.tensor([size[1] + 3.0, size[0] + 3.0]) - 5
    return torch.cat([corners, corners + 6 + torch.rand(count, 2).square() * 40], dim=1)


@pytest.mark.parametrize("seed", range(10))
def test_masks_are_pasted_as_torchvision_does(seed: int) -> None:
    size = (37, 51)
    boxes, masks = boxes_of(seed, 12, size), torch.rand(12, 28, 28)
    expected = pasted(masks, boxes, size)
    sample = instances_from_boxes(masks[:, None], boxes, torch.arange(12) % 3, torch.rand(12), size, [5, 6, 8], 3)
    assert np.array_equal(rle.decode(sample.runs), expected)
    assert sample.category_ids.tolist() == [5, 6, 8] * 4


def test_a_box_beside_the_image_gives_an_empty_mask() -> None:
    """torchvision ends with a RuntimeError there."""
    boxes = torch.tensor([[60.0, 1, 70, 5], [-9, -9, -5, -5]])
    sample = instances_from_boxes(torch.ones(2, 28, 28), boxes, torch.tensor([0, 0]), torch.ones(2), (20, 30), [1], 1)
    assert sample.areas.tolist() == [0, 0]


def test_results_come_back_from_json() -> None:
    boxes = boxes_of(1, 4, (20, 30))
    scores = torch.tensor([0.1, 0.2, 0.3, 0.4])
    sample = instances_from_boxes(
        torch.ones(4, 28, 28), boxes, torch.zeros(4, dtype=torch.int64), scores, (20, 30), [5], "a"
    )
    rows = json.loads(json.dumps(to_results(sample)))
    assert [row["score"] for row in rows] == scores.double().tolist()
    for row, mask in zip(rows, rle.decode(sample.runs), strict=True):
        assert np.array_equal(decode(row["segmentation"], (20, 30)), mask)
        assert (row["image_id"], row["category_id"]) == ("a", 5)


def test_a_panoptic_row_has_what_its_picture_shows() -> None:
    sample = panoptic_from_queries(*logits(3), CATEGORIES, [1, 2], object_threshold=0.3, overlap_threshold=0.1)[0]
    picture, row = to_panoptic(sample, "1.png")
    ids = ids_from_rgb(picture)
    assert np.array_equal(ids, sample.id_map)
    assert len(row["segments_info"]) == len(sample.ids) > 0
    for segment in row["segments_info"]:
        assert segment["area"] == (ids == segment["id"]).sum()
    assert json.loads(json.dumps(row)) == row


@pytest.mark.parametrize(
    "call",
    [
        lambda: semantic_from_queries(torch.zeros(2, 3, 4), torch.zeros(2, 4, 5, 5)),
        lambda: panoptic_from_queries(*logits(0), CATEGORIES, [1]),
        lambda: panoptic_from_queries(*logits(0), CATEGORIES[:2], [1, 2]),
        lambda: instances_from_boxes(
            torch.ones(2, 28, 28), torch.ones(1, 4), torch.ones(1), torch.ones(1), (4, 4), [1], 1
        ),
        lambda: to_results(
            Sample(
                "a",
                1,
                np.array([1]),
                category_ids=np.array([1]),
                iscrowd=np.array([False]),
                shapes=rle.encode(np.ones((1, 2, 2))),
            )
        ),
    ],
)
def test_errors(call: Any) -> None:
    with pytest.raises(CocosegError):
        call()
