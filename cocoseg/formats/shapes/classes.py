"""The categories of labels: those of a list, or else the labels in their order, numbered from 1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category


class Classes(NamedTuple):
    """Categories, and the category id of each label."""

    categories: tuple[Category, ...]
    ids: dict[str, int]


def of_labels(labels: Iterable[str], void: Collection[str] = ()) -> Classes:
    """A category for each label, by name, from 1. Those that are ``void`` are ignored ones behind the others.

    >>> of_labels(["dog", "cat", "dog"]).ids
    {'cat': 1, 'dog': 2}
    """
    ranked = sorted(set(labels), key=lambda name: (name in void, name))
    return of_categories([Category(number, name, ignored=name in void) for number, name in enumerate(ranked, 1)])


def of_categories(categories: Sequence[Category]) -> Classes:
    """The categories by their names. Of several with one name, the first counts."""
    ids: dict[str, int] = {}
    for row in categories:
        ids.setdefault(row.name, row.id)
    return Classes(tuple(categories), ids)


def of_file(path: StrPath, void: Collection[str] = ()) -> Classes:
    """The categories that a file lists; those that are ``void`` are ignored ones. Raises DocumentError."""
    return of_categories([replace(row, ignored=row.name in void) for row in read_categories(path)])


def is_background(label: str) -> bool:
    """Whether a label is one that tools use for background."""
    return label.lower() in BACKGROUND_NAMES
