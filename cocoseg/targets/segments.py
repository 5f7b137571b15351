"""Sets of (mask, class) of a sample under a scheme, for training detection and mask classification."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.codecs.overlap import merge
from cocoseg.codecs.regions import Regions, runs
from cocoseg.codecs.rle import Runs, from_stretches, take
from cocoseg.labels import LabelScheme
from cocoseg.limits import within_its_limit
from cocoseg.model import Sample
from cocoseg.targets.semantic import Labels, class_runs, painted, scheme_for, segment_classes, segment_masks

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


def instances(sample: Sample, labels: Labels = "index") -> Instances:
    """The objects of a sample, in file order, without stuff, void, segments that are not painted, and empty masks.

    Raises SampleError ``id.unknown`` for a category that the scheme does not list, if ``unknown`` is ``error``.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/instances.json")
    >>> found = instances(dataset[0], cocoseg.label_scheme("index", dataset))
    >>> found.labels.tolist(), found.boxes[0].tolist(), found.masks.shape
    ([1, 2, 1, 3], [0, 0, 8, 4], (4, 6, 8))
    """
    scheme = scheme_for(sample, labels)
    classes, kept = _objects(sample, scheme)
    return Instances(
        sample.ids[kept],
        classes[kept],
        planes(sample, kept).boxes,
        sample.areas[kept],
        sample.iscrowd[kept],
        segment_masks(sample, kept),
    )


def _objects(sample: Sample, scheme: LabelScheme) -> tuple[Ints, npt.NDArray[np.intp]]:
    """The same as ``known_segments``, without stuff."""
    classes, kept = known_segments(sample, scheme)
    return classes, kept[[value not in scheme.stuff for value in classes[kept].tolist()]]


def only_crowds(sample: Sample, scheme: LabelScheme) -> int:
    """How many objects a sample has if all of them are crowds; else 0.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/panoptic.json")
    >>> [only_crowds(sample, cocoseg.label_scheme("index", dataset)) for sample in dataset]
    [0, 0, 0]
    """
    if not sample.iscrowd.any():
        return 0
    _, kept = _objects(sample, scheme)
    return len(kept) if sample.iscrowd[kept].all() else 0


def segments(sample: Sample, labels: Labels = "index") -> Segments:
    """One mask per thing and per class of stuff, in file order, without crowds, as in Mask2Former.

    Void, segments that are not painted, and empty masks are left out too. Raises as ``instances`` does.

    >>> import cocoseg
    >>> found = segments(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> found.labels.tolist(), found.masks.shape
    ([0, 16, 119, 125], (4, 1, 9))
    """
    united, classes, kept = united_segments(sample, scheme_for(sample, labels))
    return Segments(segment_masks(united, kept), classes)


def class_segments(sample: Sample, labels: Labels = "index") -> Segments:
    """One mask per class present in the class map, by ascending class, for semantic training of MaskFormer.

    Void has none. Raises as ``semantic`` does.

    >>> import cocoseg
    >>> found = class_segments(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> found.labels.tolist(), found.masks.shape
    ([0, 16, 119, 125], (4, 1, 9))
    """
    scheme = scheme_for(sample, labels)
    regions, values, _, _ = class_runs(sample, scheme)
    present = np.unique(values[regions.lengths > 0])
    present = present[present != scheme.void]
    numbers = np.searchsorted(present, values)
    numbers[values == scheme.void] = len(present)
    masks = replace(regions, count=len(present), segments=numbers)
    narrow = np.min_scalar_type(len(present))
    return Segments(masks.planes(np.arange(len(present), dtype=narrow), len(present)), present.astype(np.int64))


@within_its_limit
def panoptic(sample: Sample, labels: Labels = "index") -> Panoptic:
    """The picture of segment ids and its table; where masks overlap, the scheme decides as it does in class maps.

    Stuff of the same class is one segment, with the id of the first. Void and segments that are not painted are 0 and
    not listed, and void hides what is below it. Segments that others hide are not listed. A segment with the id 0 or
    that of another one has the next free id. Raises as ``semantic`` does.

    >>> import cocoseg
    >>> found = panoptic(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> found.id_map.tolist(), found.ids.tolist()
    ([[70000, 70000, 0, 5, 5, 1, 0, 66051, 66051]], [1, 66051, 70000, 5])
    """
    scheme = scheme_for(sample, labels)
    sample, _ = painted(sample, scheme)
    shapes = cast("Regions", sample.shapes)
    classes, kept = known_segments(sample, scheme)
    firsts = _firsts(classes[kept], sample.iscrowd[kept], scheme)
    leaders = np.flatnonzero(firsts == np.arange(len(kept)))
    listed = kept[leaders]
    own = _told_apart(sample.ids[listed].astype(np.int64, copy=False))
    ids = np.zeros(shapes.count, np.int64)
    ids[kept] = own[np.searchsorted(leaders, firsts)]
    areas = np.bincount(firsts, sample.areas[kept], len(kept)).astype(np.int64)
    return Panoptic(
        shapes.paint(ids, outside=0),
        own,
        classes[listed],
        areas[areas > 0],
        sample.iscrowd[listed],
    )


def _told_apart(ids: Ints) -> Ints:
    """Ids (n,), with the next free ones in place of 0, which is void in a picture, and of those that came before."""
    clash = ids == 0
    clash[np.setdiff1d(np.arange(len(ids)), np.unique(ids, return_index=True)[1])] = True
    return np.where(clash, max(int(ids.max(initial=0)), 0) + np.cumsum(clash), ids)


def known_segments(sample: Sample, scheme: LabelScheme) -> tuple[Ints, npt.NDArray[np.intp]]:
    """Class of each segment (n,) int64, and the indices (m,) of those that are painted, not void and not empty."""
    classes = segment_classes(sample, scheme)
    painted = scheme.painted(sample.category_ids, sample.iscrowd)
    kept = np.flatnonzero(painted & (classes != scheme.void) & (sample.areas > 0))
    return classes.astype(np.int64), kept


def united_segments(sample: Sample, scheme: LabelScheme) -> tuple[Sample, Ints, npt.NDArray[np.intp]]:
    """The sample with stuff of the same class in one segment; the classes (m,), and the indices (m,) of its segments.

    Crowds, void, segments that are not painted, and empty masks are not among them.
    """
    classes, kept = known_segments(sample, scheme)
    kept = kept[~sample.iscrowd[kept]]
    classes = classes[kept]
    firsts = _firsts(classes, sample.iscrowd[kept], scheme)
    leaders = np.flatnonzero(firsts == np.arange(len(kept)))
    if len(leaders) == len(kept):
        return sample, classes, kept
    shapes = _united(sample.shapes, kept, np.searchsorted(leaders, firsts), len(leaders))
    first = kept[leaders]
    united = replace(
        sample,
        ids=sample.ids[first],
        category_ids=sample.category_ids[first],
        iscrowd=sample.iscrowd[first],
        shapes=shapes,
        scores=None,
    )
    return united, classes[leaders], np.arange(len(leaders))


def _firsts(classes: Ints, iscrowd: npt.NDArray[np.bool_], scheme: LabelScheme) -> npt.NDArray[np.intp]:
    """For each segment (n,), the index of the first of its class if it is stuff, else its own: (n,)."""
    seen: dict[int, int] = {}
    rows = enumerate(zip(classes.tolist(), iscrowd.tolist(), strict=True))  # fewer than numpy needs to be faster
    firsts = [seen.setdefault(row, k) if row in scheme.stuff and not crowd else k for k, (row, crowd) in rows]
    return np.array(firsts, np.intp)


def _united(shapes: Regions | Runs, kept: npt.NDArray[np.intp], groups: Ints, count: int) -> Regions | Runs:
    """The shapes of the ``kept`` segments (m,), each united with those of its group (m,)."""
    if isinstance(shapes, Runs):
        return merge(take(shapes, kept), groups, count)
    numbers = np.full(shapes.count + 1, count)
    numbers[kept] = groups
    return replace(shapes, count=count, segments=numbers[shapes.segments])


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
