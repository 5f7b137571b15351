"""The colours of classes."""

from __future__ import annotations

import numpy as np

from cocoseg.codecs.looks import Colors, default_color
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.labels.scheme import BLACK
from cocoseg.model import Sample

WHITE = (255, 255, 255)


def class_colors(scheme: LabelScheme) -> Colors:
    """The colour of every value of a class map: (N, 3) uint8, N = 256 or 65,536. Those of 256 are the palette's."""
    if scheme.dtype == np.uint8:
        return np.array(scheme.palette, np.uint8)
    colors = np.zeros((1 << 16, 3), np.uint8)
    for row in scheme.table:
        colors[row.index] = row.color or default_color(row.index)
    colors[[scheme.outside, scheme.void]] = BLACK
    return colors


def by_category(sample: Sample) -> LabelScheme:
    """A scheme for a sample whose categories nobody names: a class for each id, as ``category 17``."""
    ids = np.unique(sample.category_ids).tolist() or [0]
    rows = [LabelClass(k, f"category {one}", (one,), color=default_color(one % 511)) for k, one in enumerate(ids)]
    return LabelScheme("categories", tuple(rows), void=65535 if len(rows) > 255 else 255)
