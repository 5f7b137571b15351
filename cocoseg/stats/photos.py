"""The photos of a data set, and those that no label belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cocoseg.files.names import stem
from cocoseg.files.photo import ENDINGS
from cocoseg.files.places import is_folder
from cocoseg.model import Dataset, Refused


def photo_folder(dataset: Dataset) -> str:
    """The folder in which the photos are looked for: on this machine, and there; else ""."""
    return dataset.photos if os.path.isdir(dataset.photos) and is_folder(dataset.photos) else ""


def unlabelled(datasets: Sequence[Dataset], folder: str) -> list[str]:
    """The photos that no entry of any data set belongs to, in the folders of those that have one, in order.

    Only these folders are looked into, because others may hold anything, labels too.
    """
    entries = [entry for dataset in datasets for entry in dataset.entries]
    known = {stem(name) for entry in entries for name in (entry.key, getattr(entry, "file_name", "")) if name}
    labels = {name for entry in entries if not isinstance(entry, Refused) for name in entry.files}
    inside = {name.rpartition("/")[0] for name in known}
    return sorted(name for name in _pictures(folder, inside) if stem(name) not in known and name not in labels)


def _pictures(folder: str, inside: set[str]) -> Iterator[str]:
    """The pictures directly in these folders of a folder, by their names from it."""
    for below in inside:
        try:
            names = os.listdir(os.path.join(folder, below))
        except OSError:
            continue
        yield from (f"{below}/{name}" if below else name for name in names if name.endswith(ENDINGS) and name[0] != ".")
