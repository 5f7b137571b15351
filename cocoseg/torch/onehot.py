"""Class maps to one-hot on any device, for batches.

There are two kernels. ``compare`` compares every pixel with every class and writes each value of the result once, in
order. The map is small and stays in the cache, so that little but the result is moved: this suits GPUs. CPUs compare
fast only if the result has the type of the map. ``scatter`` clears the result and sets one value per pixel: on CPUs it
takes about as long as a copy of the result, for all types.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import torch
from torch import Tensor

from cocoseg.errors import UsageError, show

Layout = Literal["chw", "hwc"]
Kernel = Literal["compare", "scatter"]

# How many classes a type can number; no pixel has a class beyond.
_LIMITS = {
    torch.uint8: 1 << 8,
    torch.int8: 1 << 7,
    torch.uint16: 1 << 16,
    torch.int16: 1 << 15,
    torch.uint32: 1 << 31,
    torch.int32: 1 << 31,
    torch.uint64: 1 << 31,
    torch.int64: 1 << 31,
}
# Types that torch scatters slowly or not at all, and integers of the same size.
BITS = {
    torch.float16: torch.int16,
    torch.bfloat16: torch.int16,
    torch.uint16: torch.int16,
    torch.uint32: torch.int32,
    torch.uint64: torch.int64,
}
_PIXELS = 1 << 16  # pixels with int64 indices in memory at a time, 512 KB


def one_hot(
    class_map: Tensor,
    num_classes: int,
    void: int | None = None,
    layout: Layout = "chw",
    dtype: torch.dtype = torch.float32,
    *,
    out: Tensor | None = None,
    kernel: Kernel | None = None,
) -> Tensor:
    """Class maps (..., H, W) of integers -> (..., C, H, W), or (..., H, W, C) with layout ``"hwc"``, of ``dtype``.

    1 where the pixel has the class, else 0. Values that are not a class give zeros in all channels, and so does
    ``void``, which is needed only if it is a number below C, as the 0 of ``panopticapi``; nothing is asserted on the
    device. ``out`` is filled, however its memory is laid out. The map is not copied to int64. By default the device
    decides the ``kernel``; both give the same result.
    Raises UsageError: ``usage.picture`` for anything but maps of integers, ``usage.number``, ``usage.choice``.

    >>> one_hot(torch.tensor([[0, 2, 255]], dtype=torch.uint8), 3, dtype=torch.uint8).tolist()
    [[[1, 0, 0]], [[0, 0, 0]], [[0, 1, 0]]]
    """
    maps = _as_maps(class_map)
    _check_choices(num_classes, layout, kernel)
    shape = _shape(class_map.shape, num_classes, layout)
    result = torch.empty(shape, dtype=dtype, device=class_map.device) if out is None else _checked(out, shape)
    if result.numel():
        channels = result.movedim(-1, -3) if layout == "hwc" else result
        (_compare if (kernel or _faster(maps, channels)) == "compare" else _scatter)(maps, channels)
        if void is not None and 0 <= void < num_classes:
            channels.select(-3, void).zero_()
    return result


def _faster(maps: Tensor, out: Tensor) -> Kernel:
    alike = maps.dtype == (torch.uint8 if out.dtype == torch.bool else out.dtype)
    return "compare" if alike or maps.device.type != "cpu" else "scatter"


def _compare(maps: Tensor, out: Tensor) -> None:
    """Compare maps (..., H, W) with each class; out (..., C, H, W) in any memory layout."""
    limit = min(out.shape[-3], _LIMITS[maps.dtype])
    classes = torch.arange(limit, device=maps.device).to(maps.dtype).view(-1, 1, 1)
    out.narrow(-3, limit, out.shape[-3] - limit).zero_()
    known = out.narrow(-3, 0, limit)
    torch.eq(maps.unsqueeze(-3), classes, out=known.view(torch.uint8) if known.dtype == torch.bool else known)


def _scatter(maps: Tensor, out: Tensor) -> None:
    """Set one value per pixel. torch needs int64 indices; they are made for a few rows at a time."""
    bits = BITS.get(out.dtype, out.dtype)
    out.zero_()
    rows = max(1, _PIXELS // maps.shape[-1])
    for picture in _indices(maps.shape[:-2]):
        for top in range(0, maps.shape[-2], rows):
            index = maps[picture][top : top + rows].long()
            known = (index >= 0) & (index < out.shape[-3])
            strip = out[picture][:, top : top + rows].view(bits)
            strip.scatter_(0, (index * known).unsqueeze(0), known.to(out.dtype).view(bits).unsqueeze(0))


def _indices(shape: torch.Size) -> list[tuple[int, ...]]:
    return list(product(*map(range, shape)))


def _as_maps(class_map: Tensor) -> Tensor:
    if not isinstance(class_map, Tensor):
        raise UsageError("usage.picture", f"the class map is a {type(class_map).__name__}, expected a tensor")
    maps = class_map.view(torch.uint8) if class_map.dtype == torch.bool else class_map
    if maps.ndim < 2 or maps.dtype not in _LIMITS:
        found = f"the class map has shape {tuple(class_map.shape)} and dtype {class_map.dtype}"
        raise UsageError("usage.picture", f"{found}, expected (..., H, W) integers")
    return maps


def _check_choices(num_classes: int, layout: str, kernel: str | None) -> None:
    if num_classes < 1:
        raise UsageError("usage.number", f"num_classes is {show(num_classes)}, expected at least 1")
    for name, value, allowed in (
        ("layout", layout, ("chw", "hwc")),
        ("kernel", kernel or "compare", ("compare", "scatter")),
    ):
        if value not in allowed:
            raise UsageError("usage.choice", f"{name} is {show(value)}, expected {' or '.join(allowed)}")


def _shape(shape: torch.Size, num_classes: int, layout: str) -> tuple[int, ...]:
    *batch, height, width = shape
    return (*batch, num_classes, height, width) if layout == "chw" else (*batch, height, width, num_classes)


def _checked(out: Tensor, shape: tuple[int, ...]) -> Tensor:
    if tuple(out.shape) != shape:
        raise UsageError("usage.picture", f"out has shape {tuple(out.shape)}, expected {shape}")
    return out
