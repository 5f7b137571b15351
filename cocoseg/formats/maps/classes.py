"""Maps the values of a label picture to categories, and makes its segments: one per class or one per thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ID_LIMIT
from cocoseg.codecs.regions import Regions
from cocoseg.errors import Problem, SampleError
from cocoseg.files.digests import digest
from cocoseg.labels.presets import is_thing
from cocoseg.model import Category, Entry, Sample

NUMBERS = 1 << 16  # of values, and of instances
_UNKNOWN = -1  # column of a value that stands for nothing


@dataclass(frozen=True)
class Values:
    """The categories that values stand for: ``rows`` are (value, index of its column); ``silent`` values are void.

    It holds pairs, not a table of all values, because it is sent to workers with each part. The columns are in the
    order of ``category_ids``. Messages call a value by ``name``, and end with ``advice`` about those that are unknown.
    """

    name: str
    rows: tuple[tuple[int, int], ...]
    silent: tuple[int, ...]
    category_ids: tuple[int, ...]
    isthing: tuple[bool | None, ...]
    advice: str = "list it, or make these pixels void in the picture"

    @classmethod
    def of(cls, name: str, categories: Iterable[tuple[int, Category]], silent: Iterable[int]) -> Values:
        """From (value, category). If a category has no ``isthing``, COCO's tables decide."""
        ranked = sorted(categories, key=lambda pair: pair[1].id)
        rows = {value: row for row, (value, _) in enumerate(ranked) if 0 <= value < NUMBERS}
        return cls(
            name,
            tuple(rows.items()),
            tuple(value for value in silent if value not in rows),
            tuple(category.id for _, category in ranked),
            tuple(is_thing(category) for _, category in ranked),
        )

    @cached_property
    def digest(self) -> str:
        """A digest of the values and their categories."""
        return digest(msgspec.json.encode((self.rows, self.silent, self.category_ids, self.isthing)))

    def with_things(self, numbered: Collection[int]) -> Values:
        """The values, where those that have numbered instances are things unless their category says otherwise."""
        things = {row for value, row in self.rows if value in numbered}
        isthing = tuple(True if row in things and known is None else known for row, known in enumerate(self.isthing))
        return replace(self, isthing=isthing)

    @property
    def nothing(self) -> int:
        """The index after the last column, which stands for void."""
        return len(self.category_ids)

    def find(self, values: npt.NDArray[Any], lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Runs of values (R,), (R,) -> the indices of their columns (R,). Raises SampleError ``id.unknown``."""
        found: npt.NDArray[np.intp] = _table(self.rows, self.silent, self.nothing)[values]
        if found.min(initial=0) == _UNKNOWN:
            raise self._unknown(values, lengths, found == _UNKNOWN)
        return found

    def problems(self, values: npt.NDArray[Any], lengths: npt.NDArray[np.intp], place: str) -> tuple[Problem, ...]:
        """What is to be said of a picture whose runs (R,), (R,) were found; nothing where values mean what they are."""
        return ()

    def _unknown(
        self, values: npt.NDArray[Any], lengths: npt.NDArray[np.intp], strange: npt.NDArray[np.bool_]
    ) -> SampleError:
        pixels = np.bincount(values[strange], weights=lengths[strange])
        found = np.flatnonzero(pixels).tolist()
        some = ", ".join(f"{value} ({int(pixels[value])} pixels)" for value in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        text = f"the PNG has {some}{more}, which is not a {self.name}; {self.advice}"
        return SampleError("id.unknown", text)


@lru_cache(8)
def _table(rows: tuple[tuple[int, int], ...], silent: tuple[int, ...], nothing: int) -> npt.NDArray[np.intp]:
    """The index of the column for every possible value: (65536,)."""
    table = np.full(NUMBERS, _UNKNOWN, np.intp)
    table[list(silent)] = nothing
    table[[value for value, _ in rows]] = [row for _, row in rows]
    return table


class Numbered(NamedTuple):
    """Runs of a picture: the indices of their columns in ``Values``, instance numbers and lengths, (R,) each.

    ``void`` (R,) are those that the picture marks as void, ``crowd`` (R,) those that it marks as crowds. With
    ``by_column``, they run down columns.
    """

    rows: npt.NDArray[np.intp]
    numbers: npt.NDArray[np.integer[Any]]
    lengths: npt.NDArray[np.intp]
    void: npt.NDArray[np.bool_] | None = None
    by_column: bool = False
    crowd: npt.NDArray[np.bool_] | None = None


def class_sample(
    entry: Entry,
    place: str,
    size: tuple[int, int],
    values: Values,
    rows: npt.NDArray[np.intp],
    lengths: npt.NDArray[np.intp],
    void: npt.NDArray[np.bool_] | None = None,
) -> Sample:
    """A segment for each category among the runs (R,), (R,). Unless it is stuff, it is a crowd of unknown number.

    The ids are the category ids if all of them fit a panoptic picture, otherwise 1, 2 and so on.
    """
    found, segments = _renumbered(rows, values.nothing)
    category_ids, _ = _columns(values, found)
    good = all(0 < category < ID_LIMIT for category in values.category_ids)
    ids = category_ids if good else np.arange(1, len(found) + 1)
    regions = Regions(size, len(found), segments, lengths, void=void)
    stuff = np.array([isthing is False for isthing in values.isthing], np.bool_)
    return _sample(entry, place, ids, category_ids, ~stuff[found], regions)


def thing_sample(
    entry: Entry,
    place: str,
    size: tuple[int, int],
    values: Values,
    runs: Numbered,
    zero_is_crowd: bool,
    join: Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]] | None = None,
) -> Sample:
    """A segment for each category and instance number among the runs; stuff has one segment per category.

    The ids are 1, 2 ... by category and number, or ``join(values, numbers)``.
    With ``zero_is_crowd``, number 0 of a thing is a crowd. A category that
    has another number in the picture is of things, unless it is stuff.
    """
    stuff = np.array([isthing is False for isthing in (*values.isthing, False)], np.bool_)  # void as well
    numbers = np.where(stuff[runs.rows], 0, runs.numbers)
    width = int(numbers.max(initial=0)) + 1
    pairs, segments = _renumbered(runs.rows * width + numbers, values.nothing * width)
    rows = pairs // width
    category_ids, things = _columns(values, rows)
    things |= np.isin(rows, rows[pairs % width > 0])
    iscrowd = things & ((pairs % width == 0) & zero_is_crowd | _marked(runs.crowd, segments, len(pairs)))
    regions = Regions(size, len(pairs), segments, runs.lengths, runs.by_column, runs.void)
    ids = np.arange(1, len(pairs) + 1) if join is None else _joined(values, join, rows, pairs % width)
    return _sample(entry, place, ids, category_ids, iscrowd, regions)


def _marked(crowd: npt.NDArray[np.bool_] | None, segments: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.bool_]:
    """Which segments (n,) have a run that is marked as a crowd."""
    marked = np.zeros(count + 1, np.bool_)
    if crowd is not None:
        marked[segments[crowd]] = True
    return marked[:-1]


def _joined(
    values: Values,
    join: Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]],
    rows: npt.NDArray[np.intp],
    numbers: npt.NDArray[Any],
) -> npt.NDArray[np.int64]:
    """The ids of segments: the numbers of their pixels, but for 0, which is no id: it gets the highest id and one.

    If two segments would have the same id, all are numbered anew.
    """
    value_of = {row: value for value, row in values.rows}
    ids = join(np.array([value_of[row] for row in rows.tolist()], np.int64), numbers.astype(np.int64))
    ids = np.where(ids == 0, ids.max(initial=0) + 1, ids)
    return ids if len(np.unique(ids)) == len(ids) else np.arange(1, len(ids) + 1)


def _renumbered(codes: npt.NDArray[np.intp], nothing: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Codes of runs (R,) -> the codes that occur, ascending (n,), and their index for each run, n for nothing.

    ``nothing`` is the highest code. A table of all codes is small; sorting the runs takes five times as long.
    """
    seen = np.zeros(nothing + 1, np.bool_)
    seen[codes] = True
    found = np.flatnonzero(seen[:-1])
    indices = np.empty(nothing + 1, np.intp)
    indices[found] = np.arange(len(found))
    indices[nothing] = len(found)
    return found, indices[codes]


def _columns(values: Values, rows: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The category ids of segments (n,), and whether each is known to be a thing (n,)."""
    things = np.array([isthing is True for isthing in values.isthing], np.bool_)
    return np.array(values.category_ids, np.int64)[rows], things[rows]


def _sample(
    entry: Entry,
    place: str,
    ids: npt.NDArray[np.int64],
    category_ids: npt.NDArray[np.int64],
    iscrowd: npt.NDArray[np.bool_],
    regions: Regions,
) -> Sample:
    return Sample(
        entry.key,
        entry.image_id,
        ids,
        category_ids=category_ids,
        iscrowd=iscrowd,
        shapes=regions,
        place=place,
        file_name=entry.file_name,
        row=entry.row,
    )
