"""Sets of (mask, class) of a sample under a scheme, for training detection and mask classification."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.overlap import layers
from cocoseg.codecs.regions import Regions, runs
from cocoseg.codecs.rle import Runs, from_stretches, take
from cocoseg.labels import LabelScheme, label_scheme
from cocoseg.model import Sample
from cocoseg.targets.semantic import Labels, painting_order, segment_classes, segment_masks

Ints = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]


class Segments(NamedTuple):
    """A mask and a class per segment: masks (n, H, W) bool, labels (n,) int64."""

    masks: Masks
    labels: Ints


class Instances(NamedTuple):
    """Objects in the form that detectors take.

    ``ids`` (n,) int64, ``labels`` (n,) int64, ``boxes`` (n, 4) int64 as x0, y0, x1, y1, the latter two one beyond the
    last pixel, ``areas`` (n,) int64, ``iscrowd`` (n,) bool, ``masks`` (n, H, W) bool.
    """

    ids: Ints
    labels: Ints
    boxes: Ints
    areas: Ints
    iscrowd: npt.NDArray[np.bool_]
    masks: Masks


class Panoptic(NamedTuple):
    """A picture of ids (H, W) int64, 0 outside segments, and its table: columns (n,) as in ``Instances``."""

    id_map: Ints
    ids: Ints
    labels: Ints
    areas: Ints
    iscrowd: npt.NDArray[np.bool_]


class Planes(NamedTuple):
    """The masks of an image as Runs, along its rows or down its columns.

    Along the rows, they are the masks of the transposed picture, so that all of ``codecs.rle`` works on them.
    """

    runs: Runs
    along_rows: bool

    @property
    def boxes(self) -> Ints:
        """(n, 4) int64: x0, y0, x1, y1."""
        x, y, width, height = rle.bbox(self.runs).T
        corners = [x, y, x + width, y + height]
        return np.stack([corners[k] for k in ((1, 0, 3, 2) if self.along_rows else (0, 1, 2, 3))], axis=1)


def instances(sample: Sample, labels: Labels) -> Instances:
    """The objects of a sample, in file order, without stuff, void, segments that are not painted, and empty masks.

    Raises SampleError ``id.unknown`` for a category that the scheme does not list, if ``unknown`` is ``error``.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/instances.json")
    >>> found = instances(dataset[0], cocoseg.label_scheme("index", dataset))
    >>> found.labels.tolist(), found.boxes[0].tolist(), found.masks.shape
    ([1, 2, 1, 3], [0, 0, 8, 4], (4, 6, 8))
    """
    scheme = label_scheme(labels)
    classes, kept = known_segments(sample, scheme)
    stuff = [row.index for row in scheme.table if row.isthing is False]
    kept = kept[~np.isin(classes[kept], stuff)]
    return Instances(
        sample.ids[kept],
        classes[kept],
        planes(sample, kept).boxes,
        sample.areas[kept],
        sample.iscrowd[kept],
        segment_masks(sample, kept),
    )


def segments(sample: Sample, labels: Labels) -> Segments:
    """One mask per segment, things and stuff, in file order, without crowds, as in Mask2Former.

    Void, segments that are not painted, and empty masks are left out too. Raises as ``instances`` does.

    >>> import cocoseg
    >>> found = segments(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> found.labels.tolist(), found.masks.shape
    ([0, 16, 119, 125], (4, 1, 9))
    """
    classes, kept = known_segments(sample, label_scheme(labels))
    kept = kept[~sample.iscrowd[kept]]
    return Segments(segment_masks(sample, kept), classes[kept])


def class_segments(class_map: npt.NDArray[np.integer], void: int = 255) -> Segments:
    """One mask per class present in a class map (H, W), by ascending class, for semantic training of MaskFormer.

    >>> class_segments(np.array([[0, 2, 255]], np.uint8))
    Segments(masks=array([[[ True, False, False]],
    <BLANKLINE>
           [[False,  True, False]]]), labels=array([0, 2]))
    """
    present = np.unique(class_map)
    present = present[present != void]
    return Segments(class_map == present[:, None, None], present.astype(np.int64))


def panoptic(sample: Sample, labels: Labels) -> Panoptic:
    """The picture of segment ids and its table; where masks overlap, the scheme's order decides which is on top.

    Void and segments that are not painted are 0 and not listed. Segments that others hide are not listed. Raises as
    ``instances`` does.

    >>> import cocoseg
    >>> found = panoptic(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> found.id_map.tolist(), found.ids.tolist()
    ([[70000, 70000, 0, 5, 5, 1, 0, 66051, 66051]], [1, 66051, 70000, 5])
    """
    scheme = label_scheme(labels)
    classes, kept = known_segments(sample, scheme)
    shapes = sample.shapes
    if isinstance(shapes, Regions):
        ids = np.zeros_like(sample.ids)
        ids[kept] = sample.ids[kept]
        areas = shapes.areas[:-1][kept]
    else:
        masks = take(shapes, kept)
        order = painting_order(sample, masks, kept, scheme.overlap)
        shapes, ids = layers(masks, order)[0], sample.ids[kept]
        areas = shapes.areas[:-1]
    seen = areas > 0
    kept = kept[seen]
    return Panoptic(
        shapes.paint(ids, outside=0).astype(np.int64, copy=False),
        sample.ids[kept].astype(np.int64, copy=False),
        classes[kept],
        areas[seen],
        sample.iscrowd[kept],
    )


def known_segments(sample: Sample, scheme: LabelScheme) -> tuple[Ints, npt.NDArray[np.intp]]:
    """Class of each segment (n,) int64, and the indices (m,) of those that are painted, not void and not empty."""
    classes = segment_classes(sample, scheme)
    painted = scheme.painted(sample.category_ids, sample.iscrowd)
    kept = np.flatnonzero(painted & (classes != scheme.void) & (sample.areas > 0))
    return classes.astype(np.int64), kept


def planes(sample: Sample, indices: npt.NDArray[np.intp]) -> Planes:
    """The masks of the segments at ``indices`` (m,), as runs, without decoding them."""
    shapes = sample.shapes
    if isinstance(shapes, Runs):
        return Planes(take(shapes, indices), along_rows=False)
    height, width = shapes.size
    size = (height, width) if shapes.by_column else (width, height)
    number = np.full(shapes.count + 1, len(indices))
    number[indices] = np.arange(len(indices))
    drawn = np.flatnonzero(shapes.lengths)
    masks, times = runs(number[shapes.segments[drawn]])
    lengths = np.add.reduceat(shapes.lengths[drawn], np.cumsum(times) - times)
    return Planes(from_stretches(masks, lengths, len(indices), size), along_rows=not shapes.by_column)
