"""A sample as it is drawn: the segment of every pixel, and how each segment looks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Bools, Colors, segment_colors
from cocoseg.codecs.overlap import paint
from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs
from cocoseg.drawing.colors import class_colors
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.targets.semantic import flat, painting_order, segment_classes


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn of a sample, whose segments are numbered from 0 to n - 1.

    ``numbers`` (H, W), unsigned, is the segment of every pixel, n where none is coloured. ``classes`` (n,) are class
    indices, ``colors`` (n, 3) uint8, ``crowds`` (n,) bool; ``names`` has a name for every class index that occurs.
    """

    numbers: npt.NDArray[Any]
    classes: npt.NDArray[np.int64]
    colors: Colors
    crowds: Bools
    names: dict[int, str]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.numbers.shape[0], self.numbers.shape[1]

    def enlarged(self, times: int) -> Scene:
        """The scene with every pixel ``times`` as high and as wide."""
        return self if times == 1 else replace(self, numbers=enlarged(self.numbers, times))


def scene(sample: Sample, scheme: LabelScheme, only: Collection[int] | None = None) -> Scene:
    """A sample under a scheme; with ``only``, as if it had no segments but those of these class indices.

    Where masks overlap, the scheme's rule decides. Void, what the scheme does not paint, and classes in black, as the
    background of VOC, are left without colour. Raises SampleError as ``cocoseg.semantic`` does.
    """
    table = class_colors(scheme)
    found = segment_classes(sample, scheme).astype(np.int64)
    shown = scheme.painted(sample.category_ids, sample.iscrowd)
    shown &= (found != scheme.void) & table[found].any(axis=1)
    if only is not None:
        shown &= np.isin(found, list(only))
    # Masks that are not drawn hide those below them, as in the class map; but not where only some classes are drawn.
    hides = scheme.painted(sample.category_ids, sample.iscrowd)
    kept = np.flatnonzero(shown if isinstance(sample.shapes, Regions) or only is not None else hides)
    part, classes = sample.take(kept), found[kept]
    things = ~np.isin(classes, list(scheme.stuff)) & ~part.iscrowd
    colors = segment_colors(classes, things, table)
    numbers = _without(_numbers(part, scheme), shown[kept])
    return Scene(numbers, classes, colors, part.iscrowd, {row.index: row.name for row in scheme.table})


def _without(numbers: npt.NDArray[Any], shown: Bools) -> npt.NDArray[Any]:
    """The numbers, n for segments that are not shown (n,)."""
    if shown.all():
        return numbers
    count = len(shown)
    table = np.where(np.append(shown, False), np.arange(count + 1), count).astype(numbers.dtype)
    kept: npt.NDArray[Any] = table[numbers]
    return kept


def _numbers(sample: Sample, scheme: LabelScheme) -> npt.NDArray[Any]:
    """The segment of every pixel (H, W), n where there is none."""
    count, rule = len(sample.ids), scheme.overlap
    values = np.arange(count, dtype=np.min_scalar_type(count))
    if isinstance(sample.shapes, Runs) and rule not in ("void", "error"):
        check_pixels(sample.size)
        canvas = np.full(sample.size, count, values.dtype)
        order = painting_order(sample, sample.shapes, np.arange(count), rule)
        paint(sample.shapes, values, canvas, order)
        return canvas
    return flat(sample, rule)[0].paint(values, outside=count)


def enlarged(picture: npt.NDArray[Any], times: int) -> npt.NDArray[Any]:
    """A picture (H, W) or (H, W, 3) with every pixel ``times`` as high and as wide."""
    return picture if times == 1 else picture.repeat(times, axis=0).repeat(times, axis=1)
