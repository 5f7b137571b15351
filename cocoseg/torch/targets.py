"""Training targets of a sample as tensors, from the arrays of ``cocoseg.targets``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cocoseg.errors import LabelError, show
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.segments import class_segments, instances, panoptic, segments
from cocoseg.targets.semantic import semantic
from cocoseg.torch.onehot import one_hot
from cocoseg.torch.packed import PackedMasks


@dataclass(frozen=True)
class Maker:
    """``make(sample, labels, dtype)`` for given labels and dtype; it can be pickled."""

    make: Callable[[Sample, LabelScheme, torch.dtype], Any]
    labels: LabelScheme
    dtype: torch.dtype

    def __call__(self, sample: Sample) -> Any:
        """The target of a sample."""
        return self.make(sample, self.labels, self.dtype)


def maker(target: str, mode: str, labels: LabelScheme, dtype: torch.dtype) -> Maker:
    """The function that makes targets of a kind."""
    return Maker(_MAKERS[f"{mode} segments" if target == "segments" else target], labels, dtype)


def dtype_of(target: str) -> torch.dtype:
    """The dtype that the usual loss takes."""
    return torch.float32 if target == "onehot" else torch.int64


def _semantic(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(semantic(sample, labels)).to(dtype)


def _onehot(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> Tensor:
    class_map = torch.from_numpy(semantic(sample, labels))
    return one_hot(class_map, labels.num_classes, labels.void, dtype=dtype)


def _instances(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> dict[str, Any]:
    found = instances(sample, labels)
    return {
        "boxes": torch.from_numpy(found.boxes.astype(np.float32)),
        "labels": torch.from_numpy(found.labels),
        "masks": torch.from_numpy(found.masks.view(np.uint8)),
        "image_id": sample.image_id,
        "area": torch.from_numpy(found.areas.astype(np.float32)),
        "iscrowd": _int64(found.iscrowd),
    }


def _class_segments(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> dict[str, Tensor]:
    found = class_segments(sample, labels)
    return {"masks": torch.from_numpy(found.masks), "labels": torch.from_numpy(found.labels)}


def _panoptic_segments(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> dict[str, Tensor]:
    found = segments(sample, labels)
    return {"masks": torch.from_numpy(found.masks), "labels": torch.from_numpy(found.labels)}


def _panoptic(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> dict[str, Any]:
    found = panoptic(sample, labels)
    return {
        "id_map": torch.from_numpy(found.id_map),
        "ids": torch.from_numpy(found.ids),
        "labels": torch.from_numpy(found.labels),
        "image_id": sample.image_id,
        "area": torch.from_numpy(found.areas),
        "iscrowd": _int64(found.iscrowd),
    }


def _packed(sample: Sample, labels: LabelScheme, dtype: torch.dtype) -> PackedMasks:
    return PackedMasks.of(sample, labels)


def _int64(flags: npt.NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(flags.astype(np.int64))


_MAKERS: dict[str, Callable[[Sample, LabelScheme, torch.dtype], Any]] = {
    "semantic": _semantic,
    "onehot": _onehot,
    "instances": _instances,
    "semantic segments": _class_segments,
    "panoptic segments": _panoptic_segments,
    "panoptic": _panoptic,
    "packed": _packed,
}


def check_range(scheme: LabelScheme, dtype: torch.dtype, target: str) -> None:
    """Raises LabelError ``label.range`` where void or a class does not fit the dtype of a map or of its one-hot."""
    largest = 1 if target == "onehot" else max(scheme.void, scheme.outside, scheme.num_classes - 1)
    if largest > _largest(dtype):
        raise LabelError("label.range", f"labels {show(scheme.name)} go up to {largest}, which does not fit {dtype}")


def _largest(dtype: torch.dtype) -> int:
    """The largest number up to which a type holds every integer."""
    if dtype == torch.bool:
        return 1
    return int(2 / torch.finfo(dtype).eps) if dtype.is_floating_point else torch.iinfo(dtype).max
