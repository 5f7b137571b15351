"""What models put out, as samples: to be evaluated, or written as COCO results or panoptic JSON.

The rules are those of the models' own code, so that their numbers stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from cocoseg.codecs import rle
from cocoseg.codecs.panoptic import rgb_from_ids
from cocoseg.codecs.regions import find_regions
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import SampleError, UsageError
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Category, Sample
from cocoseg.targets.semantic import flat

ImageId = int | str


def semantic_from_queries(class_logits: Tensor, mask_logits: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Queries (B, Q, C + 1) and (B, Q, h, w) of MaskFormer -> class maps (B, H, W) int64.

    The last class is "no object". A class's score is the sum over queries of its probability times the sigmoid of the
    mask, as Cheng et al. 2021 (arXiv 2107.06278, ``semantic_inference``). Masks are resized to ``size`` (H, W) before,
    bilinearly. Raises UsageError ``usage.target`` for other shapes.

    >>> classes, masks = torch.tensor([[[9.0, 0, 0], [0, 9, 0]]]), torch.tensor([[[[5.0, -5]], [[-5, 5]]]])
    >>> semantic_from_queries(classes, masks)
    tensor([[[0, 1]]])
    """
    _check_queries(class_logits, mask_logits)
    probabilities = class_logits.softmax(dim=-1)[..., :-1]
    maps = [
        torch.einsum("qc,qhw->chw", classes, _resized(masks, size).sigmoid()).argmax(dim=0)
        for classes, masks in zip(probabilities, mask_logits, strict=True)
    ]
    return torch.stack(maps) if maps else torch.zeros((0, *(size or mask_logits.shape[-2:])), dtype=torch.int64)


def panoptic_from_queries(
    class_logits: Tensor,
    mask_logits: Tensor,
    categories: Sequence[Category],
    image_ids: Sequence[ImageId],
    *,
    size: tuple[int, int] | None = None,
    object_threshold: float = 0.8,
    overlap_threshold: float = 0.8,
) -> list[Sample]:
    """Queries (B, Q, C + 1) and (B, Q, h, w) of Mask2Former -> a sample per image, with scores.

    Cheng et al. 2022 (arXiv 2112.01527, ``panoptic_inference``). ``categories`` (C,) are those of the classes; stuff of
    one class is one segment. A query counts if its class is certain to ``object_threshold``; it is dropped if less
    than ``overlap_threshold`` of its mask stays when the strongest query takes each pixel. Raises UsageError
    ``usage.target`` for other shapes or numbers.
    """
    _check_queries(class_logits, mask_logits)
    if (len(categories), len(image_ids)) != (class_logits.shape[-1] - 1, len(class_logits)):
        found = f"{len(categories)} categories and {len(image_ids)} image ids"
        expected = f"expected {class_logits.shape[-1] - 1} and {len(class_logits)} by the logits"
        raise UsageError("usage.target", f"{found}, {expected}")
    images = zip(class_logits.softmax(dim=-1), mask_logits, image_ids, strict=True)
    thresholds = object_threshold, overlap_threshold
    return [
        _panoptic(classes, _resized(masks, size).sigmoid(), categories, image_id, thresholds)
        for classes, masks, image_id in images
    ]


def _panoptic(
    probabilities: Tensor,
    masks: Tensor,
    categories: Sequence[Category],
    image_id: ImageId,
    thresholds: tuple[float, float],
) -> Sample:
    scores, classes = probabilities.max(dim=-1)
    kept = (classes < len(categories)) & (scores > thresholds[0])
    scores, classes, masks = scores[kept], classes[kept], masks[kept]
    picture = np.zeros(masks.shape[-2:], np.int64)
    if not len(scores):
        return _segments(picture, [], [], [], image_id)
    sure = masks >= 0.5
    owner = (scores.view(-1, 1, 1) * masks).argmax(dim=0)
    owned = owner == torch.arange(len(scores), device=owner.device).view(-1, 1, 1)
    visible = owned & sure
    areas = torch.stack([one.sum(dim=(1, 2)) for one in (owned, sure, visible)]).cpu().numpy()
    stays = (areas > 0).all(axis=0) & (areas[0] >= thresholds[1] * areas[1])
    return _painted(picture, stays, visible.cpu().numpy(), classes.tolist(), scores.tolist(), categories, image_id)


