"""A second source that is the validation part of the first one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cocoseg.errors import UsageError, show
from cocoseg.files.places import place
from cocoseg.files.urls import is_web
from cocoseg.formats import FORMATS
from cocoseg.formats.detect import recognise
from cocoseg.model import Dataset
from cocoseg.options import Reading, part
from cocoseg.options import given as changed
from cocoseg.reshaping.changes import Renumber, with_change
from cocoseg.runs.tally import counted
from cocoseg.tools.sources import Source

_OF_SRC = ("png_dir", "images", "instances", "split", "photos")  # which name files of the first source
_ANY = ("all_classes", "crowd_as_things", "max_pixels", "source_format")  # of every format


def read_validation(given: Any) -> tuple[Dataset, list[str]]:
    """The second source, and its files. Raises DocumentError, LabelError, UsageError."""
    source = Source(given["val"], _reading(given))
    dataset = source.read()
    return dataset, source.files(dataset)


def _reading(given: Any) -> Reading:
    """The reading options of the first source that the second one has too, and its own folder of photos."""
    own = changed(Reading, part(Reading, given))
    name = own.get("source_format") or recognise(place(given["val"])).format or "coco"
    known = FORMATS[name].options if name in FORMATS else ()
    kept = {key: value for key, value in own.items() if key in (*known, *_ANY) and key not in _OF_SRC}
    photos = given["val_photos"] or given["photos"]
    sized = photos is not None and "photos" in known and not is_web(place(photos))
    return part(Reading, kept | ({"photos": photos} if sized else {}))


def matched(dataset: Dataset, first: Dataset) -> Dataset:
    """The data set with the classes of the ``first``, by name. Raises UsageError ``usage.val`` if these differ."""
    ours, theirs = ([row.name for row in one.categories] for one in (first, dataset))
    if set(ours) != set(theirs):
        raise UsageError("usage.val", f"{_difference(first, dataset)}; both need the same classes, by name")
    ids = {row.name: row.id for row in first.categories}
    moved = {row.id: ids[row.name] for row in dataset.categories}
    if [row.id for row in dataset.categories if moved[row.id] != row.id]:
        if len(ids) < len(ours) or len(set(theirs)) < len(theirs):
            twice = next(name for name in (*ours, *theirs) if ours.count(name) > 1 or theirs.count(name) > 1)
            text = f"{first.source} and {dataset.source} have other ids, and several classes {show(twice)}"
            raise UsageError("usage.val", f"{text}; give each class a name of its own")
        dataset = with_change(dataset, Renumber(tuple(moved.items())))
    return replace(dataset, categories=first.categories)


def _difference(first: Dataset, dataset: Dataset) -> str:
    ours, theirs = ([row.name for row in one.categories] for one in (first, dataset))
    lacks = [name for name in ours if name not in theirs]
    more = [name for name in theirs if name not in ours]
    said = [f"{verb} {_some(names)}" for verb, names in (("lacks", lacks), ("has also", more)) if names]
    return f"{dataset.source} {' and '.join(said)}, unlike {first.source}"


def _some(names: list[str]) -> str:
    some = ", ".join(map(show, names[:3]))
    return f"{some} and {len(names) - 3} more" if len(names) > 3 else some


def in_both(dataset: Dataset, validation: Dataset, one_folder: bool) -> list[str]:
    """A note about names that are in both. Raises UsageError ``usage.val`` if all files lie in ``one_folder``."""
    keys = {entry.key for entry in dataset.entries if entry.key}
    twice = [entry.key for entry in validation.entries if entry.key in keys]
    if not twice:
        return []
    text = f"{counted(len(twice), 'name')} in both SRC and VAL, as {show(twice[0])}"
    if one_folder:
        raise UsageError("usage.val", f"{text}; VOC has one folder for all, so rename the images of one source")
    return [f"{text}; 'cocoseg check SRC VAL' says whether they are the same images"]
