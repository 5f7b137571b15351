"""Predictions that don't say what their numbers mean: the truth's classes, the ids of its categories, or masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cocoseg.errors import DocumentError, show
from cocoseg.files.places import StrPath
from cocoseg.formats import FORMATS
from cocoseg.formats.maps.look import look_at
from cocoseg.formats.reading import opened
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Category, Dataset, Entry
from cocoseg.options import Reading

NUMBERS = LabelScheme("numbers", tuple(LabelClass(k, str(k), (k,)) for k in range(255)))
_BINARY = {0, 255}
_UNNAMED = "object"  # what readers call the class of masks that have no class


def changed(options: Reading, **changes: Any) -> Reading:
    """The options with changes."""
    return {**options, **changes}  # type: ignore[typeddict-item]


def without_meaning(path: StrPath, options: Reading, error: DocumentError) -> Dataset | None:
    """The data set of class maps that cannot be read because nothing says what their numbers mean, or None."""
    if error.category != "doc.missing_key":
        return None
    try:
        name, dataset = opened(path, options, "glance")
    except DocumentError:
        return None
    return dataset if not dataset.categories and "source_labels" in FORMATS[name].options else None


def scheme_of_numbers(bare: Dataset) -> LabelScheme:
    """The scheme in which every number is a class. Raises DocumentError ``doc.missing_key`` if it would not do."""
    seen = seen_in(bare)
    if seen and max(seen) > 255:
        text = f"its numbers go up to {max(seen)}, and nothing says what they mean; name their classes with"
        raise DocumentError("doc.missing_key", f"{bare.source}: {text} --source-labels or --categories")
    return NUMBERS


def seen_in(dataset: Dataset) -> set[int]:
    """The numbers in some of the pictures; none for arrays of scores."""
    names = [entry.files[0] for entry in dataset.entries if isinstance(entry, Entry) and entry.files]
    return look_at(dataset.folders[0], names).values if dataset.folders and names else set()


def is_binary(dataset: Dataset) -> bool:
    """Whether the data set is a folder of pictures that hold two values."""
    return dataset.read_as.startswith("folder of binary masks, ")


def is_unnamed(format: str, dataset: Dataset, known: Sequence[Category]) -> bool:
    """Whether all masks are of one class, whose name is a guess that the ``known`` categories don't confirm."""
    names = [row.name for row in dataset.categories]
    guessed = names == [_UNNAMED] and _UNNAMED not in [row.name for row in known]
    return is_binary(dataset) or (guessed and "class_name" in FORMATS[format].options)


def class_of_masks(dataset: Dataset, scheme: LabelScheme) -> str | None:
    """The class that masks without a name are of, or None for class maps of numbers.

    That is the truth's only class. Raises DocumentError ``maps.binary`` where it has several and these are no numbers.
    """
    is_maps = is_binary(dataset) or not dataset.categories
    seen = seen_in(dataset) if is_maps else set()
    named = [row.name for row in scheme.table if row.index != scheme.outside and row.category_ids]
    if len(named) == 1 and scheme is not NUMBERS:
        return named[0] if dataset.categories or (255 in seen and seen <= _BINARY) else None
    if is_maps and seen != _BINARY:
        return None
    text = "holds masks of one class, and nothing says which class of the truth that is"
    raise DocumentError("maps.binary", f"{dataset.source}: {text}; name it with --prediction-categories")


def read_numbers(
    path: StrPath, options: Reading, bare: Dataset, categories: Sequence[Category], scheme: LabelScheme
) -> tuple[str, Dataset]:
    """Class maps of numbers alone: those of the classes, or where these do not fit, the truth's category ids."""
    seen = seen_in(bare)
    if scheme is NUMBERS and not seen:
        text = "holds scores of classes that neither side names; name them with --categories or --labels"
        raise DocumentError("doc.missing_key", f"{bare.source}: {text}")
    by_class = {row.index for row in scheme.table} | {scheme.outside, scheme.void}
    by_id = {row.id for row in categories} | {scheme.void}
    used = scheme if seen <= by_class or not seen <= by_id | {0} else _of_ids(scheme, categories)
    name, dataset = opened(path, changed(options, source_labels=used))
    classes = "the classes of TRUTH" if scheme is NUMBERS else f"classes of labels {show(scheme.name)}"
    what = classes if used is scheme else "the ids of TRUTH's categories"
    return name, replace(dataset, read_as=f"{FORMATS[name].what}, whose numbers are {what}")


def classes_after_all(path: StrPath, options: Reading, scheme: LabelScheme) -> tuple[str, Dataset] | None:
    """Pictures that look like photos, as class maps of an untrained model do, if they hold numbers of classes alone."""
    try:
        name, dataset = opened(path, changed(options, source_labels=scheme))
    except DocumentError:
        return None
    if "source_labels" not in FORMATS[name].options or not dataset.conventions.grouped:
        return None
    seen = seen_in(dataset)
    if not seen or not seen <= {row.index for row in scheme.table} | {scheme.outside, scheme.void}:
        return None
    said = f"{FORMATS[name].what}, whose numbers are classes of labels {show(scheme.name)}, although they are noisy"
    return name, replace(dataset, read_as=said)


def _of_ids(scheme: LabelScheme, categories: Sequence[Category]) -> LabelScheme:
    """The scheme in which every category has its id as number, and 0 is none of them unless it is an id."""
    rows = tuple(LabelClass(row.id, row.name, (row.id,), row.isthing) for row in categories if 0 <= row.id < 65535)
    void = scheme.void if all(row.index != scheme.void for row in rows) else 65535
    has_zero = any(row.index == 0 for row in rows)
    return LabelScheme("ids", rows, void, None if has_zero else 0)