def _painted(
    picture: npt.NDArray[np.int64],
    stays: npt.NDArray[np.bool_],
    visible: npt.NDArray[np.bool_],
    classes: Sequence[int],
    scores: Sequence[float],
    categories: Sequence[Category],
    image_id: ImageId,
) -> Sample:
    """The sample of the queries that stay; those of one class of stuff share the segment of the first."""
    first: dict[int, int] = {}
    kept: list[int] = []
    for query in np.flatnonzero(stays).tolist():
        value = classes[query]
        known = first.get(value) if is_stuff(categories[value]) else None
        if known is None:
            kept.append(query)
            known = first[value] = len(kept)
        picture[visible[query]] = known
    ids = [categories[classes[query]].id for query in kept]
    return _segments(picture, list(range(1, len(kept) + 1)), ids, [scores[query] for query in kept], image_id)


def _segments(
    picture: npt.NDArray[np.int64], ids: list[int], category_ids: list[int], scores: list[float], image_id: ImageId
) -> Sample:
    listed = np.array(ids, np.int64)
    return Sample(
        str(image_id),
        image_id,
        listed,
        category_ids=np.array(category_ids, np.int64),
        iscrowd=np.zeros(len(ids), np.bool_),
        shapes=find_regions(picture, listed)[0],
        scores=np.array(scores, np.float64),
    )


def instances_from_boxes(
    masks: Tensor,
    boxes: Tensor,
    labels: Tensor,
    scores: Tensor,
    size: tuple[int, int],
    category_ids: Sequence[int],
    image_id: ImageId,
    threshold: float = 0.5,
) -> Sample:
    """Mask R-CNN's output for an image -> a sample of masks, bit for bit as torchvision pastes them.

    ``masks`` (n, m, m) or (n, 1, m, m) are probabilities, 28×28 as a rule, ``boxes`` (n, 4) x0, y0, x1, y1 in pixels of
    the image of ``size`` (H, W), ``labels`` (n,) indices into ``category_ids``, ``scores`` (n,). A pixel belongs to an
    object where its mask is above ``threshold``. He et al. 2017 (arXiv 1703.06870); ``paste_masks_in_image`` of
    torchvision 0.28. Raises UsageError ``usage.target`` for other shapes.

    >>> square = torch.ones(1, 28, 28)
    >>> box, label, score = torch.tensor([[1.0, 0, 2, 1]]), torch.tensor([0]), torch.tensor([0.9])
    >>> rle.decode(instances_from_boxes(square, box, label, score, (2, 4), [7], 1).runs).astype(int)
    array([[[1, 1, 1, 0],
            [1, 1, 1, 0]]])
    """
    count = len(scores)
    if len({len(column) for column in (masks, boxes, labels, scores)}) > 1 or boxes.shape != (count, 4):
        found = ", ".join(str(tuple(column.shape)) for column in (masks, boxes, labels, scores))
        raise UsageError("usage.target", f"masks, boxes, labels and scores have shapes {found}, expected n of each")
    padded = pad(masks.detach().float().reshape(count, 1, *masks.shape[-2:]), (1, 1, 1, 1))
    corners = _grown(boxes.detach(), masks.shape[-1]).to(torch.int64).tolist()
    bits = [_pasted(mask, corner, size) > threshold for mask, corner in zip(padded, corners, strict=True)]
    stacked = torch.stack(bits).cpu().numpy() if bits else np.zeros((0, *size), np.bool_)
    return Sample(
        str(image_id),
        image_id,
        np.arange(1, count + 1),
        category_ids=np.array([category_ids[label] for label in labels.tolist()], np.int64),
        iscrowd=np.zeros(count, np.bool_),
        shapes=rle.encode(stacked),
        scores=scores.detach().double().cpu().numpy(),
    )


