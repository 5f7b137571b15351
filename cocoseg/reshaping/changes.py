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
        load = replace(load, settings=f"{load.settings} {change!r}")
    as_change: Change = change
    return replace(dataset, load=load).map(as_change)


@dataclass(frozen=True)
class Keep:
    """Leaves out the segments of other categories, crowds, and segments of fewer pixels."""

    categories: tuple[int, ...] | None = None
    crowds: bool = True
    min_area: int | None = None

    def __call__(self, sample: Any) -> Any:
        """The sample or ``Unread`` with what stays; masks of the latter are measured where they are read."""
        kept = np.ones(len(sample.category_ids), np.bool_)
        if self.categories is not None:
            kept &= np.isin(sample.category_ids, self.categories)
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
        new, old = sample.category_ids.copy(), sample.category_ids
        for before, after in self.ids:
            new[old == before] = after
        crowds = sample.iscrowd | np.isin(old, self.crowded) if self.crowded else sample.iscrowd
        return replace(sample, category_ids=new, iscrowd=crowds)
