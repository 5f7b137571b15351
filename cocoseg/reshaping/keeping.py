"""Which images of a data set stay: by their names, by what they hold, or as if drawn by chance."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, nearest, show
from cocoseg.files import places
from cocoseg.files.names import stem
from cocoseg.files.places import place
from cocoseg.files.reading import read_file
from cocoseg.model import Category, Dataset, Entry, Refused
from cocoseg.model.parts import fraction, name_of
from cocoseg.reshaping.held import holds
from cocoseg.runs.tally import counted

_FEW = 3


class Kept(NamedTuple):
    """A data set, and what is to be said of what was left out."""

    dataset: Dataset
    notes: list[str]
    problems: list[Problem]


def chosen(wanted: str, categories: Sequence[Category], source: str) -> frozenset[int]:
    """The ids of the classes with these names. Raises UsageError ``usage.classes`` for a name that no class has."""
    names = [wanted] if any(row.name == wanted for row in categories) else [n.strip() for n in wanted.split(",")]
    known = {row.name for row in categories}
    if unknown := next((name for name in names if name not in known), None):
        near = nearest(unknown, known)
        some = ", ".join(map(show, sorted(known)[:10])) + (", ..." if len(known) > 10 else "")
        raise UsageError("usage.classes", f"{source}: no class is called {show(unknown)}; {near or f'it has {some}'}")
    return frozenset(row.id for row in categories if row.name in names)


def selected(dataset: Dataset, wanted: str) -> Kept:
    """The images that a list file names, by any part of their names that is theirs alone, or that match a pattern.

    Raises UsageError ``usage.images`` if no image does, DocumentError for a list that cannot be read.
    """
    if places.is_file(place(wanted)):
        return _listed(dataset, place(wanted))
    is_path = wanted.endswith(".txt") and not any(letter in wanted for letter in "*?[")
    if is_path:
        raise DocumentError("file.missing", f"images: {show(wanted, 300)} does not exist; expected a list of names")
    return _kept(dataset, lambda entry: any(fnmatchcase(name, wanted) for name in _names(entry)), wanted, [])


def _listed(dataset: Dataset, path: str) -> Kept:
    if path.lower().endswith(".json"):
        text = f"images: {show(path, 300)} is a JSON, expected a list of names, one in each line"
        raise UsageError("usage.images", f"{text}; --images-from takes the JSON that lists the images of SRC")
    lines = _lines(path)
    whole, spelled = _owners(dataset, _names), _owners(dataset, _spellings)
    tried = ((whole.get(line), spelled.get(line), spelled.get(stem(line))) for line in lines)
    found = {line: next(filter(None, own), set()) for line, own in zip(lines, tried, strict=True)}
    if many := next((line for line, own in found.items() if len(own) > 1), None):
        some = " and ".join(show(name_of(dataset.entries[k])) for k in sorted(found[many])[:2])
        raise UsageError("usage.images", f"{show(path, 300)}: {show(many)} may be {some}; write it with its folder")
    kept = {k for own in found.values() for k in own}
    missing = [line for line, own in found.items() if not own]
    problems = [_missing(path, missing)] if missing else []
    numbers = {id(dataset.entries[k]) for k in kept}
    return _kept(dataset, lambda entry: id(entry) in numbers, path, problems)


def _owners(dataset: Dataset, names: Callable[[Entry | Refused], Iterable[str]]) -> dict[str, set[int]]:
    """The positions of the images that have each name."""
    found: dict[str, set[int]] = {}
    for k, entry in enumerate(dataset.entries):
        for name in names(entry):
            found.setdefault(name, set()).add(k)
    return found


def _lines(path: str) -> list[str]:
    """The names in a list. Raises DocumentError."""
    try:
        text = read_file(path).decode("utf-8-sig", "replace")
    except SampleError as error:
        raise DocumentError(error.category, f"images: {error.message}") from None
    return list(dict.fromkeys(line.strip().removeprefix("./") for line in text.splitlines() if line.strip()))


def _missing(path: str, missing: Sequence[str]) -> Problem:
    some = ", ".join(map(show, missing[:_FEW])) + (", ..." if len(missing) > _FEW else "")
    return Problem("subset.missing", f"{show(path, 300)}: {counted(len(missing), 'name')} of no image: {some}")


def _kept(dataset: Dataset, keep: Callable[[Entry | Refused], bool], wanted: str, problems: list[Problem]) -> Kept:
    kept = [k for k, entry in enumerate(dataset.entries) if keep(entry)]
    if not kept:
        example = show(_names(dataset.entries[0])[0]) if len(dataset) else "none"
        text = f"{dataset.source}: images {show(wanted, 300)} names no image; they are called as {example}"
        raise UsageError("usage.images", text)
    return Kept(dataset.take(kept), [], problems)


def _names(entry: Entry | Refused) -> list[str]:
    names = [name for name in (getattr(entry, "file_name", ""), entry.key) if name]
    return names or [entry.where]


def _spellings(entry: Entry | Refused) -> set[str]:
    """What a list may call an image: its names whole, without folders, without endings."""
    names = _names(entry)
    whole = {*names, *map(posixpath.basename, names)}
    return whole | set(map(stem, whole))


def without_empty(dataset: Dataset) -> Kept:
    """The images in which there is a segment, and those that are refused."""
    kept = [k for k, entry in enumerate(dataset.entries) if holds(dataset, entry) != frozenset()]
    left = len(dataset) - len(kept)
    notes = [f"left out {counted(left, 'image')} in which nothing is left"] if left else []
    return Kept(dataset.take(kept), notes, [])


def sampled(dataset: Dataset, number: int, empty: bool = True) -> Kept:
    """So many images, those whose names come first in an order that is like chance, and in the order they had.

    Without ``empty``, only those in which there is a segment.
    """
    order = sorted(range(len(dataset)), key=lambda k: (fraction(name_of(dataset.entries[k])), k))
    usable: Iterable[int] = (k for k in order if empty or holds(dataset, dataset.entries[k]) != frozenset())
    kept = sorted(islice(usable, number))
    return Kept(dataset.take(kept), [f"{counted(len(kept), 'image')} of {len(dataset):,}, chosen by their names"], [])
