"""The masks of a batch as runs: workers send them in place of pixels, and any device decodes them.

Class maps and masks are decoded in the same way: the change of the value is written where a run starts, and a running
sum gives the picture. Sums of uint8 wrap as they should, so that one byte per pixel is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cocoseg.codecs.regions import Regions, runs
from cocoseg.codecs.rle import Runs
from cocoseg.errors import UsageError
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.segments import planes, united_segments
from cocoseg.targets.semantic import scheme_for, segment_classes, semantic
from cocoseg.torch.onehot import Kernel, Layout, one_hot

_TUPLES = ("sizes", "masks_each", "along_rows")
_TENSORS = ("labels", "values", "lengths", "counts")


@dataclass(frozen=True, eq=False)
class PackedMasks:
    """Class maps and masks of a batch of B images, which may differ in size.

    Each image has its ``sizes`` (height, width), its number of masks in ``masks_each``, and ``along_rows``: whether its
    masks run along the rows or, as in COCO's RLE, down the columns. ``void`` is the value of unknown pixels. Tensors:
    ``labels`` (N,) int64 is the class of each mask, by image in ``labels_each()``; ``values`` (R,) uint8 or int32 and
    ``lengths`` (R,) int32 are the runs of the class maps along the rows; ``counts`` (C,) int32 are the runs of the
    masks, background and foreground in turn.

    The masks are those of ``cocoseg.targets.segments.segments``: things and classes of stuff without crowds, in file
    order.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/panoptic.json")
    >>> batch = PackedMasks.join([PackedMasks.of(sample, "mask2former") for sample in dataset])
    >>> batch.to("cpu").class_map().shape, [tuple(masks.shape) for masks in batch.masks()]
    (torch.Size([3, 6, 9]), [(3, 6, 8), (3, 5, 7), (4, 1, 9)])
    """

    sizes: tuple[tuple[int, int], ...]
    masks_each: tuple[int, ...]
    along_rows: tuple[bool, ...]
    void: int
    labels: Tensor
    values: Tensor
    lengths: Tensor
    counts: Tensor

    @classmethod
    def of(cls, sample: Sample, labels: LabelScheme | str) -> PackedMasks:
        """A batch of one image. Raises the errors of ``cocoseg.semantic``."""
        scheme = scheme_for(sample, labels)
        united, classes, kept = united_segments(sample, scheme)
        masks, along_rows = planes(united, kept)
        values, lengths = _class_runs(sample, scheme)
        return cls(
            (sample.size,),
            (len(kept),),
            (along_rows,),
            scheme.void,
            torch.from_numpy(classes),
            torch.from_numpy(values if values.dtype == np.uint8 else values.astype(np.int32)),
            torch.from_numpy(lengths.astype(np.int32)),
            torch.from_numpy(_even_counts(masks)),
        )

    @classmethod
    def join(cls, packs: Sequence[PackedMasks]) -> PackedMasks:
        """One batch of several with the same scheme. Raises UsageError ``usage.batch`` for none, or if void differs."""
        if len({pack.void for pack in packs}) != 1:
            raise UsageError("usage.batch", f"{len(packs)} packs, expected at least one, and the same scheme for all")
        columns: dict[str, Any] = {name: sum((getattr(pack, name) for pack in packs), ()) for name in _TUPLES}
        tensors: dict[str, Any] = {name: torch.cat([getattr(pack, name) for pack in packs]) for name in _TENSORS}
        return replace(packs[0], **columns, **tensors)

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(getattr(self, name).nbytes for name in _TENSORS)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> PackedMasks:
        """A copy on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> PackedMasks:
        """A copy in page-locked memory; ``DataLoader(pin_memory=True)`` calls this."""
        return self._each(lambda tensor: tensor.pin_memory())

    def class_map(self) -> Tensor:
        """(B, H, W) uint8, or int32 if the scheme needs 16 bits; smaller images are padded with void."""
        flat = _paint(self.values, self.lengths, sum(height * width for height, width in self.sizes))
        pictures = _cut(flat, self.sizes)
        if len(set(self.sizes)) == 1:
            return flat.view(len(self), *self.sizes[0])
        largest = [max(side) for side in zip(*self.sizes, strict=True)]
        padded: Tensor = flat.new_full((len(self), *largest), self.void)
        for canvas, picture in zip(padded, pictures, strict=True):
            canvas[: picture.shape[0], : picture.shape[1]] = picture
        return padded

    def masks(self) -> list[Tensor]:
        """The masks of each image: (n, H, W) bool."""
        shapes = [(n, *size) for n, size in zip(self.masks_each, self.sizes, strict=True)]
        stored = [
            shape if rows else (shape[0], *shape[:0:-1]) for shape, rows in zip(shapes, self.along_rows, strict=True)
        ]
        foreground = torch.arange(len(self.counts), device=self.counts.device).bitwise_and_(1).to(torch.uint8)
        flat = _paint(foreground, self.counts, sum(n * height * width for n, height, width in shapes)).view(torch.bool)
        masks = zip(_cut(flat, stored), self.along_rows, strict=True)
        return [mask if rows else mask.transpose(1, 2).contiguous() for mask, rows in masks]

    def labels_each(self) -> list[Tensor]:
        """The classes of each image's masks: (n,) int64."""
        return list(self.labels.split(list(self.masks_each)))

    def one_hot(
        self,
        num_classes: int,
        layout: Layout = "chw",
        dtype: torch.dtype = torch.float32,
        *,
        out: Tensor | None = None,
        kernel: Kernel | None = None,
    ) -> Tensor:
        """The class maps as ``one_hot`` gives them: (B, C, H, W), or (B, H, W, C)."""
        return one_hot(self.class_map(), num_classes, self.void, layout, dtype, out=out, kernel=kernel)

    def _each(self, change: Callable[[Tensor], Tensor]) -> PackedMasks:
        changed: dict[str, Any] = {name: change(getattr(self, name)) for name in _TENSORS}
        return replace(self, **changed)


def _class_runs(sample: Sample, scheme: LabelScheme) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """The class map along its rows: values (R,) of the scheme's dtype, lengths (R,)."""
    shapes = sample.shapes
    if not isinstance(shapes, Regions) or shapes.by_column:
        return runs(semantic(sample, scheme).reshape(-1))
    return shapes.values(segment_classes(sample, scheme), scheme.outside, scheme.void), shapes.lengths


def _even_counts(masks: Runs) -> npt.NDArray[np.int32]:
    """Counts (C,) with an even number of runs for each mask, so that background and foreground alternate throughout."""
    odd = np.diff(masks.offsets) & 1 == 1
    return np.insert(masks.counts, masks.offsets[1:][odd], 0).astype(np.int32)


def _paint(values: Tensor, lengths: Tensor, pixels: int) -> Tensor:
    """Runs (R,) and their values -> (pixels,) of the values' dtype."""
    starts = lengths.cumsum(0, dtype=torch.int64) - lengths
    steps = values.clone()
    steps[1:] -= values[:-1]
    # An empty run starts where the next one does, perhaps behind the last pixel; their steps add up.
    flat = values.new_zeros(pixels + 1).scatter_add_(0, starts, steps)
    return flat.cumsum_(0)[:pixels]


def _cut(flat: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
    """Pieces of these shapes that follow one another, as views."""
    pieces = flat.split([int(np.prod(shape)) for shape in shapes])
    return [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]
