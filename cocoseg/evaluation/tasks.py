"""What two sources can be compared by, and what is counted for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cocoseg.errors import UsageError
from cocoseg.evaluation.measures import Boundaries, Confusion, Labels, Measure, Panoptic, Precision, Sampled, Weighted
from cocoseg.evaluation.sides import Opened
from cocoseg.labels.presets import is_thing
from cocoseg.metrics.instance_weighted import CITYSCAPES_SIZES
from cocoseg.model import Category

_LOOKED_AT = 200  # pairs whose classes are compared only to find out whether both sides number them alike


@dataclass(frozen=True)
class Sides:
    """A truth and a prediction with one meaning of their classes."""

    truth: Opened
    prediction: Opened
    labels: Labels

    def tasks(self, wanted: str | None) -> tuple[str, ...]:
        """The tasks to do: the one that tells most, or those that are asked for and possible.

        Raises UsageError ``usage.task``.
        """
        against = {"instances": self._no_instances(), "panoptic": self._no_panoptic(), "semantic": ""}
        possible = tuple(name for name, reason in against.items() if not reason)
        if wanted is None:
            return possible[:1]
        if wanted == "all":
            return possible
        if against[wanted]:
            text = f"the task {wanted} can't be done, as {against[wanted]}; possible: {', '.join(possible)}"
            raise UsageError("usage.task", text)
        return (wanted,)

    def passed_over(self, tasks: Sequence[str]) -> list[str]:
        """A note that classes alone are compared, where both sides tell things but one lacks what other tasks need."""
        why = self._no_instances()
        grouped = any(side.dataset.conventions.grouped for side in (self.truth, self.prediction))
        return (
            [f"only classes of pixels are compared, as {why}"] if tuple(tasks) == ("semantic",) and not grouped else []
        )

    def measures(self, tasks: Sequence[str], convention: str, ratio: float | None) -> dict[str, Measure]:
        """What is counted, by its name. Where classes are not, ``guard`` counts them for some pairs."""
        found: dict[str, Measure] = {}
        if "semantic" in tasks:
            found |= self._semantic(convention, ratio)
        else:
            share = 1.0 if "panoptic" in tasks else _LOOKED_AT / max(_LOOKED_AT, len(self.truth.dataset))
            found["guard"] = Sampled(Confusion(self.labels), share)
        evaluated = tuple(row for row in self.truth.dataset.categories if not row.ignored and not row.unused_root)
        if "panoptic" in tasks:
            overlap = self.labels.truth.overlap
            found["panoptic"] = Panoptic(evaluated, self._others(evaluated), None, overlap)
            if ratio is not None:
                found["boundary_panoptic"] = Panoptic(evaluated, self._others(evaluated), ratio, overlap)
        if "instances" in tasks:
            things = tuple(row for row in evaluated if is_thing(row) is not False)
            found["instances"] = Precision(things, self._others(things))
        return found

    def _semantic(self, convention: str, ratio: float | None) -> dict[str, Measure]:
        found: dict[str, Measure] = {"semantic": Confusion(self.labels)}
        if ratio is not None:
            found["boundary"] = Boundaries(self.labels, ratio)
        if convention == "cityscapes" and (sizes := self._sizes()):
            found["weighted"] = Weighted(self.labels, sizes)
        return found

    def _others(self, categories: Sequence[Category]) -> frozenset[int]:
        """The ids of the truth's categories that are not among these."""
        return frozenset(row.id for row in self.truth.dataset.categories) - {row.id for row in categories}

    def _no_panoptic(self) -> str:
        """Why segments can't be compared, in words; empty if they can."""
        true, predicted = self.truth.dataset.conventions, self.prediction.dataset.conventions
        if true.grouped or predicted.grouped:
            return f"class maps in the {'truth' if true.grouped else 'prediction'} have classes but no instances"
        if true.unlabelled == "background":
            return "the truth has things alone; a panoptic truth has a segment for every pixel"
        return ""

    def _no_instances(self) -> str:
        """Why masks with scores can't be compared, in words; empty if they can."""
        if self.truth.dataset.conventions.grouped:
            return "class maps in the truth have classes but no instances"
        scored = self.prediction.dataset.conventions.scored
        return "" if scored else "the predicted masks have no 'score', which ranks them"

    def _sizes(self) -> tuple[float | None, ...]:
        """The average size of instances of each class (C,), where the truth is Cityscapes'; else nothing."""
        if self.truth.dataset.conventions.grouped or not self.truth.format.startswith("cityscapes"):
            return ()
        return tuple(CITYSCAPES_SIZES.get(name or "") for name in self.labels.truth.names)

    def as_ids(self) -> tuple[int | None, ...]:
        """The class of each predicted number (C,) if it were a category id; nothing if that is the same."""
        scheme = self.labels.truth
        found = [scheme.class_of.get(number) for number in range(scheme.num_classes)]
        same = all(index in (number, None) for number, index in enumerate(found))
        if same or not self.prediction.numbered_by:
            return ()
        return tuple(None if index == scheme.void else index for index in found)
