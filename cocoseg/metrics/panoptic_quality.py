"""Panoptic quality by runs: PQ, SQ and RQ of all classes, of things and of stuff.

Kirillov et al. 2019 (arXiv 1801.00868), with the rules of panopticapi's evaluation.py for void and crowds. Two
pictures of segments are cut into the runs in which neither changes; the pixels of pairs of segments follow from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions, pair_regions
from cocoseg.errors import SampleError, UsageError
from cocoseg.labels.presets import is_thing
from cocoseg.labels.scheme import Overlap
from cocoseg.metrics.conventions import Column, mean
from cocoseg.model import Category, Sample
from cocoseg.targets.semantic import check_is_sample, flat

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELLS = 1 << 20  # pairs of segments up to which all are counted, instead of sorting those that occur


@dataclass(frozen=True)
class PanopticResult:
    """The numbers of ``PanopticQuality``, as fractions of 1. Undefined is None.

    * ``categories`` (C,), and ``columns``, a value for each of them: ``PQ``, ``SQ``, ``RQ``. They are None for one that
      is neither in the truth nor predicted. As in panopticapi, SQ is 0 for one without a match.
    * ``counts``, as columns: ``TP``, ``FP``, ``FN`` segments.
    * ``headlines``: the means of columns over categories that occur: ``PQ``, ``PQ things``, ``PQ stuff``, and so on.
    * ``images``: those compared.
    """

    categories: tuple[Category, ...]
    columns: Mapping[str, Column]
    counts: Mapping[str, tuple[int, ...]]
    headlines: Mapping[str, float | None]
    images: int


class _Side(NamedTuple):
    """A picture and its n segments: row of the category, crowd or not, pixels; (n,)."""

    regions: Regions
    rows: npt.NDArray[np.intp]
    crowd: npt.NDArray[np.bool_]
    areas: Ints


class _Overlaps(NamedTuple):
    """Pairs of segments that share pixels: numbers of both, n for outside, and pixels; (k,)."""

    true: Ints
    predicted: Ints
    pixels: Ints


class PanopticQuality:
    """Counts matched, additional and missed segments of pairs of samples, by category.

    ``categories`` (C,) are those of the truth; samples refer to them by id. Where ``isthing`` is None, COCO's tables
    tell things from stuff, by id and name; others are neither. ``ious`` (C,) float64 are sums over matches,
    ``tp``, ``fp``, ``fn`` (C,) int64 numbers of segments. Parts of a data set add up.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/panoptic.json")
    >>> quality = PanopticQuality(dataset.categories)
    >>> for sample in dataset:
    ...     quality.update(sample, sample)
    >>> quality.result().headlines["PQ"]
    1.0
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, categories: Iterable[Category]) -> None:
        self.categories = tuple(categories)
        self.images = 0
        self.ious: Floats = np.zeros(len(self.categories))
        self.tp, self.fp, self.fn = (np.zeros(len(self.categories), np.int64) for _ in range(3))

    def update(self, truth: Sample, prediction: Sample | None, overlap: Overlap | None = None) -> None:
        """Compare the samples of an image; without a ``prediction`` all segments of the truth are missed.

        Pixels outside all segments are void, and those of void and crowds are never held against a prediction. Masks
        that overlap are painted first, under the policy ``overlap``; those that others hide are not counted.
        Raises SampleError: ``size.mismatch``; ``id.unknown`` for a category that is not listed;
        ``panoptic.missing_segment`` for a segment without pixels, unless masks hide it; ``overlap.contested``,
        ``overlap.scores``. UsageError ``usage.sample``. If a pair is refused, nothing of it is counted.
        """
        true = self._side(truth, "truth", overlap)
        predicted = _nothing(true) if prediction is None else self._side(prediction, "prediction", overlap)
        if true.regions.size != predicted.regions.size:
            found, expected = list(predicted.regions.size), list(true.regions.size)
            text = f"the prediction's size is {found}, expected the truth's [height, width] = {expected}"
            raise SampleError("size.mismatch", f"{text}; resize the prediction")
        self._count(true, predicted)
        self.images += 1

    def _count(self, true: _Side, predicted: _Side) -> None:
        overlaps = _overlaps(true.regions, predicted.regions)
        pairs, ious = _matches(true, predicted, overlaps)
        missed = ~true.crowd & (true.areas > 0)
        missed[pairs.true] = False
        extra = (predicted.areas > 0) & (2 * _excused(true, predicted, overlaps) <= predicted.areas)
        extra[pairs.predicted] = False
        count = len(self.categories)
        self.ious += np.bincount(true.rows[pairs.true], ious, count)
        self.tp += np.bincount(true.rows[pairs.true], minlength=count)
        self.fn += np.bincount(true.rows[missed], minlength=count)
        self.fp += np.bincount(predicted.rows[extra], minlength=count)

    def _side(self, sample: Sample, name: str, overlap: Overlap | None) -> _Side:
        check_is_sample(sample)
        rows = self._rows(sample, name)
        regions, _ = flat(sample, overlap)
        areas = regions.areas[:-1]
        if isinstance(sample.shapes, Regions) and not areas.all():
            id = sample.ids[np.flatnonzero(areas == 0)[0]]
            raise _at(sample, "panoptic.missing_segment", f"the {name}'s segment {id} has no pixel; drop it")
        return _Side(regions, rows, sample.iscrowd, areas)

    def _rows(self, sample: Sample, name: str) -> npt.NDArray[np.intp]:
        row_of = {category.id: row for row, category in enumerate(self.categories)}
        rows = np.array([row_of.get(id, -1) for id in sample.category_ids.tolist()], np.intp)
        if (rows < 0).any():
            index = int(np.flatnonzero(rows < 0)[0])
            text = f"the {name}'s segment {sample.ids[index]} has category_id {sample.category_ids[index]}"
            raise _at(sample, "id.unknown", f"{text}, which is not among the truth's {len(row_of)} categories; add it")
        return rows

    def result(self) -> PanopticResult:
        """The numbers so far."""
        occurs = self.tp + self.fp + self.fn > 0
        whole = self.tp + 0.5 * self.fp + 0.5 * self.fn
        columns = {
            "PQ": _column(self.ious, whole, occurs),
            "SQ": _column(self.ious, np.maximum(self.tp, 1), occurs),
            "RQ": _column(self.tp, whole, occurs),
        }
        counts = {"TP": self.tp, "FP": self.fp, "FN": self.fn}
        listed = {name: tuple(column.tolist()) for name, column in counts.items()}
        return PanopticResult(self.categories, columns, listed, self._headlines(columns), self.images)

    def _headlines(self, columns: Mapping[str, Column]) -> dict[str, float | None]:
        things = [is_thing(category) for category in self.categories]
        kinds = {"": (True, False, None), " things": (True,), " stuff": (False,)}
        return {
            f"{name}{kind}": mean(tuple(row for row, thing in zip(column, things, strict=True) if thing in allowed))
            for kind, allowed in kinds.items()
            for name, column in columns.items()
        }

    def __iadd__(self, other: PanopticQuality) -> PanopticQuality:
        if self.categories != other.categories:
            raise UsageError("usage.categories", "qualities can't be added; make both for the same categories")
        self.images += other.images
        self.ious, self.tp = self.ious + other.ious, self.tp + other.tp
        self.fp, self.fn = self.fp + other.fp, self.fn + other.fn
        return self

    def __add__(self, other: PanopticQuality) -> PanopticQuality:
        total = PanopticQuality(self.categories)
        total += self
        total += other
        return total

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PanopticQuality):
            return NotImplemented
        return self._state() == other._state()

    def _state(self) -> tuple[object, ...]:
        columns = (self.ious.tolist(), self.tp.tolist(), self.fp.tolist(), self.fn.tolist())
        return (self.categories, self.images, *columns)

    def __repr__(self) -> str:
        return f"PanopticQuality({len(self.categories)} categories; {self.images:,} images)"


