"""The result of an evaluation, added up as pairs get counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import msgspec
import numpy as np

from cocoseg.errors import Problem
from cocoseg.evaluation.classes import LEFT_OUT
from cocoseg.evaluation.groups import Groups
from cocoseg.evaluation.guards import of_positions, suspicions
from cocoseg.evaluation.least import below
from cocoseg.evaluation.measures import Measure, Result
from cocoseg.evaluation.notebook import notebook_tables
from cocoseg.evaluation.worst import Worst
from cocoseg.labels import LabelScheme
from cocoseg.metrics.average_precision import AveragePrecision, PrecisionResult
from cocoseg.metrics.boundary import BoundaryIoU, BoundaryResult
from cocoseg.metrics.confusion import ConfusionMatrix
from cocoseg.metrics.conventions import CONVENTIONS, Convention, SemanticResult
from cocoseg.metrics.counter import Counter, State
from cocoseg.metrics.instance_weighted import InstanceWeightedIoU, InstanceWeightedResult
from cocoseg.metrics.panoptic_quality import PanopticQuality, PanopticResult
from cocoseg.model import Category
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally, counted

Number = float | None
C = TypeVar("C", bound=Counter)

_ALL_CLASSES: tuple[Convention, ...] = ("ade20k", "cocostuff", "erfnet")  # what they print depends on absent classes
_RESULT = msgspec.json.Decoder(Result)

WHY: dict[Convention, str] = {
    "mmseg": "a class counts if it is in the truth or predicted; a pixel predicted void is a miss",
    "detectron2": "a class counts if it is in the truth; pixels predicted void are left out",
    "cityscapes": "as mmseg, over the classes that Cityscapes evaluates",
    "ade20k": "every class counts, one that is absent as 0",
    "cocostuff": "a class counts if it is in the truth; a pixel predicted void is one of the last class",
    "erfnet": "every class counts but an ignored one, one that is absent as 0",
    "survey": "as mmseg; MPA is the mean of the precision",
}


@dataclass(repr=False)
class Evaluation(Tally):
    """The numbers of a prediction, as fractions of 1; what is not defined is None.

    * ``tasks``: what was compared; ``convention``: whose mIoU it is. ``truth``, ``prediction``: both sources.
    * ``confusion``, ``semantic``, ``boundary``, ``weighted``; ``panoptic``, ``boundary_panoptic``; ``instances``: the
      results of ``cocoseg.metrics``, None for what was not asked for.
    * ``headlines``: the numbers that stand for all, by name.
    * ``images`` pairs were compared, ``failures`` were not; ``problems`` are what looks suspicious.
    * ``rows``: numbers of each image by its key, and the ``worst`` of them, where they were asked for.
    """

    makes: ClassVar[str] = "Numbers"
    result: ClassVar[Any] = Result

    truth: str = field(kw_only=True)
    prediction: str = field(kw_only=True)
    measures: Mapping[str, Measure] = field(kw_only=True, repr=False)
    scheme: LabelScheme = field(kw_only=True, repr=False)
    categories: tuple[Category, ...] = field(kw_only=True, repr=False)
    convention: Convention = "mmseg"
    every: bool = False
    groups: Groups | None = None
    numbers_only: bool = False
    as_ids: tuple[int | None, ...] = field(default=(), repr=False)
    borrowed: bool = field(default=False, repr=False)
    rows: dict[str, dict[str, Any]] | None = field(default=None, repr=False)
    worst: Worst | None = field(default=None, repr=False)
    counters: dict[str, Counter] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.counters = {name: measure.blank() for name, measure in self.measures.items()}

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in self.headlines.items() if value is not None)
        pairs = f"{self.images:,} of {counted(self.listed, 'pair')}"
        return f"Evaluation({' and '.join(self.tasks)}, {pairs}: {numbers or 'nothing'})"

    def _repr_html_(self) -> str:
        """The headlines and the classes as tables, for notebooks."""
        return notebook_tables(f"{self.images:,} of {counted(self.listed, 'pair')}", self.headlines, self.classes())

    @property
    def tasks(self) -> tuple[str, ...]:
        """``semantic``, ``panoptic``, ``instances``: those that were compared."""
        return tuple(name for name in ("semantic", "panoptic", "instances") if name in self.counters)

    def count(self, row: Row) -> None:
        """Add the counts of a pair."""
        states = {name: msgspec.json.decode(raw) for name, raw in _RESULT.decode(row.result).counts.items()}
        for name, state in states.items():
            self.counters[name].add(state)
        if self.rows is None and self.worst is None:
            return
        numbers = self._row(states)
        if self.rows is not None:
            self.rows[row.key] = numbers
        if self.worst is not None:
            self.worst.add(row.key, numbers, states.get("semantic"))

    def _row(self, states: Mapping[str, State]) -> dict[str, Any]:
        """The numbers of one image."""
        found: dict[str, Any] = {}
        for name in (*self.tasks, *(("boundary",) if "boundary" in states else ())):
            own = self.measures[name].blank()
            own.add(states[name])
            found |= _of_image(own, self.convention)
        return found

    def _counter(self, name: str, kind: type[C]) -> C | None:
        """The counts of this name, if they were asked for."""
        found = self.counters.get(name)
        return found if isinstance(found, kind) else None

    @property
    def confusion(self) -> ConfusionMatrix | None:
        """The pixels of each true and predicted class."""
        found = self._counter("semantic", ConfusionMatrix)
        if found is None or not self.numbers_only:
            return found
        used = np.flatnonzero(found.matrix[:-1].any(axis=1) | found.matrix[:, :-1].any(axis=0))
        count = int(used.max(initial=0)) + 1
        return ConfusionMatrix(count, found.void, matrix=found.merged([*range(count)] + [None] * (255 - count)).matrix)

    @property
    def class_names(self) -> list[str]:
        """The names of the classes by index, C of them; empty for an index that no pixel can have."""
        count = self.confusion.num_classes if self.confusion else 0
        return [name or "" for name in self.scheme.names[:count]]

    @property
    def semantic(self) -> SemanticResult | None:
        """The numbers of the confusion matrix under the convention."""
        return self.confusion.result(self.convention, self.groups) if self.confusion else None

    @property
    def conventions(self) -> dict[Convention, SemanticResult]:
        """The numbers of the confusion matrix under every convention."""
        return {name: self.confusion.result(name) for name in CONVENTIONS} if self.confusion else {}

    @property
    def boundary(self) -> BoundaryResult | None:
        """The boundary IoU of classes."""
        found = self._counter("boundary", BoundaryIoU)
        return None if found is None else found.result()

    @property
    def weighted(self) -> InstanceWeightedResult | None:
        """Cityscapes' iIoU."""
        found = self._counter("weighted", InstanceWeightedIoU)
        return None if found is None else found.result(self.groups)

    @property
    def panoptic(self) -> PanopticResult | None:
        """Panoptic quality."""
        found = self._counter("panoptic", PanopticQuality)
        return None if found is None else found.result()

    @property
    def boundary_panoptic(self) -> PanopticResult | None:
        """Boundary PQ."""
        found = self._counter("boundary_panoptic", PanopticQuality)
        return None if found is None else found.result()

    @cached_property
    def instances(self) -> PrecisionResult | None:
        """Mask AP and AR."""
        found = self._counter("instances", AveragePrecision)
        return None if found is None else found.result()

    @property
    def headlines(self) -> dict[str, Number]:
        """The numbers that stand for all: those of the convention, then PQ, then AP."""
        found: dict[str, Number] = {}
        for result in (self.semantic, self.boundary, self.weighted, self.panoptic):
            found |= dict(result.headlines) if result else {}
        if self.boundary_panoptic:
            found |= {f"boundary {name}": value for name, value in self.boundary_panoptic.headlines.items()}
        return found | (dict(self.instances.headlines) if self.instances else {})

    @property
    def void_share(self) -> Number:
        """The share of the truth's pixels that are void, and so don't count."""
        matrix = None if self.confusion is None else self.confusion.matrix
        total = 0 if matrix is None else int(matrix.sum())
        return int(matrix[-1].sum()) / total if matrix is not None and total else None

    def close(self, seconds: float) -> None:
        """Put failures and problems in order, and look at the numbers for what is suspicious."""
        super().close(seconds)
        self.__dict__.pop("instances", None)  # counted too early, if it has been asked for
        if self.images:
            self.problems = [*_once(self.problems), *self._suspicions()]
            self.notes += _without_results(self.counters.get("instances"))

    def _suspicions(self) -> list[Problem]:
        found: list[Problem] = []
        matrix = self.confusion or self.counters.get("guard")
        if isinstance(matrix, ConfusionMatrix) and (matrix.pixels or self.confusion):
            background = None if self.scheme.outside == self.scheme.void else self.scheme.outside
            sides = (self.truth, self.prediction)
            found += suspicions(matrix, self.scheme.names, background, self.as_ids, sides)
        if self.numbers_only and (self.every or self.convention in _ALL_CLASSES):
            found.append(self._numbered())
        unknown = sum(problem.category == "id.unknown" for problem in self.failures)
        return [*found, of_positions(self.prediction, unknown)] if self.borrowed and unknown else found

    def _numbered(self) -> Problem:
        """That some conventions depend on classes that nobody has named."""
        count = self.confusion.num_classes if self.confusion else 0
        text = f"its classes have no names, and none above {count - 1} occurs, so {count} are counted"
        advice = f"for {', '.join(_ALL_CLASSES)} name all of them with --categories or --labels"
        return Problem("eval.classes", f"{self.truth}: {text}; {advice}")

    def results(self) -> dict[str, Any]:
        """The numbers, by task."""
        found: dict[str, Any] = {"truth": self.truth, "prediction": self.prediction, "tasks": list(self.tasks)}
        found["headlines"] = self.headlines
        if self.confusion and self.semantic:
            found["semantic"] = self._semantic(self.confusion, self.semantic)
        if self.panoptic:
            found["panoptic"] = _panoptic(self.panoptic)
        if self.boundary_panoptic:
            found["boundary_panoptic"] = _panoptic(self.boundary_panoptic)
        if self.instances:
            found["instances"] = _instances(self.instances, self.categories)
        return found

    def _semantic(self, confusion: ConfusionMatrix, result: SemanticResult) -> dict[str, Any]:
        found: dict[str, Any] = {
            "convention": self.convention,
            "headlines": dict(result.headlines),
            "pixels": confusion.pixels,
            "void_share": self.void_share,
            "predicted_void": confusion.predicted_void,
            "classes": self.classes(),
            "groups": dict(result.groups),
            "matrix": confusion.matrix.tolist(),
        }
        if self.every:
            found["conventions"] = {name: dict(row.headlines) for name, row in self.conventions.items()}
        if self.weighted:
            found["weighted"] = {"headlines": dict(self.weighted.headlines), "groups": dict(self.weighted.groups)}
        if self.boundary:
            found["boundary"] = {"ratio": self.boundary.ratio, "distances": list(self.boundary.distances)}
        return found

    def classes(self) -> list[dict[str, Any]]:
        """A row for each class: ``index``, ``name``, ``pixels`` of the truth, and its numbers."""
        if not self.confusion or not self.semantic:
            return []
        columns = dict(self.semantic.columns)
        for result in (self.boundary, self.weighted):
            columns |= dict(result.columns) if result else {}
        pixels = self.confusion.matrix[:-1].sum(axis=1).tolist()
        return [
            {"index": k, "name": name, "pixels": pixels[k], **{title: column[k] for title, column in columns.items()}}
            for k, name in enumerate(self.class_names)
            if name
        ]

    def below(self, least: Mapping[str, float]) -> list[str]:
        """Which headlines are under what was asked for, in words. Raises UsageError ``usage.fail_under``."""
        return below(self.headlines, least)


