"""The record in the middle: every format is read into it, every target made from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import overlap, rle
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs
from cocoseg.errors import Problem, SampleError

if TYPE_CHECKING:
    from msgspec import Raw

ImageId = int | str
T = TypeVar("T")


@dataclass(frozen=True)
class Category:
    """A category as a file lists it. ``id`` is the file's number, not a class index; None is "the file is silent".

    ``merged`` are the categories that a class map knows as this one alone: several, or none, as for background.
    """

    id: int
    name: str
    isthing: bool | None = None
    color: tuple[int, int, int] | None = None
    supercategory: str | None = None
    merged: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """The annotation of one image: n segments as parallel columns, and their shapes.

    ``key`` is unique in the data set and safe as a relative file name, ``ids`` (n,) int64, ``category_ids`` (n,) int64,
    ``iscrowd`` (n,) bool, ``scores`` (n,) float64 where the file has them. ``shapes`` are ``Regions``, a picture
    in which every pixel belongs to one segment or none, or ``Runs``, masks that may overlap. ``place`` says where it
    was read, for messages; ``problems`` what is odd about it but does no harm. ``file_name`` is what the file calls the
    photo, or the picture of labels where it names no photo; ``row`` is all that a JSON says of the image, undecoded.
    """

    key: str
    image_id: ImageId
    ids: npt.NDArray[np.int64]
    category_ids: npt.NDArray[np.int64]
    iscrowd: npt.NDArray[np.bool_]
    shapes: Regions | Runs
    place: str = ""
    problems: tuple[Problem, ...] = ()
    scores: npt.NDArray[np.float64] | None = None
    file_name: str = ""
    row: Raw | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.shapes.size

    @property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n,) int64: pixels of each segment."""
        return self.shapes.areas[:-1] if isinstance(self.shapes, Regions) else rle.area(self.shapes)

    @property
    def runs(self) -> Runs:
        """The segments as COCO run lengths, down the columns: n masks."""
        if isinstance(self.shapes, Runs):
            return self.shapes
        count = self.shapes.count
        numbers = np.arange(count, dtype=np.min_scalar_type(count))
        return rle.encode_numbers(self.shapes.paint(numbers, outside=count), count)

    @property
    def id_map(self) -> npt.NDArray[np.int64]:
        """(H, W) int64: the segment id of every pixel, 0 where there is none; where masks overlap, the later one's."""
        regions = self.shapes if isinstance(self.shapes, Regions) else overlap.layers(self.shapes)[0]
        return regions.paint(self.ids, outside=0)

    def without(self, categories: Collection[int]) -> Sample:
        """The sample less the segments of these categories, its shapes ``Runs`` where there were some."""
        kept = np.flatnonzero(~np.isin(self.category_ids, list(categories)))
        if len(kept) == len(self.ids):
            return self
        return replace(
            self,
            ids=self.ids[kept],
            category_ids=self.category_ids[kept],
            iscrowd=self.iscrowd[kept],
            shapes=rle.take(self.runs, kept),
            scores=None if self.scores is None else self.scores[kept],
        )


@dataclass(frozen=True)
class Refused:
    """An entry that can't be used: where in the document it stands, why, and of which image, if it says so."""

    place: str
    problem: Problem
    key: str = ""
    image_id: ImageId | None = None

    def content(self, exact: bool) -> bytes:
        """Nothing is made from it."""
        return b""


@dataclass(frozen=True)
class Loader:
    """Decodes an entry, in two steps: ``reads(folder, entry)`` fetches its picture, if it has one, and
    ``makes(entry, picture, place)`` the sample; then come the ``changes``. A value that pickles, as functions do.
    """

    source: str
    folder: str | None
    reads: Callable[[str | None, Any], bytes]
    makes: Callable[[Any, bytes, str], Sample]
    changes: tuple[Callable[[Sample], Sample], ...] = ()

    def __call__(self, entry: Any) -> Sample:
        """The sample of an entry. Raises SampleError, its message beginning with the file and the entry's place."""
        return self.decode(entry, self.fetch(entry))

    def fetch(self, entry: Any) -> bytes:
        """The bytes of the entry's picture, or none. Raises as ``loader(entry)`` does."""
        if isinstance(entry, Refused):
            raise SampleError(*entry.problem)
        return self._tell(entry, lambda: self.reads(self.folder, entry))

    def decode(self, entry: Any, picture: bytes) -> Sample:
        """The sample that the entry and its picture make. Raises as ``loader(entry)`` does."""
        sample = self._tell(entry, lambda: self.makes(entry, picture, self.place(entry)))
        for change in self.changes:
            sample = change(sample)
        return sample

    def place(self, entry: Any) -> str:
        """Where an entry stands, for messages."""
        return f"{self.source}: {entry.place}"

    def _tell(self, entry: Any, call: Callable[[], T]) -> T:
        try:
            return call()
        except SampleError as error:
            raise error.at(self.place(entry)) from None
        except MemoryError:
            size = " for {}×{} pixels".format(*entry.size) if entry.size else ""
            raise SampleError("limit.memory", f"{self.place(entry)}: not enough memory{size}") from None


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Sequence[Sample]):
    """Images as a sequence of undecoded entries, and the function that decodes one.

    ``dataset[i]`` decodes and gives a Sample, or raises the SampleError of an entry that can't be used;
    ``dataset[a:b]`` is a smaller Dataset that carries only its own entries, to be sent to a worker.
    ``source`` is the annotation file, ``folder`` where its pictures lie, ``problems`` are those of the document.
    ``background`` says what a pixel is that no segment covers: background, as in instance files, or not known;
    ``unique_ids`` whether no two of all its segments have the same id, as in sound instance files; ``picture_ids``
    whether they are the numbers that segments have in a panoptic picture; ``says_void``
    whether such a pixel is void because its picture says so, background being a category; ``groups_things`` whether
    all things of a category are one segment, as in class maps. ``about`` is what the file says of itself, ``info`` and
    ``licenses``, as JSON text.
    """

    categories: tuple[Category, ...]
    entries: Sequence[Any]
    load: Loader
    source: str = ""
    folder: str | None = None
    problems: tuple[Problem, ...] = ()
    background: bool = False
    unique_ids: bool = False
    picture_ids: bool = False
    says_void: bool = False
    groups_things: bool = False
    about: Mapping[str, bytes] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Dataset({self.source!r}, {len(self):,} images, {len(self.categories):,} categories)"

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> Dataset: ...
    def __getitem__(self, place: int | slice) -> Sample | Dataset:
        if isinstance(place, slice):
            return replace(self, entries=self.entries[place], problems=())
        return self.load(self.entries[place])

    def __iter__(self) -> Iterator[Sample]:
        return (self.load(entry) for entry in self.entries)

    def map(self, change: Callable[[Sample], Sample]) -> Dataset:
        """The same data set with ``change`` made to every sample when it is decoded."""
        return replace(self, load=replace(self.load, changes=(*self.load.changes, change)))
