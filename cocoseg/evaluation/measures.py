"""What is counted of a pair: counts that add up, in whatever order the pairs come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Raw

from cocoseg.codecs.regions import Regions
from cocoseg.errors import SampleError
from cocoseg.evaluation.pairs import Paired
from cocoseg.files.digests import digest
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Overlap
from cocoseg.labels.schemefile import scheme_dict
from cocoseg.metrics.average_precision import AveragePrecision
from cocoseg.metrics.boundary import BoundaryIoU
from cocoseg.metrics.confusion import ConfusionMatrix
from cocoseg.metrics.counter import Counter
from cocoseg.metrics.instance_weighted import InstanceWeightedIoU
from cocoseg.metrics.panoptic_quality import PanopticQuality
from cocoseg.model import Category, Sample
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import flat, segment_classes, semantic_map


class Measure(Protocol):
    """What is counted, and how; it can be pickled."""

    def blank(self) -> Counter:
        """Counts of nothing."""
        ...

    def count(self, pair: Paired) -> Counter:
        """The counts of a pair of one size. Raises SampleError."""
        ...

    def settings(self) -> Any:
        """All that the counts depend on besides the pair, for JSON."""
        ...


class Result(msgspec.Struct):
    """The counts of a pair, by the name of the measure."""

    counts: dict[str, Raw]


@dataclass(frozen=True)
class Compare:
    """Counts a pair by all measures; ``size`` says what becomes of predictions of another size."""

    measures: dict[str, Measure]
    size: Literal["error", "nearest"] = "error"
    settings_of_sides: str = ""

    def __call__(self, pair: Any) -> Converted:
        """Raises SampleError, whose message begins with the place of the truth."""
        try:
            pair = pair.of_one_size(self.size == "nearest")
            counts = {name: measure.count(pair).state() for name, measure in self.measures.items()}
        except SampleError as error:
            place = pair.truth.place
            raise (error if place in error.message else error.at(place)) from None
        return Converted({}, Result({name: Raw(msgspec.json.encode(state)) for name, state in counts.items()}))

    def settings(self) -> bytes:
        """As ``Conversion`` has it."""
        measures = {name: measure.settings() for name, measure in self.measures.items()}
        return msgspec.json.encode((self.size, self.settings_of_sides, measures))


@dataclass(frozen=True)
class Labels:
    """The class maps of both sides: schemes of the same numbers, each for its side's categories."""

    truth: LabelScheme
    prediction: LabelScheme

    def maps(self, pair: Paired) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The class maps of a pair: (H, W) each. A missing prediction is what pixels without a segment are."""
        true = semantic_map(pair.truth, self.truth).class_map
        if pair.prediction is None:
            return true, np.full(true.shape, self.prediction.outside, self.prediction.dtype)
        return true, semantic_map(pair.prediction, self.prediction).class_map

    @property
    def numbers(self) -> tuple[int, int]:
        """The number of classes, and void."""
        return self.truth.num_classes, self.truth.void

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [scheme_dict(scheme) | {"outside": scheme.outside} for scheme in (self.truth, self.prediction)]


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix of class maps."""

    labels: Labels

    def blank(self) -> ConfusionMatrix:
        """As ``Measure`` has it."""
        return ConfusionMatrix(*self.labels.numbers)

    def count(self, pair: Paired) -> ConfusionMatrix:
        """As ``Measure`` has it. Pictures are compared by their runs."""
        matrix = self.blank()
        sides = [(pair.truth, self.labels.truth), (pair.prediction, self.labels.prediction)]
        if all(sample is not None and isinstance(sample.shapes, Regions) for sample, _ in sides):
            regions = [_with_values(sample, scheme) for sample, scheme in sides if sample is not None]
            matrix.update_regions(*regions[0], *regions[1])
        else:
            matrix.update(*self.labels.maps(pair))
        return matrix

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return self.labels.settings()


