"""Boxes and areas of changed masks, and the objects that remain."""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cocoseg.errors import UsageError
from cocoseg.torch.wrapping import boxes_like, like

_COLUMNS = ("ids", "labels", "area", "iscrowd", "masks", "boxes")
_OF_THE_IMAGE = {"id_map", "image_id", "size", "orig_size"}  # no columns, although as long as one by chance


def remeasured(target: dict[str, Any]) -> dict[str, Any]:
    """A target with changed masks or ids, without empty objects, and with new areas and boxes.

    Every tensor, array or list that has an entry for each object is cut, whatever its name.
    Raises UsageError ``usage.target`` for columns of different lengths.
    """
    if "segments" in target:  # of shards, numbers and classes
        left = set(target["id_map"].unique().tolist())
        return target | {"segments": {number: row for number, row in target["segments"].items() if number in left}}
    _check_lengths(target)
    areas = _areas(target)
    kept = areas > 0
    columns = {name: value for name, value in target.items() if _is_column(name, value, len(kept))}
    found = columns if bool(kept.all()) else {name: _cut(value, kept) for name, value in columns.items()}
    if "area" in target:
        found["area"] = areas[kept].to(target["area"].dtype)
    if "boxes" in target:
        found["boxes"] = boxes_like(target["boxes"], boxes_of(found["masks"]), found["masks"].shape[-2:])
    return target | found


def _is_column(name: str, value: Any, length: int) -> bool:
    if name in _OF_THE_IMAGE or not isinstance(value, Tensor | np.ndarray | list):
        return False
    return len(value) == length if isinstance(value, list) else value.shape[:1] == (length,)


def _cut(column: Any, kept: Tensor) -> Any:
    """The entries of a column that stay, in a column of the same kind."""
    if isinstance(column, Tensor):
        return like(column, column[kept.to(column.device)])
    stay = kept.cpu().numpy()
    return column[stay] if isinstance(column, np.ndarray) else list(compress(column, stay))


def _check_lengths(target: dict[str, Any]) -> None:
    lengths = {name: len(target[name]) for name in _COLUMNS if name in target}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} of {length}" for name, length in lengths.items())
        text = f"a target has {found} objects; leave SanitizeBoundingBoxes out, drop_empty removes empty objects"
        raise UsageError("usage.target", text)


def boxes_of(masks: Tensor) -> Tensor:
    """Masks (n, H, W), none empty -> boxes (n, 4) float32: x0, y0, x1, y1, the latter two one beyond the last pixel.

    >>> boxes_of(torch.tensor([[[0, 0, 0], [0, 1, 1]]])).tolist()
    [[1.0, 1.0, 3.0, 2.0]]
    """
    spans = [_span((masks != 0).any(dim=dim)) for dim in (1, 2)]
    return torch.stack([spans[0][0], spans[1][0], spans[0][1], spans[1][1]], dim=1).float()


def _span(lines: Tensor) -> tuple[Tensor, Tensor]:
    """Index of each row's first true value, and one beyond the last: (n, k) -> (n,), (n,)."""
    marks = lines.to(torch.uint8)
    if not len(marks):
        return marks.new_zeros(0), marks.new_zeros(0)
    return marks.argmax(dim=1), lines.shape[1] - marks.flip(1).argmax(dim=1)


def _areas(target: dict[str, Any]) -> Tensor:
    """Pixels of each object: (n,) int64."""
    if "masks" in target:
        return (target["masks"] != 0).sum(dim=(1, 2))
    values, pixels = target["id_map"].unique(return_counts=True)
    same = target["ids"].unsqueeze(1) == values
    return (same * pixels).sum(dim=1)
