"""The classes of several data sets as one list: the same by name, under ids that stay where they are free."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, show
from cocoseg.files.documents import read_document
from cocoseg.files.places import StrPath, place
from cocoseg.files.reading import read_file
from cocoseg.labels.presets import is_thing
from cocoseg.model import Category, Dataset
from cocoseg.reshaping.changes import Renumber


@dataclass
class Classes:
    """The list of all classes, and for each data set the id that each of its categories gets.

    ``crowded`` are the categories of each data set that are stuff there and things in the list.
    """

    categories: list[Category] = field(default_factory=list)
    ids: list[dict[int, int]] = field(default_factory=list)
    crowded: list[tuple[int, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def change(self, number: int) -> Renumber:
        """What becomes of the samples of a data set."""
        return Renumber(tuple(self.ids[number].items()), self.crowded[number])

    def joins(self, number: int) -> bool:
        """Whether two categories of a data set became one."""
        return len(set(self.ids[number].values())) < len(self.ids[number])

    def table(self, sources: Sequence[str], datasets: Sequence[Dataset]) -> list[dict[str, Any]]:
        """What became of each category, for the report."""
        names = {row.id: row.name for row in self.categories}
        return [
            {"source": source, "id": row.id, "name": row.name, "new_id": ids[row.id], "new_name": names[ids[row.id]]}
            for source, dataset, ids in zip(sources, datasets, self.ids, strict=True)
            for row in dataset.categories
        ]


def read_new_names(path: StrPath) -> dict[str, str]:
    """New names of classes by their old ones, from a JSON object or a CSV of two columns. Raises DocumentError."""
    source = place(path)
    if source.lower().endswith(".json"):
        found: dict[str, str] = read_document(source, dict[str, str])
        return found
    try:
        text = read_file(source).decode("utf-8-sig")
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    except UnicodeDecodeError as error:
        raise DocumentError("json.encoding", f"{source}: is not UTF-8 ({error})") from None
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if wrong := next((number for number, row in enumerate(rows, 1) if len(row) != 2), None):
        shown = show(",".join(rows[wrong - 1]))
        raise DocumentError("doc.type", f"{source}: row {wrong} is {shown}, expected a name and its new name")
    return {old.strip(): new.strip() for old, new in rows}


def united(datasets: Sequence[Dataset], new_names: Mapping[str, str]) -> Classes:
    """The classes of all data sets by name, after they were renamed.

    Raises UsageError: ``merge.classes`` for names that differ in case only, or that a data set has twice and another
    one too; ``usage.classes`` for a new name of a class that no data set has.
    """
    _check_known(datasets, new_names)
    found = Classes()
    taken = {row.id for dataset in datasets for row in dataset.categories}
    owners: dict[str, str] = {}  # the first source of each name
    for dataset in datasets:
        renamed = [replace(row, name=new_names.get(row.name, row.name)) for row in dataset.categories]
        _check_case(renamed, owners, dataset.source)
        found.ids.append(_placed(found, renamed, dataset, set(new_names.values()), taken))
        for row in renamed:
            owners.setdefault(row.name, dataset.source)
    _settle_kinds(found, datasets)
    return found


def _check_known(datasets: Sequence[Dataset], new_names: Mapping[str, str]) -> None:
    known = {row.name for dataset in datasets for row in dataset.categories}
    if unknown := next((name for name in new_names if name not in known), None):
        some = ", ".join(map(show, sorted(known)[:10])) + (", ..." if len(known) > 10 else "")
        raise UsageError("usage.classes", f"classes renames {show(unknown)}, which no source has; they have {some}")


def _check_case(rows: Sequence[Category], owners: Mapping[str, str], source: str) -> None:
    folded = {name.casefold(): name for name in owners}
    pairs = [(folded[row.name.casefold()], row.name) for row in rows if row.name.casefold() in folded]
    pairs = [(other, name) for other, name in pairs if name not in owners]
    if not pairs:
        return
    other, name = pairs[0]
    more = f", and so do {', '.join(f'{show(a)} and {show(b)}' for a, b in pairs[1:4])}" if len(pairs) > 1 else ""
    more += f" and {len(pairs) - 4} more" if len(pairs) > 4 else ""
    text = f"{show(other)} in {owners[other]} and {show(name)} in {source} differ in case only{more}"
    advice = f"if they are one class, say so with --classes FILE that renames {show(name)}"
    raise UsageError("merge.classes", f"{text}; {advice}, or give one another name")


def _placed(
    found: Classes, rows: Sequence[Category], dataset: Dataset, joined: set[str], taken: set[int]
) -> dict[int, int]:
    """The ids that the categories of a data set get; new ones are added to the list."""
    before = {row.name: row for row in found.categories}
    known = [row.name for row in found.categories]
    ids: dict[int, int] = {}
    own: dict[str, int] = {}
    for row in rows:
        if (twice := row.name in own and row.name not in joined) and row.name in before:
            text = f"{dataset.source} has several classes {show(row.name)}, and another source has one"
            raise UsageError("merge.classes", f"{text}; rename them in the source, or all of them with --classes")
        if row.name in before and known.count(row.name) > 1:
            text = f"{dataset.source} has a class {show(row.name)}, and another source has several"
            raise UsageError("merge.classes", f"{text}; rename them in the source, or all of them with --classes")
        if row.name in own and not twice:
            ids[row.id] = own[row.name]
            continue
        if row.name in before:
            _complete(found, before[row.name], row)
            ids[row.id] = before[row.name].id
        else:
            ids[row.id] = _enter(found, row, taken)
        own[row.name] = ids[row.id]
    return ids


def _enter(found: Classes, row: Category, taken: set[int]) -> int:
    """Add a category to the list, under its own id if that is free."""
    free = row.id not in {other.id for other in found.categories}
    new = row.id if free else max(taken) + 1
    taken.add(new)
    kept = row if free else replace(row, id=new, isthing=is_thing(row), merged=None)
    found.categories.append(kept)
    return new


def _complete(found: Classes, first: Category, other: Category) -> None:
    """Fill what a category of the list lacks from another of its name."""
    number = next(k for k, row in enumerate(found.categories) if row.id == first.id)
    row = found.categories[number]
    found.categories[number] = replace(
        row,
        isthing=is_thing(row) if is_thing(row) is not None else is_thing(other),
        color=row.color or other.color,
        supercategory=row.supercategory or other.supercategory,
        merged=row.merged if row.merged == other.merged else None,
        unused_root=row.unused_root and other.unused_root,
        ignored=row.ignored and other.ignored,
    )


def _kind(row: Category, dataset: Dataset) -> bool | None:
    """Whether a category is a thing: if it does not say, it is one, but in class maps, where nobody knows."""
    said = is_thing(row)
    return None if said is None and dataset.conventions.grouped else said is not False


def _settle_kinds(found: Classes, datasets: Sequence[Dataset]) -> None:
    """Make a class a thing where one source has it so, and crowds of the segments of those that call it stuff."""
    kinds: dict[int, list[bool | None]] = {row.id: [] for row in found.categories}
    for dataset, ids in zip(datasets, found.ids, strict=True):
        for row in dataset.categories:
            kinds[ids[row.id]].append(_kind(row, dataset))
    split = {id for id, said in kinds.items() if True in said and False in said}
    found.categories = [replace(row, isthing=True) if row.id in split else row for row in found.categories]
    for dataset, ids in zip(datasets, found.ids, strict=True):
        stuff = [row for row in dataset.categories if ids[row.id] in split and is_thing(row) is False]
        found.crowded.append(tuple(row.id for row in stuff))
        if stuff:
            some = ", ".join(show(row.name) for row in stuff[:3]) + (", ..." if len(stuff) > 3 else "")
            text = f"{some} {'is' if len(stuff) == 1 else 'are'} stuff here and things in another source"
            found.problems.append(Problem("merge.kind", f"{dataset.source}: {text}; the segments here become crowds"))
