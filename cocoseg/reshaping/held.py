"""What the images of a data set hold: the categories of their segments, found without masks where that is possible.

The rows of a detection JSON and of a panoptic JSON say it. Class maps, folders of masks and the files of annotation
tools are decoded, and again when they are written, as their pixels decide what an image holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import VOID
from cocoseg.errors import SampleError
from cocoseg.formats.coco import reader as coco
from cocoseg.formats.panoptic.reader import Pictures, parse_segments
from cocoseg.model import Dataset, Entry, Loader, Refused


def held(dataset: Dataset) -> Iterator[frozenset[int] | None]:
    """The categories of each image; None where that cannot be told, as the image is refused."""
    return (holds(dataset, entry) for entry in dataset.entries)


def holds(dataset: Dataset, entry: Entry | Refused) -> frozenset[int] | None:
    """The categories of an image's segments, after all changes of the data set; None if it is refused."""
    try:
        return frozenset(_segments(dataset, entry).category_ids.tolist())
    except (SampleError, MemoryError, RecursionError):  # the run will say it
        return None


def _segments(dataset: Dataset, entry: Entry | Refused) -> Any:
    """The segments as their rows list them, after all changes; the sample where these need more."""
    load = dataset.load
    if isinstance(entry, Entry) and isinstance(load, Loader) and (found := _listed(load, entry)):
        try:
            for change in load.changes:
                found = change(found)  # type: ignore[arg-type,assignment]
            return found
        except _NeedsMasksError:
            pass
    return load(entry)


class _NeedsMasksError(Exception):
    """A change looks at what only masks say."""


@dataclass(frozen=True, eq=False)
class _Listed:
    """Columns of a sample whose masks are not decoded, for its changes."""

    category_ids: npt.NDArray[np.int64]
    iscrowd: npt.NDArray[np.bool_]

    def __getattr__(self, name: str) -> Any:
        raise _NeedsMasksError

    def take(self, kept: npt.NDArray[np.intp]) -> _Listed:
        """As ``Sample.take``."""
        return replace(self, category_ids=self.category_ids[kept], iscrowd=self.iscrowd[kept])

    def without(self, categories: frozenset[int]) -> _Listed:
        """As ``Sample.without``."""
        return self.take(np.flatnonzero(~np.isin(self.category_ids, list(categories))))


def _listed(load: Loader, entry: Entry) -> _Listed | None:
    """What the rows of an image list, if its format has any. Raises SampleError."""
    rows: Any
    if load.makes is coco.sample:
        rows = entry.body
    elif isinstance(load.makes, Pictures):
        rows = [row for row in parse_segments(entry) if row.id != VOID]
    else:
        return None
    return _Listed(
        np.array([row.category_id for row in rows], np.int64), np.array([bool(row.iscrowd) for row in rows], np.bool_)
    )
