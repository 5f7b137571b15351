"""Passes the rows of a detection JSON through to another one: masks stay undecoded, and all other fields as they are.

Only ``id``, ``image_id`` and ``category_id`` are written anew, and only where they differ. A row keeps its bytes but
for line breaks between its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Raw, UnsetType

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

_VERSION = 1  # changes when the same input makes other texts
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
            texts = BETWEEN.join(self._rows(found))
        except RecursionError:
            raise SampleError("json.depth", f"{found.place}: brackets are nested too deeply") from None
        image = image_row(found)  # type: ignore[arg-type]
        return Converted({}, Annotated(len(found.kept), crowds), (image, texts))

    def settings(self) -> bytes:
        """All settings that affect the rows."""
        return _ENCODER.encode(("passed", _VERSION, sorted(self.categories), self.numbered))

    def _rows(self, found: Unread) -> Iterable[bytes]:
        image = _ENCODER.encode(found.image_id)
        columns = zip(found.rows, found.category_ids.tolist(), found.iscrowd.tolist(), strict=True)
        for row, category, crowd in columns:
            assert row.row is not UNSET
            own = b"0" if self.numbered else _ENCODER.encode(row.id)
            yield _row(row.row, own, image, b"%d" % category, b"%d" % crowd, self.numbered)


class _Written(msgspec.Struct, gc=False):
    """The fields of a row that may be written anew, as their text."""

    id: Raw | UnsetType = UNSET
    image_id: Raw | UnsetType = UNSET
    category_id: Raw | UnsetType = UNSET
    iscrowd: Raw | UnsetType = UNSET


_WRITTEN = msgspec.json.Decoder(_Written)


def _row(raw: Raw, own: bytes, image: bytes, category: bytes, crowd: bytes, id_first: bool) -> bytes:
    """A row with these values; its own bytes if they are its values."""
    said, data = _WRITTEN.decode(raw), bytes(raw)
    is_crowd = said.iscrowd is UNSET or bytes(said.iscrowd) == crowd
    values = ((said.id, own), (said.image_id, image), (said.category_id, category))
    same = is_crowd and all(text is not UNSET and bytes(text) == value for text, value in values)
    odd = b"\n" in data or b"\r" in data or _WRONG in data
    if same and not odd and not id_first:
        return data
    fields = _FIELDS.decode(raw)
    made = {"id": Raw(own), **fields} if id_first else fields
    made |= {"id": Raw(own), "image_id": Raw(image), "category_id": Raw(category)}
    made |= {} if is_crowd else {"iscrowd": Raw(crowd)}
    return _ENCODER.encode({name: Raw(text) for name, text in compact(made).items()} if odd else made)


def with_ids(dataset: Dataset, taken: set[Any], next_id: int, zero: bool) -> tuple[int, list[tuple[Any, int]]]:
    """Give the annotations of a data set ids that are not ``taken``, which grows; returns the next id that is free.

    Also returns pairs of old and new ids. An annotation keeps its id where it is free; with ``zero``, 0 is not. The
    rows of the data set change, as a copy of them would take as much memory again.
    """
    table = []
    for row in (row for entry in dataset.entries if isinstance(entry, Entry) for row in entry.body):
        if row.id is None or row.id in taken or (zero and row.id == 0):
            table.append((row.id, next_id))
            row.id, next_id = next_id, next_id + 1
        else:
            taken.add(row.id)
    return next_id, table


def largest_id(dataset: Dataset) -> int:
    """The largest whole number among the ids of annotations, or 0."""
    rows = (row for entry in dataset.entries if isinstance(entry, Entry) for row in entry.body)
    return max((row.id for row in rows if isinstance(row.id, int)), default=0)


def listed_ids(categories: Sequence[Category]) -> frozenset[int]:
    """The ids of categories."""
    return frozenset(row.id for row in categories)
