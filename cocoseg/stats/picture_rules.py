"""The findings about pictures that are there more than once: in one source, or in both of two."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.errors import show
from cocoseg.model import Category
from cocoseg.runs.tally import counted
from cocoseg.stats.findings import Finding, Side, classes, some

Ints = npt.NDArray[np.int64]


def picture_rules(side: Side) -> Iterator[Finding]:
    """Pictures that are twice in a source: by the bytes of the photo, or else by the label."""
    rows = side.statistics.kept_rows
    identity = _identity(rows)
    groups = _groups(identity)
    conflicting = [group for group in groups if len(np.unique(rows["label"][group])) > 1]
    plain = [group for group in groups if len(np.unique(rows["label"][group])) == 1]
    for kind, found, what in (
        ("picture.conflict", conflicting, "with the photo of another one, but a different label"),
        ("picture.twice", plain, "with the {} of another one"),
    ):
        if found:
            count = sum(len(group) - 1 for group in found)
            how = "photo and the label" if rows["photo"].any() else "label"
            text = f"{counted(count, 'image')} {what.format(how)}"
            yield Finding(kind, text, count, *some(found, lambda group: _same(side.keys(group.tolist()))))


def split_rules(first: Side, second: Side) -> Iterator[Finding]:
    """What two sources, such as those of training and of validation, should not share, and what they should."""
    pairs = shared(first, second)
    yield from _shared(first, second, pairs)
    yield from _called(first, second, {there for _, there in pairs})
    yield from _names(first, second)
    for one, other in ((second, first), (first, second)):
        yield from _only(one, other)


def _shared(first: Side, second: Side, pairs: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Images that are in both."""
    if pairs:
        of = f"{len(pairs):,} of {counted(second.statistics.images, 'image')} of {second.name}"
        said = some(pairs, lambda pair: _same(list(dict.fromkeys(pair))))
        yield Finding("split.shared", f"{of} are in {first.name} too", len(pairs), *said)


def shared(first: Side, second: Side) -> list[tuple[str, str]]:
    """The images of the second side that the first one has too, by their names in the first and in the second."""
    ones, others = first.statistics.kept_rows, second.statistics.kept_rows
    if ones["photo"].any() != others["photo"].any():  # with the photos of one side alone, only labels can be compared
        ones, others = _without_photos(ones), _without_photos(others)
    ours, theirs = _identity(ones), _identity(others)
    values, places = np.unique(ours, return_index=True)
    found = np.flatnonzero((theirs > 0) & np.isin(theirs, values))
    same = places[np.searchsorted(values, theirs[found])]
    return sorted(zip(first.keys(same.tolist()), second.keys(found.tolist()), strict=True))


def _without_photos(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    rows = rows.copy()
    rows["photo"] = 0
    return rows


def _called(first: Side, second: Side, known: Collection[str]) -> Iterator[Finding]:
    """Images that may be in both by their names and sizes, as not both have a photo; ``known`` ones are."""
    ours, theirs = _by_name(first), _by_name(second)
    both = [name for name in theirs if name in ours and name[0] not in known]
    names = [name for name in both if not (ours[name] and theirs[name])]
    if names:
        of = f"{len(names):,} of {counted(second.statistics.images, 'image')} of {second.name}"
        what = f"have the name and size of one in {first.name}, and no photos tell whether they are the same"
        said = some(names, lambda name: show(name[0]))
        yield Finding("split.name", f"{of} {what} (--photos names their folder)", len(names), *said)


def _by_name(side: Side) -> dict[tuple[str, int, int], bool]:
    """Whether an image has a photo, by its name and size."""
    rows = side.statistics.kept_rows
    columns = (rows[name].tolist() for name in ("height", "width"))
    named = zip((entry.key for entry in side.dataset.entries), *columns, strict=False)
    return {name: bool(photo) for name, photo in zip(named, rows["photo"] > 0, strict=False) if name[0] and name[1]}


def _names(first: Side, second: Side) -> Iterator[Finding]:
    """Category ids that mean different things."""
    names = {row.id: row.name for row in first.dataset.categories}
    pairs = [(row, names[row.id]) for row in second.dataset.categories if names.get(row.id, row.name) != row.name]
    if pairs:
        what = "category ids that have another name in the other source"
        yield Finding("split.names", what, len(pairs), *some(pairs, _two_names))


def _two_names(pair: tuple[Category, str]) -> str:
    return f"{pair[0].id} is {show(pair[1])} and {show(pair[0].name)}"


def _only(side: Side, other: Side) -> Iterator[Finding]:
    """Classes that only one of them shows, by their names."""
    here, there = _shown(side), _shown(other)
    if there and (only := [name for name in here if name not in there]):
        what = f"{classes(len(only))} with pixels in {side.name}, but not in {other.name}"
        yield Finding("split.only", what, len(only), *some(only, show), source=side.name)


def _shown(side: Side) -> dict[str, None]:
    """The names of classes that have a pixel."""
    known = side.statistics.classes
    return {row.name: None for row in side.dataset.categories if row.id in known and known[row.id].images}


def _identity(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A number for each picture (n,): equal where the photo is, or else the label; 0 where nothing tells."""
    return np.where(rows["photo"] > 0, rows["photo"], np.where(rows["plain"], 0, rows["label"]))


def _groups(identity: npt.NDArray[np.uint64]) -> list[Ints]:
    """The positions of pictures that are equal, for each that is there more than once, in order."""
    values, counts = np.unique(identity, return_counts=True)
    repeated = values[(counts > 1) & (values > 0)]
    found = np.flatnonzero(np.isin(identity, repeated))
    found = found[np.argsort(identity[found], kind="stable")]
    groups = np.split(found, np.flatnonzero(np.diff(identity[found])) + 1) if len(found) else []
    return sorted(groups, key=lambda group: int(group[0]))


def _same(keys: Sequence[str]) -> str:
    return " = ".join(map(show, keys[:3])) + (" = ..." if len(keys) > 3 else "")
