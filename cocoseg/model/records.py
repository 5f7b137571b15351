"""The records of the data model: what a source lists of an image, and the decoded annotation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Raw

from cocoseg.codecs import overlap, rle
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs
from cocoseg.errors import Problem, SampleError, show
from cocoseg.limits import allowed_pixels, within_its_limit

ImageId = int | str


@dataclass(frozen=True)
class Category:
    """A category as a file lists it. ``id`` is the category_id, not a class index. None means "not given".

    ``merged`` are the ids of the categories that this one stands for after merging; it is empty for background.
    ``more`` are fields that cocoseg does not use, such as a skeleton, with their values as JSON.
    ``unused_root`` is true if no annotation has it and it is the ``supercategory`` of others, whose group it names.
    ``ignored`` is true if the data set's own evaluation ignores it, as Cityscapes' "ego vehicle". It becomes void
    unless a label scheme lists it.
    """

    id: int
    name: str
    isthing: bool | None = None
    color: tuple[int, int, int] | None = None
    supercategory: str | None = None
    merged: tuple[int, ...] | None = None
    more: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)
    unused_root: bool = False
    ignored: bool = False


@dataclass(frozen=True, eq=False)
class Sample:
    """The annotation of one image: n segments as parallel columns, and their shapes.

    * ``key`` is unique in the data set and safe as a relative file name.
    * ``ids`` (n,) int64, ``category_ids`` (n,) int64, ``iscrowd`` (n,) bool, ``scores`` (n,) float64 or None.
    * ``shapes``: ``Regions`` with at most one segment per pixel, or ``Runs``, masks that may overlap.
    * ``place``: where it was read, for messages. ``problems``: its harmless problems.
    * ``file_name``: the photo's name, or the label picture's name if the source lists no photo.
    * ``row``: the image's row in a JSON, undecoded; ``rows``: those of the segments, if they are kept.
    * ``stated``: the areas (n,) that a JSON states of its segments, undecoded and unchecked; null where it states none.
    * ``max_pixels``: the limit for pictures that are painted from it; that of its data set.
    """

    key: str
    image_id: ImageId
    ids: npt.NDArray[np.int64]
    _: KW_ONLY
    category_ids: npt.NDArray[np.int64]
    iscrowd: npt.NDArray[np.bool_]
    shapes: Regions | Runs
    place: str = ""
    problems: tuple[Problem, ...] = ()
    scores: npt.NDArray[np.float64] | None = None
    file_name: str = ""
    row: Raw | None = None
    rows: Sequence[Raw] | None = None
    stated: Sequence[Raw] | None = None
    max_pixels: int = field(default_factory=allowed_pixels)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.shapes.size

    @property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n,) int64: pixels of each segment."""
        return self.shapes.areas[:-1] if isinstance(self.shapes, Regions) else rle.area(self.shapes)

    @property
    @within_its_limit
    def runs(self) -> Runs:
        """The n masks as COCO run lengths, column by column."""
        if isinstance(self.shapes, Runs):
            return self.shapes
        count = self.shapes.count
        numbers = np.arange(count, dtype=np.min_scalar_type(count))
        return rle.encode_numbers(self.shapes.paint(numbers, outside=count), count)

    @property
    @within_its_limit
    def id_map(self) -> npt.NDArray[np.int64]:
        """(H, W) int64: the segment id of every pixel, or 0. Where masks overlap, the last one counts."""
        regions = self.shapes if isinstance(self.shapes, Regions) else overlap.layers(self.shapes)[0]
        return regions.paint(self.ids, outside=0)

    @within_its_limit
    def _repr_png_(self) -> bytes | None:
        """A picture of the masks for a notebook, of up to 400 by 400 pixels, or None if the sample is too large."""
        from cocoseg.model.preview import preview

        try:
            return preview(self.shapes, self.category_ids, self.scores)
        except SampleError:
            return None

    def _repr_html_(self) -> str:
        """The picture, with the image's name, its size, and how many segments there are."""
        from cocoseg.model.preview import captioned

        height, width = self.size
        return captioned(self._repr_png_(), f"{self.key}: {height} × {width} pixels, {len(self.ids):,} segments")

    def without(self, categories: Collection[int]) -> Sample:
        """The sample without the segments of these categories, whose pixels become void in ``Regions``."""
        return self.take(np.flatnonzero(~np.isin(self.category_ids, list(categories))))

    def take(self, kept: npt.NDArray[np.intp]) -> Sample:
        """The sample with the segments of these rising indices alone; others become void in ``Regions``."""
        if len(kept) == len(self.ids):
            return self
        shapes = self.shapes
        return replace(
            self,
            ids=self.ids[kept],
            category_ids=self.category_ids[kept],
            iscrowd=self.iscrowd[kept],
            shapes=shapes.take(kept) if isinstance(shapes, Regions) else rle.take(shapes, kept),
            scores=None if self.scores is None else self.scores[kept],
            rows=None if self.rows is None else [self.rows[k] for k in kept.tolist()],
            stated=None if self.stated is None else [self.stated[k] for k in kept.tolist()],
        )


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An image as a format lists it, undecoded.

    * ``where``: its position in the source, ``annotations[4]`` or a quoted file name, for messages.
    * ``files``: the files to fetch, in this order; file k is in folder k of the loader.
    * ``size``: (height, width), or None if the source does not give it.
    * ``file_name``: the photo's name; ``row``: the image's row in a JSON, undecoded.
    * ``body``: what the reader needs to decode it. ``positions``: those of its annotations in the file, for messages.
    * ``part``: the index of its data set among concatenated ones.
    """

    key: str
    image_id: ImageId
    where: str
    files: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    file_name: str = ""
    row: Raw | None = None
    body: Any = None
    positions: Sequence[int] = ()
    part: int = 0

    @property
    def place(self) -> str:
        """Its position, with the image's id and file name if it is a row of a list.

        >>> Entry("a.png", 7, "annotations[4]", ("a.png",)).place
        "annotations[4] (image 7, 'a.png')"
        """
        if not self.where.endswith("]"):
            return self.where
        return row_place(self.where, self.image_id, self.files[0] if self.files else self.file_name)

    def content(self, exact: bool) -> bytes:
        """Everything that determines the sample, except its files; with ``exact``, also what only messages mention."""
        where = (self.where, self.positions) if exact else None
        return msgspec.json.encode(
            (self.key, self.image_id, self.files, self.size, self.file_name, self.row, self.body, where)
        )


class Refused(msgspec.Struct, frozen=True, gc=False):
    """An entry that can't be used: its position, the problem, and the image that it belongs to, if known.

    A ``stray`` row does not belong to a listed image.
    """

    where: str
    problem: Problem
    key: str = ""
    image_id: ImageId | None = None
    stray: bool = False
    part: int = 0

    @property
    def place(self) -> str:
        """Its position in the source."""
        return self.where

    def content(self, exact: bool) -> bytes:
        """Empty, because nothing is made from it."""
        return b""


class Conventions(NamedTuple):
    """What holds for all images of a data set.

    * ``unlabelled``: a pixel that no segment covers is ``background``, as in instance files; ``void``, as the picture
      marks it; or ``unknown``.
    * ``ids``: segment ids are unique in the whole ``file``, come from a panoptic ``picture``, or neither (``none``).
    * ``grouped``: all things of a category are one segment, as in class maps.
    * ``scored``: every segment has a score.
    """

    unlabelled: Literal["unknown", "background", "void"] = "unknown"
    ids: Literal["none", "file", "picture"] = "none"
    grouped: bool = False
    scored: bool = False


class Categories(tuple[Category, ...]):
    """The categories of a data set, which know what holds for its images.

    >>> Categories([Category(7, "road")], Conventions("background")).conventions.unlabelled
    'background'
    """

    conventions: Conventions

    def __new__(cls, categories: Iterable[Category], conventions: Conventions = Conventions()) -> Categories:  # noqa: B008, D102
        made = super().__new__(cls, categories)
        made.conventions = conventions
        return made


def unlisted(categories: Iterable[Category], used: Iterable[int]) -> list[int]:
    """The used category ids that are not among the categories, in order.

    >>> unlisted([Category(7, "road")], [9, 7, 8])
    [8, 9]
    """
    return sorted(set(used) - {category.id for category in categories})


def row_place(where: str, image_id: object, file_name: object) -> str:
    """The position of a row in a JSON, with its image's id and file name, for messages."""
    name = f", {show(file_name)}" if file_name else ""
    return f"{where} (image {show(image_id)}{name})"
