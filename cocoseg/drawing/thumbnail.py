"""Small pictures of samples: photo and labels are scaled first and drawn then, so that outlines stay sharp."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Colors, edges
from cocoseg.drawing.blend import blend, canvas, fill, hatched
from cocoseg.drawing.scene import scene
from cocoseg.files.pillow import resized
from cocoseg.labels import LabelScheme
from cocoseg.limits import within_its_limit
from cocoseg.model import Sample

Box = tuple[int, int, int, int]

_AROUND = 3  # times as wide as its box is what is shown around a segment
_LEAST = 48  # pixels of an image that are shown of it at least, along each side


@within_its_limit
def thumbnail(
    photo: Colors | None,
    sample: Sample,
    scheme: LabelScheme,
    longest: int = 240,
    *,
    only: Collection[int] | None = None,
    box: Box | None = None,
    hatch: bool = True,
) -> Colors:
    """A sample on its photo, or on white, as (h, w, 3) uint8 of which the longer side is ``longest`` pixels.

    With a ``box`` (x, y, width, height), what is around it. With ``only``, as if there were no other class indices.
    Raises SampleError as ``cocoseg.semantic`` does.
    """
    found = scene(sample, scheme, only)
    rows, columns = window(found.size, box)
    size = fitting((rows.stop - rows.start, columns.stop - columns.start), longest)
    numbers = nearest(found.numbers[rows, columns], size)
    ground = canvas(None if photo is None else resized(photo[rows, columns], size), size)
    drawn = blend(ground, hatched(numbers, found.crowds) if hatch else numbers, found.colors, 0.5)
    fill(drawn, edges(numbers), numbers, found.colors)
    return drawn


def window(size: tuple[int, int], box: Box | None) -> tuple[slice, slice]:
    """The rows and columns that are shown of an image of a size (height, width): those around a box, or all.

    >>> window((100, 200), (0, 50, 10, 10)), window((100, 200), None)
    ((slice(31, 79, None), slice(0, 48, None)), (slice(0, 100, None), slice(0, 200, None)))
    """
    if box is None:
        return slice(0, size[0]), slice(0, size[1])
    x, y, width, height = box
    side = max(_AROUND * max(width, height), _LEAST)
    return _part(y + height // 2, side, size[0]), _part(x + width // 2, side, size[1])


def _part(middle: int, side: int, whole: int) -> slice:
    side = min(side, whole)
    start = min(max(middle - side // 2, 0), whole - side)
    return slice(start, start + side)


def fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A size of the same shape whose longer side is ``longest``, and the shorter one at least 1.

    >>> fitting((480, 640), 240), fitting((1, 9000), 240)
    ((180, 240), (1, 240))
    """
    share = longest / max(size)
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def nearest(numbers: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    """A picture of numbers (H, W) in another size (h, w), each pixel that of the nearest one."""
    rows, columns = ((np.arange(new) * 2 + 1) * old // (2 * new) for new, old in zip(size, numbers.shape, strict=True))
    return np.ascontiguousarray(numbers[rows[:, None], columns])