def _grown(boxes: Tensor, side: int) -> Tensor:
    """Boxes (n, 4) for masks with a border of one cell."""
    scale = float(side + 2) / side
    halves = (boxes[:, 2:] - boxes[:, :2]) * 0.5 * scale
    centres = (boxes[:, 2:] + boxes[:, :2]) * 0.5
    return torch.cat([centres - halves, centres + halves], dim=1)


def _pasted(mask: Tensor, corner: Sequence[int], size: tuple[int, int]) -> Tensor:
    """A mask (1, m, m) resized to its box, inclusive corners, in an empty picture (H, W)."""
    x0, y0, x1, y1 = corner
    shape = (max(y1 - y0 + 1, 1), max(x1 - x0 + 1, 1))
    patch = interpolate(mask[None], size=shape, mode="bilinear", align_corners=False)[0, 0]
    picture = mask.new_zeros(size)
    top, left, bottom, right = max(y0, 0), max(x0, 0), min(y1 + 1, size[0]), min(x1 + 1, size[1])
    if bottom > top and right > left:
        picture[top:bottom, left:right] = patch[top - y0 : bottom - y0, left - x0 : right - x0]
    return picture


def to_results(sample: Sample) -> list[dict[str, Any]]:
    """A sample with scores -> its rows in a list of COCO results, ready for JSON.

    Raises SampleError ``score.missing`` for a sample without scores.

    >>> square, box = torch.ones(1, 28, 28), torch.tensor([[1.0, 0, 2, 1]])
    >>> to_results(instances_from_boxes(square, box, torch.tensor([0]), torch.tensor([0.5]), (2, 4), [7], 1))
    [{'image_id': 1, 'category_id': 7, 'segmentation': {'size': [2, 4], 'counts': '062'}, 'score': 0.5}]
    """
    if sample.scores is None:
        raise SampleError("score.missing", "the masks have no scores, which COCO results need; give each one")
    columns = zip(sample.category_ids.tolist(), to_coco(sample.runs), sample.scores.tolist(), strict=True)
    names = ("image_id", "category_id", "segmentation", "score")
    return [dict(zip(names, (sample.image_id, *row), strict=True)) for row in columns]


def to_panoptic(sample: Sample, file_name: str) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """A sample -> the picture (H, W, 3) uint8 for a PNG of this name, and its row in a panoptic JSON.

    Where masks overlap, the one with the higher score is on top. Segments without a pixel are left out.
    """
    regions, _ = flat(sample)
    kept = np.flatnonzero(regions.areas[:-1])
    columns = (sample.ids, sample.category_ids, sample.iscrowd.astype(int), regions.areas[:-1], regions.boxes)
    rows = zip(*(column[kept].tolist() for column in columns), strict=True)
    names = ("id", "category_id", "iscrowd", "area", "bbox")
    row = {
        "image_id": sample.image_id,
        "file_name": file_name,
        "segments_info": [dict(zip(names, segment, strict=True)) for segment in rows],
    }
    return rgb_from_ids(regions.paint(sample.ids, outside=0)), row


def _resized(masks: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Logits of masks (Q, h, w) -> (Q, H, W)."""
    return masks if size is None else interpolate(masks[None], size=size, mode="bilinear", align_corners=False)[0]


def _check_queries(class_logits: Tensor, mask_logits: Tensor) -> None:
    """Raises UsageError ``usage.target``."""
    if class_logits.ndim != 3 or mask_logits.ndim != 4 or class_logits.shape[:2] != mask_logits.shape[:2]:
        found = f"the logits have shapes {tuple(class_logits.shape)} and {tuple(mask_logits.shape)}"
        raise UsageError("usage.target", f"{found}, expected (B, Q, C + 1) and (B, Q, h, w)")
