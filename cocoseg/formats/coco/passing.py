"""Passes the rows of a detection JSON through to another one: masks stay undecoded, and all other fields as they are.

Only ``id``, ``image_id`` and ``category_id`` are written anew, and only where they differ. A row keeps its bytes but
for line breaks between its values.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Raw

from cocoseg.errors import Problem, SampleError
from cocoseg.files.documents import NOT_A_NUMBER
from cocoseg.formats.coco.reader import sample
from cocoseg.formats.coco.rows import Annotation
from cocoseg.formats.coco.writer import Annotated
from cocoseg.formats.coco_json.about import compact, image_row
from cocoseg.formats.coco_json.categories import check_listed
from cocoseg.formats.coco_json.document import BETWEEN
from cocoseg.model import Category, Dataset, Entry, ImageId, Loader, Sample
from cocoseg.runs.writer import Converted

_VERSION = 2  # changes when the same input makes other texts
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ENCODER = msgspec.json.Encoder()
_WRONG = NOT_A_NUMBER.encode()


@dataclass(frozen=True, eq=False)
class Unread:
    """The annotations of an image, their masks undecoded.

    ``category_ids`` (n,) int64 and ``iscrowd`` (n,) bool are as in a Sample; ``entry`` is where they come from, and
    ``kept`` (n,) are their positions in it.
    """

    entry: Entry
    kept: npt.NDArray[np.intp]
    category_ids: npt.NDArray[np.int64]
    iscrowd: npt.NDArray[np.bool_]
    place: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """The name of the image in the data set."""
        return self.entry.key

    @property
    def image_id(self) -> ImageId:
        """The id of the image."""
        return self.entry.image_id

    @property
    def file_name(self) -> str:
        """The name of the photo."""
        return self.entry.file_name

    @property
    def row(self) -> Raw | None:
        """The image's row."""
        return self.entry.row

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        assert self.entry.size is not None
        return self.entry.size

    @property
    def rows(self) -> list[Annotation]:
        """The annotations."""
        return [self.entry.body[k] for k in self.kept.tolist()]

    @property
    def ids(self) -> list[Any]:
        """The ids of the annotations, for messages."""
        return [row.id for row in self.rows]

    def take(self, kept: npt.NDArray[np.intp]) -> Unread:
        """The annotations with these rising indices."""
        if len(kept) == len(self.kept):
            return self
        columns = self.kept[kept], self.category_ids[kept], self.iscrowd[kept]
        return replace(self, kept=columns[0], category_ids=columns[1], iscrowd=columns[2])

    def read(self) -> Sample:
        """The same annotations with their masks. Raises SampleError."""
        found = sample(self.entry, (), self.place).take(self.kept)
        return replace(found, category_ids=self.category_ids, iscrowd=self.iscrowd)


@dataclass(frozen=True)
class Passing:
    """Makes ``Unread`` of entries. Masks are decoded only to leave out those of less than ``min_area`` pixels."""

    min_area: int | None = None

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Unread:
        """Raises SampleError if masks are decoded."""
        rows: list[Annotation] = entry.body
        found = Unread(
            entry,
            np.arange(len(rows)),
            np.array([row.category_id for row in rows], np.int64),
            np.array([bool(row.iscrowd) for row in rows], np.bool_),
            place,
        )
        if self.min_area is None:
            return found
        read = sample(entry, files, place)
        return replace(found.take(np.flatnonzero(read.areas >= self.min_area)), problems=read.problems)


def can_pass(dataset: Dataset) -> bool:
    """Whether a data set is a detection JSON, read with its rows, whose masks nothing changes."""
    load = dataset.load
    plain = isinstance(load, Loader) and load.makes is sample and not load.changes
    return plain and dataset.conventions.ids != "picture"


def passing(dataset: Dataset, min_area: int | None = None) -> Dataset:
    """The data set, of which images are ``Unread``."""
    load: Any = dataset.load
    return replace(dataset, load=replace(load, makes=Passing(min_area), settings=f"{load.settings} passed {min_area}"))


