"""Changes of samples that are part of the digest of what is made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cocoseg.errors import SampleError
from cocoseg.model import Dataset
from cocoseg.model.loading import Change


def with_change(dataset: Dataset, change: Callable[[Any], Any]) -> Dataset:
    """The data set with a change whose ``repr`` says all about it."""
    load: Any = dataset.load
    if hasattr(load, "settings"):
        load = replace(load, settings=f"{load.settings} {change}")
    as_change: Change = change
    return replace(dataset, load=load).map(as_change)


@dataclass(frozen=True)
class Keep:
    """Leaves out the segments of other categories, crowds, and segments of fewer pixels."""

    categories: frozenset[int] | None = None
    crowds: bool = True
    min_area: int | None = None

    def __call__(self, sample: Any) -> Any:
        """The sample or ``Unread`` with what stays; masks of the latter are measured where they are read."""
        kept = np.ones(len(sample.category_ids), np.bool_)
        if self.categories is not None:
            wanted = self.categories  # of an image's few segments, Python looks them up sooner than numpy
            kept = np.array([number in wanted for number in sample.category_ids.tolist()], np.bool_)
        if not self.crowds:
            kept &= ~sample.iscrowd
        if self.min_area is not None:
            kept &= sample.areas >= self.min_area
        return sample.take(np.flatnonzero(kept))


@dataclass(frozen=True)
class Renumber:
    """Gives categories the ids of a list of several sources; segments of ``crowded`` categories become crowds.

    Raises SampleError ``id.unknown`` for a category that its source does not list, as another source may have its id.
    """

    ids: tuple[tuple[int, int], ...]
    crowded: tuple[int, ...] = ()

    def __call__(self, sample: Any) -> Any:
        """The sample or ``Unread`` under the new ids."""
        new, old = dict(self.ids), sample.category_ids
        if not new.keys() >= set(old.tolist()):
            raise _unlisted(sample, new)
        ids = np.array([new[number] for number in old.tolist()], np.int64)
        crowds = sample.iscrowd | np.isin(old, self.crowded) if self.crowded else sample.iscrowd
        return replace(sample, category_ids=ids, iscrowd=crowds)


def _unlisted(sample: Any, known: Mapping[int, int]) -> SampleError:
    number = next(number for number in sample.category_ids.tolist() if number not in known)
    text = f"has category_id {number}, which is not among the categories of its source"
    return SampleError("id.unknown", f"{sample.place}: {text}; add it, or name a file that has it with --categories")
