"""Changes of samples that are part of the digest of what is made from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

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
    """Gives categories other ids; those of ``crowded``, which no other data set has as stuff, become crowds."""

    ids: tuple[tuple[int, int], ...]
    crowded: tuple[int, ...] = ()

    def __call__(self, sample: Any) -> Any:
        """The sample or ``Unread`` under the new ids; a category that is not listed keeps its own."""
        new, old = dict(self.ids), sample.category_ids
        ids = np.array([new.get(number, number) for number in old.tolist()], np.int64)
        crowds = sample.iscrowd | np.isin(old, self.crowded) if self.crowded else sample.iscrowd
        return replace(sample, category_ids=ids, iscrowd=crowds)
