"""The categories of a prediction as those of the truth: by name, where both name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.labels.names import plain
from cocoseg.model import Category, Dataset, Sample
from cocoseg.runs.tally import counted

LEFT_OUT = "pair.unknown"
_FEW = 3


@dataclass(frozen=True)
class Renumbered:
    """Gives a sample the truth's category ids: ``ids`` of those that differ, all that are ``known``.

    A segment of a ``strange`` category, or one that is not known, is an error, or left out with ``lenient``.
    """

    ids: Mapping[int, int]
    known: frozenset[int]
    strange: Mapping[int, str]
    lenient: bool

    def __call__(self, sample: Sample) -> Sample:
        """Raises SampleError ``id.unknown``."""
        found = sample.category_ids.tolist()
        others = [id for id in found if id in self.strange or self.ids.get(id, id) not in self.known]
        if others and not self.lenient:
            name = f" {show(self.strange[others[0]])}" if others[0] in self.strange else ""
            text = f"category {others[0]}{name} is none of the truth's"
            error = SampleError("id.unknown", f"{text}; name both sides' classes alike, or use --unknown drop")
            raise error.at(sample.place)
        kept = sample.without(others) if others else sample
        ids = np.array([self.ids.get(id, id) for id in kept.category_ids.tolist()], np.int64)
        said = Problem(LEFT_OUT, f"{sample.place}: left out {counted(len(others), 'segment')} of other categories")
        return replace(kept, category_ids=ids, problems=(*kept.problems, said) if others else kept.problems)


def matched(truth: Dataset, prediction: Dataset, lenient: bool = False) -> tuple[Dataset, list[Problem]]:
    """The prediction with the truth's ids for categories of the same names, and what is to be said of it.

    ``lenient``: categories that the truth lacks are left out, else they are errors of their images.
    Raises DocumentError ``pair.categories`` where no name is the same.
    """
    ids: dict[int, int] = {}
    strange: dict[int, str] = {}
    if prediction.categories != truth.categories and prediction.categories and truth.categories:
        ids = _joined(truth.categories, prediction.categories)
        if not ids:
            raise _none_alike(truth, prediction)
        strange = {row.id: row.name for row in prediction.categories if row.id not in ids and row.merged is None}
    moved = [row for row in prediction.categories if ids.get(row.id, row.id) != row.id]
    kept = tuple(replace(row, id=ids.get(row.id, row.id)) for row in prediction.categories if row.id not in strange)
    every = frozenset(row.id for row in (*truth.categories, *kept))
    change = Renumbered({row.id: ids[row.id] for row in moved}, every, strange, lenient)
    problems = [_moved(prediction.source, moved, ids)] if moved else []
    return replace(prediction.map(change), categories=kept), problems


def _none_alike(truth: Dataset, prediction: Dataset) -> DocumentError:
    def some(dataset: Dataset) -> str:
        names = [show(row.name) for row in dataset.categories]
        return ", ".join(names[:_FEW]) + (" ..." if len(names) > _FEW else "")

    numbers = all(row.name == str(row.id) for row in truth.categories)
    said = (
        "the truth's numbers have no names; name them with --categories"
        if numbers
        else (f"none is among the truth's ({some(truth)})")
    )
    advice = "if the arguments are swapped, the truth comes first" if numbers else "are both of the same data set?"
    text = f"its categories are {some(prediction)}, and {said}; {advice}"
    return DocumentError("pair.categories", f"{prediction.source}: {text}")


def _joined(truth: Sequence[Category], prediction: Sequence[Category]) -> dict[int, int]:
    """The truth's id for each predicted category of the same name; else of a name that tools write in other ways."""
    ids: dict[int, int] = {}
    for name_of in (str, plain):
        left = [row for row in prediction if row.id not in ids]
        own, known = _by_name(left, name_of), _by_name([row for row in truth if row.id not in ids.values()], name_of)
        ids |= {row.id: known[name].id for name, row in own.items() if name in known}
    return ids


def _by_name(categories: Sequence[Category], name_of: Callable[[str], str]) -> dict[str, Category]:
    """The categories by their names, without those whose names are not telling."""
    names = [name_of(row.name) for row in categories]
    often = Counter(names)
    return {name: row for name, row in zip(names, categories, strict=True) if often[name] == 1}


def _moved(source: str, moved: Sequence[Category], ids: Mapping[int, int]) -> Problem:
    first, classes = moved[0], "1 class" if len(moved) == 1 else f"{len(moved):,} classes"
    text = f"{classes} joined by name, as ids differ: {show(first.name)} is {first.id} here and {ids[first.id]} there"
    return Problem("pair.ids", f"{source}: {text}")