def _nothing(true: _Side) -> _Side:
    """A picture of the same size without segments."""
    pixels = true.regions.size[0] * true.regions.size[1]
    regions = Regions(true.regions.size, 0, np.zeros(1, np.intp), np.array([pixels]), true.regions.by_column)
    return _Side(regions, np.zeros(0, np.intp), np.zeros(0, np.bool_), np.zeros(0, np.int64))


def _overlaps(true: Regions, predicted: Regions) -> _Overlaps:
    rows, columns, lengths = pair_regions(true, predicted)
    side = predicted.count + 1
    codes, cells = rows * side + columns, side * (true.count + 1)
    if cells > _CELLS:
        found, codes = np.unique(codes, return_inverse=True)
        pixels = np.bincount(codes, lengths).astype(np.int64)
    else:
        counts = np.bincount(codes, lengths, cells).astype(np.int64)
        found = np.flatnonzero(counts)
        pixels = counts[found]
    return _Overlaps(found // side, found % side, pixels)


def _matches(true: _Side, predicted: _Side, overlaps: _Overlaps) -> tuple[_Overlaps, Floats]:
    """The pairs of one category, truth no crowd, whose IoU without void is over a half, and that IoU."""
    pairs = _inner(true, predicted, overlaps)
    pairs = _chosen(pairs, (true.rows[pairs.true] == predicted.rows[pairs.predicted]) & ~true.crowd[pairs.true])
    void = _on_void(true, predicted, overlaps)[pairs.predicted]
    ious = pairs.pixels / (predicted.areas[pairs.predicted] + true.areas[pairs.true] - pairs.pixels - void)
    return _chosen(pairs, ious > 0.5), ious[ious > 0.5]


def _excused(true: _Side, predicted: _Side, overlaps: _Overlaps) -> Ints:
    """The pixels of each predicted segment on void and on crowds of its own category: (n,)."""
    pairs = _inner(true, predicted, overlaps)
    pairs = _chosen(pairs, (true.rows[pairs.true] == predicted.rows[pairs.predicted]) & true.crowd[pairs.true])
    return _on_void(true, predicted, overlaps) + _sums(pairs, len(predicted.areas))


def _on_void(true: _Side, predicted: _Side, overlaps: _Overlaps) -> Ints:
    """The pixels of each predicted segment outside all true ones: (n,)."""
    outside = (overlaps.true == len(true.areas)) & (overlaps.predicted < len(predicted.areas))
    return _sums(_chosen(overlaps, outside), len(predicted.areas))


def _inner(true: _Side, predicted: _Side, overlaps: _Overlaps) -> _Overlaps:
    return _chosen(overlaps, (overlaps.true < len(true.areas)) & (overlaps.predicted < len(predicted.areas)))


def _chosen(overlaps: _Overlaps, which: npt.NDArray[np.bool_]) -> _Overlaps:
    return _Overlaps(*(column[which] for column in overlaps))


def _sums(overlaps: _Overlaps, count: int) -> Ints:
    return np.bincount(overlaps.predicted, overlaps.pixels, count).astype(np.int64)


def _column(numbers: npt.NDArray[np.generic], over: npt.NDArray[np.generic], occurs: npt.NDArray[np.bool_]) -> Column:
    shares = np.divide(numbers, over, out=np.zeros(len(occurs)), where=occurs)
    return tuple(share if here else None for share, here in zip(shares.tolist(), occurs.tolist(), strict=True))


def _at(sample: Sample, category: str, text: str) -> SampleError:
    error = SampleError(category, text)
    return error.at(sample.place) if sample.place else error
