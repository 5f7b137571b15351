"""Batches of samples, which may differ in size and in the number of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

from torch import Tensor

from cocoseg.errors import UsageError, show
from cocoseg.torch.packed import PackedMasks
from cocoseg.torch.shipping import Parcel, stack
from cocoseg.torch.transforms import Pad, size_of


def collate(pairs: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """(image, target) pairs -> (images, targets): a tensor (B, ...) where all have the same shape, else a list.

    Dicts become a list of dicts, as detectors and mask classifiers take them. ``PackedMasks`` become one
    ``PackedMasks``. Without images, images are None. For ``DataLoader(collate_fn=...)``: a worker sends the batch in
    one piece of shared memory, with masks as bits and integers as bytes where they fit. It arrives unchanged.

    >>> import torch
    >>> images, targets = collate([(None, torch.zeros(2, 2)), (None, torch.ones(2, 2))])
    >>> images, tuple(targets.shape)
    (None, (2, 2, 2))
    """
    images, targets = zip(*pairs, strict=True)
    return Parcel((_together(images), _together(targets)))


@dataclass(frozen=True)
class PadCollate:
    """``collate`` of pairs that are padded at the right and below to the largest; class maps as by ``Pad``.

    Height and width become multiples of ``multiple_of``, as networks with strides need them.
    Raises UsageError ``usage.number``, ``usage.void``, and ``usage.target`` for ``PackedMasks``.
    """

    void: int | None = None
    multiple_of: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.multiple_of, SupportsIndex) or int(self.multiple_of) < 1:
            text = f"multiple_of is {show(self.multiple_of)}, expected a whole number, at least 1"
            raise UsageError("usage.number", text)

    def __call__(self, pairs: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
        """The padded pairs, joined by ``collate``."""
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