@dataclass(frozen=True)
class PassedRows:
    """Converts ``Unread`` to the rows of a detection JSON; with ``numbered``, rows begin with an id to be replaced."""

    categories: frozenset[int]
    numbered: bool = False

    def __call__(self, found: Unread) -> Converted:
        """The rows of an image. Raises SampleError: ``id.unknown``, ``json.depth``."""
        if not self.categories.issuperset(found.category_ids.tolist()):
            check_listed(found, self.categories)  # type: ignore[arg-type]
        crowds = int(np.count_nonzero(found.iscrowd))
        try:
            texts = self._rows(found)
        except RecursionError:
            raise SampleError("json.depth", f"{found.place}: brackets are nested too deeply") from None
        image = image_row(found)  # type: ignore[arg-type]
        return Converted({}, Annotated(len(found.kept), crowds), (image, texts))

    def settings(self) -> bytes:
        """All settings that affect the rows."""
        return _ENCODER.encode(("passed", _VERSION, sorted(self.categories), self.numbered))

    def _rows(self, found: Unread) -> bytes:
        columns = zip(found.rows, found.category_ids.tolist(), found.iscrowd.tolist(), strict=True)
        image = found.image_id
        rows = [
            row.row
            if row.exact and row.category_id == category and row.iscrowd == crowd and row.image_id == image
            else _anew(row, {"id": row.id, "image_id": image, "category_id": category, "iscrowd": int(crowd)})
            for row, category, crowd in columns
        ]
        text = BETWEEN.join(rows)  # type: ignore[arg-type]
        if self.numbered or _is_odd(text, max(0, len(rows) - 1)):
            return BETWEEN.join([_strict(row, self.numbered) for row in rows])  # type: ignore[arg-type]
        return text


def _anew(row: Annotation, values: dict[str, Any]) -> Raw:
    """A row with these values; its own text if it has them."""
    assert row.row is not UNSET
    fields = _FIELDS.decode(row.row)
    if not values["iscrowd"] and "iscrowd" not in fields:  # that it is none need not be said
        del values["iscrowd"]
    if all(name in fields and bytes(fields[name]) == _ENCODER.encode(value) for name, value in values.items()):
        return row.row
    return Raw(_ENCODER.encode(fields | values))


def _is_odd(text: bytes, breaks: int = 0) -> bool:
    """Whether rows have further line breaks between their values, or values that JSON has not."""
    return text.count(b"\n") != breaks or b"\r" in text or _WRONG in text


def _strict(row: Raw | bytes, numbered: bool) -> bytes:
    """A row on one line, without values that JSON has not; ``numbered``: it begins with the id 0."""
    odd = _is_odd(bytes(row))
    if not odd and not numbered:
        return bytes(row)
    fields: dict[str, Any] = _FIELDS.decode(row)
    if odd:
        fields = {name: Raw(text) for name, text in compact(fields).items()}
    return _ENCODER.encode({"id": 0, **fields} | {"id": 0} if numbered else fields)


def with_ids(
    dataset: Dataset, taken: set[Any], next_id: int, zero: bool, dropped: Container[int] = ()
) -> tuple[int, list[tuple[Any, int]]]:
    """Give the annotations of a data set ids that are not ``taken``, which grows; returns the next id that is free.

    Also returns pairs of old and new ids. An annotation keeps its id where it is free; with ``zero``, 0 is not. Rows
    that are ``dropped``, by Python's ``id``, need none. The rows of the data set change, as a copy of them would take
    as much memory again.
    """
    table = []
    for row in _rows(dataset):
        if id(row) in dropped:
            continue
        if row.id is None or row.id in taken or (zero and row.id == 0):
            table.append((row.id, next_id))
            row.id, row.exact, next_id = next_id, False, next_id + 1
        else:
            taken.add(row.id)
    return next_id, table


def largest_id(dataset: Dataset) -> int:
    """The largest whole number among the ids of annotations, or 0."""
    return max((row.id for row in _rows(dataset) if isinstance(row.id, int)), default=0)


def _rows(dataset: Dataset) -> Iterator[Annotation]:
    return chain.from_iterable(rows_of(entry) for entry in dataset.entries if isinstance(entry, Entry))


def rows_of(entry: Entry) -> Iterable[Annotation]:
    """The annotations of an image, also of one that is made of others."""
    if isinstance(entry.body, Entry):
        return rows_of(entry.body)
    return chain.from_iterable(map(rows_of, entry.body)) if isinstance(entry.body, tuple) else entry.body


def listed_ids(categories: Sequence[Category]) -> frozenset[int]:
    """The ids of categories."""
    return frozenset(row.id for row in categories)
