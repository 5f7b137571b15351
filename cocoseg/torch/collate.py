"""Samples to batches, also where they differ in size or in the number of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from cocoseg.errors import UsageError, show
from cocoseg.torch.packed import PackedMasks
from cocoseg.torch.shipping import Parcel, stack
from cocoseg.torch.transforms import Pad, size_of


def collate(pairs: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """(image, target) pairs -> (images, targets): one tensor (B, ...) where all have one shape, else a list.

    Dicts become a list of dicts, as detectors and mask classifiers take them; ``PackedMasks`` one ``PackedMasks``; no
    images None. For ``DataLoader(collate_fn=...)``; out of a worker a batch comes in one piece of shared memory, masks
    as bits and integers as bytes where they fit, and is what it was.

    >>> import torch
    >>> images, targets = collate([(None, torch.zeros(2, 2)), (None, torch.ones(2, 2))])
    >>> images, tuple(targets.shape)
    (None, (2, 2, 2))
    """
    images, targets = zip(*pairs, strict=True)
    return Parcel((_together(images), _together(targets)))


@dataclass(frozen=True)
class PadCollate:
    """``collate`` of pairs padded to the largest of the batch, right and below; class maps with ``void``.

    ``multiple_of`` makes height and width multiples of it, as networks with strides want them.
    Raises UsageError ``usage.number``, and ``usage.target`` for runs.
    """

    void: int = 255
    multiple_of: int = 1

    def __post_init__(self) -> None:
        if self.multiple_of < 1:
            raise UsageError("usage.number", f"multiple_of is {show(self.multiple_of)}, expected at least 1")

    def __call__(self, pairs: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
        """The padded pairs as ``collate`` joins them."""
        sides = zip(*(size_of(image, target) for image, target in pairs), strict=True)
        height, width = (-(-max(side) // self.multiple_of) * self.multiple_of for side in sides)
        padding = Pad((height, width), self.void)
        return collate([padding(image, target) for image, target in pairs])


def _together(items: Sequence[Any]) -> Any:
    first = items[0]
    if isinstance(first, PackedMasks):
        return PackedMasks.join(items)
    if isinstance(first, Tensor) and len({item.shape for item in items}) == 1:
        return stack(items)
    return None if first is None else list(items)