@dataclass(frozen=True)
class Sampled:
    """The confusion matrix of a ``share`` of the pairs, chosen by their names, whatever else is counted of them."""

    confusion: Confusion
    share: float

    def blank(self) -> ConfusionMatrix:
        """As ``Measure`` has it."""
        return self.confusion.blank()

    def count(self, pair: Paired) -> ConfusionMatrix:
        """As ``Measure`` has it; nothing for a pair that is not chosen, or has no class map."""
        chosen = int(digest(pair.truth.key.encode())[:8], 16) < self.share * (1 << 32)
        try:
            return self.confusion.count(pair) if chosen else self.blank()
        except SampleError:
            return self.blank()

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [*self.confusion.settings(), self.share]


def _with_values(sample: Sample, scheme: LabelScheme) -> tuple[Regions, npt.NDArray[Any]]:
    """The runs of a sample, and the class of each (R,)."""
    assert isinstance(sample.shapes, Regions)
    return sample.shapes, sample.shapes.values(segment_classes(sample, scheme), scheme.outside, scheme.void)


@dataclass(frozen=True)
class Boundaries:
    """The boundary IoU of class maps, ``ratio`` of the diagonal wide."""

    labels: Labels
    ratio: float

    def blank(self) -> BoundaryIoU:
        """As ``Measure`` has it."""
        return BoundaryIoU(*self.labels.numbers, ratio=self.ratio)

    def count(self, pair: Paired) -> BoundaryIoU:
        """As ``Measure`` has it."""
        counts = self.blank()
        counts.update(*self.labels.maps(pair))
        return counts

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [*self.labels.settings(), self.ratio]


@dataclass(frozen=True)
class Weighted:
    """Cityscapes' iIoU; ``sizes`` (C,) are the average pixels of an instance, None for classes without instances."""

    labels: Labels
    sizes: tuple[float | None, ...]

    def blank(self) -> InstanceWeightedIoU:
        """As ``Measure`` has it."""
        return InstanceWeightedIoU(self.sizes, self.labels.truth.void, above=0)

    def count(self, pair: Paired) -> InstanceWeightedIoU:
        """As ``Measure`` has it. Crowds are no instances."""
        counts = self.blank()
        true, predicted = self.labels.maps(pair)
        numbers = np.where(pair.truth.iscrowd, 0, np.arange(1, len(pair.truth.ids) + 1))
        regions, _ = flat(pair.truth, self.labels.truth.overlap)
        counts.update(true, regions.paint(numbers, outside=0), predicted)
        return counts

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [*self.labels.settings(), self.sizes]


@dataclass(frozen=True)
class Panoptic:
    """Panoptic quality, or Boundary PQ with a ``boundary``, of the truth's categories that are evaluated.

    Segments of its ``others`` are void. Masks that overlap are painted first, as ``overlap`` says.
    """

    categories: tuple[Category, ...]
    others: frozenset[int] = frozenset()
    boundary: float | None = None
    overlap: Overlap | None = None

    def blank(self) -> PanopticQuality:
        """As ``Measure`` has it."""
        return PanopticQuality(self.categories, self.boundary)

    def count(self, pair: Paired) -> PanopticQuality:
        """As ``Measure`` has it."""
        quality = self.blank()
        true, predicted = (sample and sample.without(self.others) for sample in pair)
        assert true is not None
        quality.update(true, predicted, self.overlap)
        return quality

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [_plain(self.categories), sorted(self.others), self.boundary, self.overlap]


@dataclass(frozen=True)
class Precision:
    """Mask AP of the truth's things; stuff is left out."""

    categories: tuple[Category, ...]
    stuff: frozenset[int] = frozenset()

    @cached_property
    def _nothing(self) -> AveragePrecision:
        return AveragePrecision(self.categories)

    def blank(self) -> AveragePrecision:
        """As ``Measure`` has it."""
        return self._nothing.empty()

    def count(self, pair: Paired) -> AveragePrecision:
        """As ``Measure`` has it."""
        precision = self.blank()
        true, predicted = (sample and sample.without(self.stuff) for sample in pair)
        assert true is not None
        try:
            precision.update(true, predicted)
        except SampleError as error:
            raise _at(predicted or true, error) from None
        return precision

    def settings(self) -> Any:
        """As ``Measure`` has it."""
        return [_plain(self.categories), sorted(self.stuff)]


def _at(sample: Sample, error: SampleError) -> SampleError:
    return error.at(sample.place) if sample.place else error


def _plain(categories: Sequence[Category]) -> Any:
    return [(row.id, row.name, row.isthing) for row in categories]