def _once(problems: Sequence[Problem]) -> list[Problem]:
    """The problems, with one for all images of which segments were left out."""
    left = [problem for problem in problems if problem.category == LEFT_OUT]
    rest = [problem for problem in problems if problem.category != LEFT_OUT]
    if len(left) < 2:
        return list(problems)
    return [*rest, left[0]._replace(message=f"{left[0].message} (and in {counted(len(left) - 1, 'more image')})")]


def _without_results(counter: Counter | None) -> list[str]:
    """A note about images without a predicted mask."""
    images = counter.images.values() if isinstance(counter, AveragePrecision) else ()
    empty = sum(not image.results for image in images)
    return [f"{counted(empty, 'image')} of {len(images):,} without a predicted mask"] if empty else []


def _of_image(counter: Any, convention: Convention) -> dict[str, Any]:
    if isinstance(counter, ConfusionMatrix):
        headlines = counter.result(convention).headlines
        return {**headlines, "pixels": counter.pixels, "predicted void": counter.predicted_void}
    if isinstance(counter, PanopticQuality):
        found = counter.result()
        sums = {name: sum(column) for name, column in found.counts.items()}
        return {name: found.headlines[name] for name in ("PQ", "SQ", "RQ")} | sums
    if isinstance(counter, BoundaryIoU):
        return dict(counter.result().headlines)
    (image,) = counter.images.values()
    return {"truths": len(image.truths), "results": len(image.results)}


def _panoptic(result: PanopticResult) -> dict[str, Any]:
    columns: dict[str, Sequence[Any]] = {**result.columns, **result.counts}
    rows = [
        {"id": category.id, "name": category.name, **{name: column[k] for name, column in columns.items()}}
        for k, category in enumerate(result.categories)
    ]
    return {"headlines": dict(result.headlines), "classes": rows}


def _instances(result: PrecisionResult, categories: Sequence[Category]) -> dict[str, Any]:
    names = {row.id: row.name for row in categories}
    rows = [{"id": id, "name": names.get(id, str(id)), **numbers} for id, numbers in result.per_class.items()]
    sizes = {"library": result.library, "truths": result.truths, "results": result.results}
    return {**sizes, "headlines": dict(result.headlines), "classes": rows}
