"""Panoptic quality by runs: PQ, SQ and RQ of all classes, of things and of stuff.

Kirillov et al. 2019 (arXiv 1801.00868), with the rules of panopticapi's evaluation.py for void and crowds. Two
pictures of segments are cut into the runs in which neither changes; the pixels of pairs of segments follow from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions
from cocoseg.errors import SampleError
from cocoseg.labels.presets import is_thing
from cocoseg.labels.scheme import Overlap
from cocoseg.limits import allowing
from cocoseg.metrics.conventions import Column, mean
from cocoseg.metrics.counter import Counter, State, joined, number, split, units
from cocoseg.metrics.overlaps import Overlaps, Side, nothing, overlaps_of
from cocoseg.model import Category, Sample
from cocoseg.targets.semantic import check_is_sample, flat

Floats = npt.NDArray[np.float64]


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


class PanopticQuality(Counter):
    """Counts matched, additional and missed segments of pairs of samples, by category.

    ``categories`` (C,) are those of the truth; samples refer to them by id. Where ``isthing`` is None, COCO's tables
    tell things from stuff, by id and name; others are neither. ``ious`` (C,) float64 are sums over matches, the same
    for any order of images. ``tp``, ``fp``, ``fn`` (C,) int64 are numbers of segments. Parts of a data set add up.

    With ``boundary``, a share of the diagonal such as 0.02, the smaller of IoU and boundary IoU counts: Boundary PQ
    (Cheng et al. 2021, arXiv 2103.16562, coco_panoptic_api of boundary-iou-api).

    A prediction that mostly lies on void and on crowds of its category is no false positive, whatever their number;
    panopticapi looks at the last crowd of a category alone, which in COCO is the only one.

    >>> import cocoseg
    >>> dataset = cocoseg.read("fixtures/panoptic.json")
    >>> quality = PanopticQuality(dataset.categories)
    >>> for sample in dataset:
    ...     quality.update(sample, sample)
    >>> quality.result().headlines["PQ"]
    1.0
    """

    def __init__(self, categories: Iterable[Category], boundary: float | None = None) -> None:
        self.categories = tuple(categories)
        self._row_of = {category.id: row for row, category in enumerate(self.categories)}
        self.boundary = boundary
        self.images = 0
        self._units = [0] * len(self.categories)  # of the sums of IoU
        self.tp, self.fp, self.fn = (np.zeros(len(self.categories), np.int64) for _ in range(3))

    def update(self, truth: Sample, prediction: Sample | None, overlap: Overlap | None = None) -> None:
        """Compare the samples of an image; without a ``prediction`` all segments of the truth are missed.

        Pixels outside all segments are void, and those of void and crowds are never held against a prediction. Masks
        that overlap are painted first, under the policy ``overlap``; those that others hide are not counted.
        Raises SampleError: ``size.mismatch``; ``id.unknown`` for a category that is not listed;
        ``panoptic.missing_segment`` for a segment without pixels, unless masks hide it; ``overlap.contested``,
        ``overlap.scores``; ``limit.pixels``, where pixels have to be painted. UsageError ``usage.sample``. If a pair is
        refused, nothing of it is counted.
        """
        true = self._side(truth, "truth", overlap)
        predicted = nothing(true) if prediction is None else self._side(prediction, "prediction", overlap)
        if true.regions.size != predicted.regions.size:
            found, expected = list(predicted.regions.size), list(true.regions.size)
            text = f"the prediction's size is {found}, expected the truth's [height, width] = {expected}"
            raise SampleError("size.mismatch", f"{text}; resize the prediction")
        with allowing(truth.max_pixels):
            self._count(true, predicted)
        self.images += 1

    def _count(self, true: Side, predicted: Side) -> None:
        overlaps = overlaps_of(true, predicted)
        pairs, ious = self._matches(true, predicted, overlaps)
        missed = ~true.crowd & (true.areas > 0)
        missed[pairs.true] = False
        extra = (predicted.areas > 0) & (2 * overlaps.excused(true, predicted) <= predicted.areas)
        extra[pairs.predicted] = False
        count = len(self.categories)
        for row, iou in zip(true.rows[pairs.true].tolist(), units(ious.tolist()), strict=True):
            self._units[row] += iou
        self.tp += np.bincount(true.rows[pairs.true], minlength=count)
        self.fn += np.bincount(true.rows[missed], minlength=count)
        self.fp += np.bincount(predicted.rows[extra], minlength=count)

    def _matches(self, true: Side, predicted: Side, overlaps: Overlaps) -> tuple[Overlaps, Floats]:
        """The pairs whose IoU is over a half, and that IoU; with boundaries, the smaller of both."""
        pairs = overlaps.of_one_category(true, predicted, crowd=False)
        ious = overlaps.ious(true, predicted, pairs)
        if self.boundary is not None:
            edges = true.edges(self.boundary), predicted.edges(self.boundary)
            ious = np.minimum(ious, overlaps_of(*edges).ious(*edges, pairs))
        return pairs.where(ious > 0.5), ious[ious > 0.5]

    def _side(self, sample: Sample, name: str, overlap: Overlap | None) -> Side:
        check_is_sample(sample)
        rows = self._rows(sample, name)
        regions, _ = flat(sample, overlap)
        areas = regions.areas[:-1]
        if isinstance(sample.shapes, Regions) and not areas.all():
            id = sample.ids[np.flatnonzero(areas == 0)[0]]
            raise _at(sample, "panoptic.missing_segment", f"the {name}'s segment {id} has no pixel; drop it")
        return Side(regions, rows, sample.iscrowd, areas)

    def _rows(self, sample: Sample, name: str) -> npt.NDArray[np.intp]:
        rows = np.array([self._row_of.get(id, -1) for id in sample.category_ids.tolist()], np.intp)
        if (rows < 0).any():
            index = int(np.flatnonzero(rows < 0)[0])
            text = f"the {name}'s segment {sample.ids[index]} has category_id {sample.category_ids[index]}"
            raise _at(
                sample, "id.unknown", f"{text}, which is not among the truth's {len(self._row_of)} categories; add it"
            )
        return rows

    @property
    def ious(self) -> Floats:
        """(C,) float64: the sum of the IoU of the matches of each category."""
        return np.array([number(total) for total in self._units], np.float64)

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

    def _options(self) -> dict[str, Any]:
        return {"categories": self.categories, "boundary": self.boundary}

    def state(self) -> State:
        """The images, and for each category that occurs its id, TP, FP, FN, and the sum of IoU in two parts.

        That sum is a whole number, and a rest in units of 2^-53.
        """
        columns = zip(self.categories, self.tp.tolist(), self.fp.tolist(), self.fn.tolist(), self._units, strict=True)
        rows = [[category.id, *counts, *split(total)] for category, *counts, total in columns if any(counts)]
        return {"images": self.images, "categories": rows}

    def _add(self, state: State) -> None:
        counts, sums = np.zeros((3, len(self.categories)), np.int64), list(self._units)
        for id, tp, fp, fn, *parts in state["categories"]:
            counts[:, self._row_of[id]] += (tp, fp, fn)
            sums[self._row_of[id]] += joined(parts)
        self.images += int(state["images"])
        self.tp, self.fp, self.fn = self.tp + counts[0], self.fp + counts[1], self.fn + counts[2]
        self._units = sums

    def __repr__(self) -> str:
        return f"PanopticQuality({len(self.categories)} categories; {self.images:,} images)"


def _column(numbers: npt.NDArray[np.generic], over: npt.NDArray[np.generic], occurs: npt.NDArray[np.bool_]) -> Column:
    shares = np.divide(numbers, over, out=np.zeros(len(occurs)), where=occurs)
    return tuple(share if here else None for share, here in zip(shares.tolist(), occurs.tolist(), strict=True))


def _at(sample: Sample, category: str, text: str) -> SampleError:
    error = SampleError(category, text)
    return error.at(sample.place) if sample.place else error
