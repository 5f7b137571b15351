"""A sample in another size, as where a model predicts at a quarter of the photo's resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cocoseg.codecs import rle
from cocoseg.codecs.nearest import resize_regions, resize_runs
from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.regions import Regions
from cocoseg.errors import Problem, UsageError, show
from cocoseg.limits import within_its_limit
from cocoseg.model import Sample


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Raises UsageError ``usage.size`` for anything but (height, width)."""
    sides = size if isinstance(size, tuple | list) else ()
    if len(sides) != 2 or not all(hasattr(side, "__index__") and side > 0 for side in sides):
        raise UsageError("usage.size", f"size is {show(size)}, expected (height, width) in pixels")
    return int(sides[0]), int(sides[1])


@within_its_limit
def resized(sample: Sample, size: tuple[int, int]) -> Sample:
    """The sample with labels of ``size`` (height, width): a pixel takes the label of the nearest one.

    A new pixel takes the old pixel that contains its centre, as Pillow's ``NEAREST`` and torch's ``nearest-exact`` do.
    Segments of ``Regions`` that lose all pixels are left out, with their columns, and ``problems`` gains a
    ``resize.lost`` with their number. ``Runs`` keep all n masks, so that each detection stays; some may be empty.
    ``row`` and ``rows`` stay as the source has them. Raises UsageError ``usage.size``, SampleError ``limit.pixels``.

    >>> import cocoseg
    >>> sample = cocoseg.read("fixtures/panoptic.json")[0]
    >>> resized(sample, (2, 3)).id_map.shape
    (2, 3)
    """
    size = check_size(size)
    check_pixels(size)
    if size == sample.size:
        return sample
    shapes = sample.shapes
    if not isinstance(shapes, Regions):
        new = replace(sample, shapes=resize_runs(shapes, size))
        return _said(new, int(((rle.area(shapes) > 0) & (new.areas == 0)).sum()))
    new = replace(sample, shapes=resize_regions(shapes, size))
    lost = (sample.areas > 0) & (new.areas == 0)
    return _said(new.take(np.flatnonzero(~lost)), int(lost.sum()))


def _said(sample: Sample, lost: int) -> Sample:
    if not lost:
        return sample
    height, width = sample.size
    text = f"{lost} of its segments have no pixel left at {height}×{width} (height×width)"
    return replace(sample, problems=(*sample.problems, Problem("resize.lost", text)))
