"""Geometric transforms of an image and its target.

Each transform is called as ``transform(image, target)`` and returns both, for every target of ``SegmentationDataset``
except ``PackedMasks``. Class maps are filled with void, by default that of the data set that made them; masks, one-hot
and ids with 0. Labels take the value of the nearest pixel. Boxes and areas are measured on the new masks, and objects
without a pixel are removed. For colours use ``torchvision.transforms.v2``, whose transforms may be in the same
``Compose``; put ``drop_empty`` behind those that crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

import torch
from torch import Tensor
from torch.nn.functional import pad

from cocoseg.errors import UsageError, show
from cocoseg.targets.resized import check_size
from cocoseg.torch.boxes import remeasured
from cocoseg.torch.resize import Size, mirror, resize_class_map, resize_image
from cocoseg.torch.voids import fill_of, void_of, with_void
from cocoseg.torch.wrapping import like

Pixels = Callable[[Tensor, int], Tensor]  # a picture (..., H, W), and the value of new pixels


@dataclass(frozen=True)
class Compose:
    """Apply transforms one after another."""

    transforms: Sequence[Callable[[Any, Any], tuple[Any, Any]]]

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target, both changed; a class map remembers its void whatever a transform makes of it."""
        void = void_of(target)
        for transform in self.transforms:
            image, target = transform(image, target)
            target = with_void(target, void)
        return image, target


@dataclass(frozen=True)
class Resize:
    """Resize to ``size`` (height, width): images bilinear with antialiasing, labels nearest."""

    size: Size

    def __post_init__(self) -> None:
        check_size(self.size)

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target, both changed."""
        _check_image(image)
        resized = None if image is None else like(image, resize_image(image, self.size))
        return resized, change_target(target, lambda labels, _: resize_class_map(labels, self.size))


@dataclass(frozen=True)
class RandomCrop:
    """Crop a window of ``size``, drawn with torch's generator; smaller pictures are padded as by ``Pad``."""

    size: Size
    void: int | None = None

    def __post_init__(self) -> None:
        check_size(self.size)

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target, both changed."""
        image, target = Pad(self.size, self.void)(image, target)
        height, width = size_of(image, target)
        top, left = (_drawn(room + 1) for room in (height - self.size[0], width - self.size[1]))
        rows, columns = slice(top, top + self.size[0]), slice(left, left + self.size[1])
        return change(image, target, lambda pixels, _: pixels[..., rows, columns])


@dataclass(frozen=True)
class RandomFlip:
    """Swap left and right with a ``probability``. Raises UsageError ``usage.number`` for one outside 0 to 1."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.probability, SupportsFloat) or not 0 <= float(self.probability) <= 1:
            raise UsageError("usage.number", f"probability is {show(self.probability)}, expected a number from 0 to 1")

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target, both changed."""
        if float(torch.rand(())) >= self.probability:
            return image, target
        return change(image, target, lambda pixels, _: mirror(pixels))


@dataclass(frozen=True)
class Pad:
    """Pad to at least ``size`` at the right and below: class maps with ``void``, everything else with 0.

    Without ``void``, it is that of the data set that made the class map, and so it is for numbers of segments in
    shards. Raises UsageError ``usage.void`` for a class map from elsewhere.
    """

    size: Size
    void: int | None = None

    def __post_init__(self) -> None:
        check_size(self.size)

    def __call__(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target, both changed."""
        height, width = size_of(image, target)
        fill = fill_of(target, self.void)
        below, right = max(0, self.size[0] - height), max(0, self.size[1] - width)
        if not below and not right:
            return image, target
        return change(image, target, lambda pixels, fill: pad(pixels, (0, right, 0, below), value=fill), fill)


def drop_empty(image: Any, target: Any) -> tuple[Any, Any]:
    """Remove the objects without a pixel, in all columns, and measure boxes and areas again; a transform.

    torchvision's transforms leave empty masks after a crop, and its ``SanitizeBoundingBoxes`` leaves ``area`` and
    ``iscrowd`` as long as they were. Put this behind them, in place of the latter. Boxes are measured on the masks; the
    image and class maps stay. Raises UsageError ``usage.target`` for columns of different lengths, and for
    ``PackedMasks``.

    >>> masks = torch.tensor([[[0, 1], [0, 1]], [[0, 0], [0, 0]]])
    >>> image, target = drop_empty(None, {"masks": masks, "labels": torch.tensor([7, 9]), "area": torch.tensor([3, 5])})
    >>> target["labels"].tolist(), target["area"].tolist(), tuple(target["masks"].shape)
    ([7], [2], (1, 2, 2))
    """
    _check_target(target)
    return image, remeasured(target) if isinstance(target, dict) else target


def change(image: Any, target: Any, pixels: Pixels, fill: int = 0) -> tuple[Any, Any]:
    """Change an image, which may be None, and its target alike. Raises UsageError ``usage.target``."""
    _check_image(image)
    return None if image is None else like(image, pixels(image, 0)), change_target(target, pixels, fill)


def change_target(target: Any, pixels: Pixels, fill: int = 0) -> Any:
    """Change a target of any kind. Raises UsageError ``usage.target`` for ``PackedMasks``."""
    _check_target(target)
    if isinstance(target, Tensor):
        return with_void(like(target, pixels(target, fill)), void_of(target))
    name = _picture(target)
    void = void_of(target[name])
    return remeasured(target | {name: with_void(like(target[name], pixels(target[name], void or 0)), void)})


def size_of(image: Any, target: Any) -> Size:
    """(height, width) of a pair."""
    _check_image(image)
    pixels = image
    if image is None:
        _check_target(target)
        pixels = target[_picture(target)] if isinstance(target, dict) else target
    height, width = pixels.shape[-2:]
    return height, width


def _check_image(image: Any) -> None:
    if image is not None and not isinstance(image, Tensor):
        text = f"an image of type {type(image).__name__} cannot be transformed, expected a tensor (C, H, W)"
        raise UsageError("usage.target", text)


def _check_target(target: Any) -> None:
    if not isinstance(target, Tensor | dict):
        raise UsageError("usage.target", f"a {type(target).__name__} cannot be transformed; decode it first")
    if isinstance(target, dict) and _picture(target) not in target:
        found = f"a target with {show(sorted(map(str, target)))}"
        raise UsageError("usage.target", f"{found} cannot be transformed, expected 'masks' or 'id_map' in it")


def _picture(target: dict[str, Any]) -> str:
    return "masks" if "masks" in target else "id_map"


def _drawn(limit: int) -> int:
    return int(torch.randint(limit, ()))
