"""Colours over photos, outlines, and the hatching of crowds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Bools, Colors
from cocoseg.drawing.colors import WHITE

_TABLE = 1 << 24  # bytes of a table of colours by segment and brightness
_STRIPE = 4  # pixels of a stripe of hatching, along a row


def canvas(photo: Colors | None, size: tuple[int, int]) -> Colors:
    """The photo, or white."""
    if photo is not None:
        return photo
    white: Colors = np.full((*size, 3), WHITE, np.uint8)
    return white


def blend(photo: Colors, numbers: npt.NDArray[Any], colors: Colors, alpha: float) -> Colors:
    """A photo (H, W, 3) under the colours (n, 3) of its segments; where the number is n it stays -> a new picture."""
    share = round(256 * alpha)
    picture: Colors = photo.copy()
    if share == 0:
        return picture
    if 256 * (len(colors) + 1) > _TABLE:
        return _blend_plainly(photo, numbers, colors, share)
    rows = numbers.astype(np.uint16 if len(colors) < 256 else np.uint32) << 8
    for channel in range(3):
        picture[..., channel] = _mixed(colors[:, channel], share)[rows | photo[..., channel]]
    return picture


def _mixed(values: npt.NDArray[np.uint8], share: int) -> npt.NDArray[np.uint8]:
    """Colour k (n,) over brightness b is at 256 k + b; at 256 n is brightness itself: (256 (n + 1),)."""
    bright = np.arange(256, dtype=np.uint32)
    mixed = (bright * (256 - share) + values[:, None].astype(np.uint32) * share) >> 8
    return np.concatenate([mixed, bright[None]]).astype(np.uint8).reshape(-1)


def _blend_plainly(photo: Colors, numbers: npt.NDArray[Any], colors: Colors, share: int) -> Colors:
    """``blend`` for any number of segments, without a table."""
    over = np.concatenate([colors, np.zeros((1, 3), np.uint8)])[numbers].astype(np.uint32)
    mixed = ((photo.astype(np.uint32) * (256 - share) + over * share) >> 8).astype(np.uint8)
    return np.where((numbers < len(colors))[..., None], mixed, photo)


def fill(picture: Colors, where: Bools, numbers: npt.NDArray[Any], colors: Colors) -> None:
    """Give pixels (H, W) of a picture the full colour of their segment, if they have one."""
    pixels = np.flatnonzero(where & (numbers < len(colors)))
    picture.reshape(-1, 3)[pixels] = colors[numbers.reshape(-1)[pixels]]


def hatched(numbers: npt.NDArray[Any], crowds: Bools) -> npt.NDArray[Any]:
    """The numbers of a picture's segments (H, W), where every second diagonal stripe of a crowd (n,) has none."""
    if not crowds.any():
        return numbers
    count = len(crowds)
    height, width = numbers.shape
    gaps = (np.arange(height)[:, None] + np.arange(width)) // _STRIPE & 1 == 1
    gaps &= np.append(crowds, False)[numbers]
    return np.where(gaps, numbers.dtype.type(count), numbers)
