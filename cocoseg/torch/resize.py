"""Label pictures in another size: every pixel takes the value of the nearest one."""

from __future__ import annotations

import torch
from torch import Tensor

from cocoseg.codecs.nearest import source
from cocoseg.targets.resized import check_size
from cocoseg.torch.onehot import BITS

Size = tuple[int, int]


def resize_class_map(class_map: Tensor, size: Size) -> Tensor:
    """Label pictures (..., H, W) of any dtype -> (..., *size), size (height, width): nearest, on any device.

    For a target that differs in size from the prediction. A new pixel takes the value of the pixel that contains its
    centre, as in ``interpolate(mode="nearest-exact")`` and Pillow, so that labels match an image that was resized with
    ``align_corners=False``. A centre on a border takes the lower or right pixel. Raises UsageError ``usage.size``.

    >>> resize_class_map(torch.tensor([[1, 2, 3, 4]]), (1, 2)).tolist()
    [[2, 4]]
    """
    check_size(size)
    sides = zip(class_map.shape[-2:], size, strict=True)
    rows, columns = (source(torch.arange(new, device=class_map.device), old, new) for old, new in sides)
    resized: Tensor = class_map.index_select(-2, rows).index_select(-1, columns)
    return resized


def mirror(pixels: Tensor) -> Tensor:
    """Pictures (..., H, W) with left and right swapped, of any dtype; torch cannot flip wide unsigned integers."""
    return pixels.view(BITS.get(pixels.dtype, pixels.dtype)).flip(-1).view(pixels.dtype)


def resize_image(image: Tensor, size: Size) -> Tensor:
    """Images (..., C, H, W) -> (..., C, *size): bilinear with antialiasing, rounded if they are integers."""
    flat = image.reshape(-1, *image.shape[-3:])
    pixels = flat if flat.dtype in (torch.float32, torch.float64) else flat.float()
    resized = torch.nn.functional.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
    if not image.is_floating_point():
        resized = resized.round_()
    return resized.to(image.dtype).reshape(*image.shape[:-2], *size)
