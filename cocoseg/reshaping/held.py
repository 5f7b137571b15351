"""What the images of a data set hold: the categories of their segments, found without masks where that is possible."""

from __future__ import annotations

from collections.abc import Iterator

from cocoseg.errors import SampleError
from cocoseg.model import Dataset, Entry, Refused


def held(dataset: Dataset) -> Iterator[frozenset[int] | None]:
    """The categories of each image; None where that cannot be told, as the image is refused."""
    return (holds(dataset, entry) for entry in dataset.entries)


def holds(dataset: Dataset, entry: Entry | Refused) -> frozenset[int] | None:
    """The categories of an image's segments, after all changes of the data set; None if it is refused."""
    try:
        return frozenset(dataset.load(entry).category_ids.tolist())
    except (SampleError, MemoryError, RecursionError):  # the run will say it
        return None
