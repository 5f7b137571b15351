"""Bad images in a training loop: the next good one takes the place of each, in every epoch and worker alike."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeVar

from cocoseg.errors import SampleError
from cocoseg.model import Dataset, Refused
from cocoseg.torch.notes import Notes

T = TypeVar("T")


def next_good(make: Callable[[int], T], index: int, count: int, notes: Notes) -> T:
    """``make(index)``, or of the next image that is not bad; the first follows the last.

    Raises the SampleError of image ``index`` if all ``count`` images are bad.
    """
    for number in chain(range(index, count), range(index)):
        if not notes.has("skipped", number):
            try:
                return make(number)
            except SampleError as error:
                text = f"image {number} cannot be used, the next good one takes its place: {error.message}"
                notes.say("skipped", number, text)
    try:
        return make(index)
    except SampleError as error:
        raise error.at(f"none of the {count} images can be used; one of them") from None


def without_strays(entries: Sequence[Any]) -> list[Any]:
    """The entries that are images, good or bad."""
    return [entry for entry in entries if not (isinstance(entry, Refused) and entry.stray)]


def say_refused(dataset: Dataset, entries: Sequence[Any], notes: Notes) -> None:
    """Note the entries that the source refuses, and warn of them and of what belongs to no image."""
    notes.mark("skipped", *(number for number, entry in enumerate(entries) if isinstance(entry, Refused)))
    refused = [entry for entry in dataset.entries if isinstance(entry, Refused)]
    if refused:
        found = f"{len(refused)} of {len(dataset)} entries of {dataset.source} cannot be used and are skipped"
        warnings.warn(f"{found}; the first: {refused[0].problem.message}", stacklevel=5)
