"""Class maps to one-hot, on any device, batched.

Two kernels. ``compare`` holds every pixel against every class and writes each value of the result once, in order; the
map is small and stays in the cache, so that hardly anything but the result is moved: what a GPU is good at. CPUs
compare fast only into the type compared; there ``scatter``, which clears the result and sets one value a pixel, takes
about the time of a copy of the result, whatever the types.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import torch
from torch import Tensor

from cocoseg.errors import UsageError, show

Layout = Literal["chw", "hwc"]
Kernel = Literal["compare", "scatter"]

# The classes that a type can name, from 0 on: of those beyond, no pixel can be.
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
# Types that torch scatters slowly, or not at all, and the integers of the same bits.
BITS = {
    torch.float16: torch.int16,
    torch.bfloat16: torch.int16,
    torch.uint16: torch.int16,
    torch.uint32: torch.int32,
    torch.uint64: torch.int64,
}
_PIXELS = 1 << 16  # pixels whose int64 indices are held at a time, 512 KB


def one_hot(
    class_map: Tensor,
    num_classes: int,
    void: int | None = 255,
    layout: Layout = "chw",
    dtype: torch.dtype = torch.float32,
    *,
    out: Tensor | None = None,
    kernel: Kernel | None = None,
) -> Tensor:
    """Class maps (..., H, W) of integers -> (..., C, H, W), or (..., H, W, C) with layout ``"hwc"``, of ``dtype``.

    1 where the pixel is of the class, else 0. Void and values that are no class give a row of zeros, and nothing is
    ever asserted on the device. ``out`` takes the result, of whatever memory it is. No int64 copy is made of the map.
    ``kernel`` is chosen by the device where none is named; both give the same.
    Raises UsageError: ``usage.picture`` for what is no map of integers, ``usage.number``, ``usage.choice``.

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
    """Maps (..., H, W), out (..., C, H, W) in any memory: a comparison with each class."""
    limit = min(out.shape[-3], _LIMITS[maps.dtype])
    classes = torch.arange(limit, device=maps.device).to(maps.dtype).view(-1, 1, 1)
    out.narrow(-3, limit, out.shape[-3] - limit).zero_()
    known = out.narrow(-3, 0, limit)
    torch.eq(maps.unsqueeze(-3), classes, out=known.view(torch.uint8) if known.dtype == torch.bool else known)


def _scatter(maps: Tensor, out: Tensor) -> None:
    """The same by setting one value a pixel; indices are int64, as torch wants them, but of a few rows at a time."""
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
