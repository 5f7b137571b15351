"""A CSV of run lengths, as Kaggle's: a row for each mask, or for each class of an image.

    ImageId,EncodedPixels,ClassId      0002cc93b.jpg,29102 12 29346 24,1

Runs are pairs of a start, counted from 1, and a length, down the columns, and starts rise. An empty mask means that the
image has none. The size is in columns ``height`` and ``width``, or given, or that of the photos.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cocoseg.codecs.rle import check_size, from_toggles, odd_toggles
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, show
from cocoseg.files.csv import read_csv
from cocoseg.files.places import StrPath
from cocoseg.formats.shapes import classes, documents
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.documents import Drawn, Listed, NeedsSize
from cocoseg.formats.shapes.shape import Shape, Size
from cocoseg.model import Category, Dataset

peek = documents.peek

_VERSION = "kaggle 1"
_OBJECT = "object"
_EMPTY = ("", "-1", "nan")

_IMAGE = ("imageid", "image", "filename", "id")
_RUNS = ("encodedpixels", "rle", "rlemask", "segmentation", "annotation", "encoding")
_CLASS = ("classid", "class", "label", "category", "categoryid", "celltype")
_JOINED = ("imageidclassid", "imagelabel")


class _Columns(NamedTuple):
    """The positions of columns. In ``joined`` ones the image's name ends in ``_`` and its class."""

    image: int
    runs: int
    label: int | None
    sides: tuple[int, int] | None
    joined: bool

    @property
    def last(self) -> int:
        """The last column that is needed."""
        return max(self.image, self.runs, self.label or 0, *(self.sides or ()))

    @property
    def has_classes(self) -> bool:
        """Whether the CSV says what class a mask is of."""
        return self.joined or self.label is not None


class _Row(NamedTuple):
    line: int
    label: str
    runs: str


class _Image:
    """The masks of an image, and what the CSV says of its size, with the first line that says so."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.sides: dict[tuple[str, str], int] = {}


def read(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    photos: StrPath | None = None,
    size: str | None = None,
    class_name: str | None = None,
) -> Dataset:
    """A CSV of run lengths as a Dataset; ``size`` is that of all images. Raises DocumentError, UsageError."""
    source, given = os.fspath(path), _given(size)
    columns, images = _read(source)
    if not (columns.sides or given or photos):
        text = "the size of the images is not in the CSV; give it with --size HEIGHTxWIDTH, or the photos with --photos"
        raise DocumentError("doc.missing_key", f"{source}: {text}")
    name = class_name if columns.has_classes else class_name or _OBJECT
    labels = {row.label for image in images.values() for row in image.rows if row.label}
    found = _classes(source, {name} if name else labels, categories)
    if not columns.has_classes and categories is not None:
        name = next(iter(found.ids))
    return documents.read_images(
        source,
        [_listed(number, name, image, given) for number, (name, image) in enumerate(images.items())],
        found,
        parse=NeedsSize(partial(drawn, name=name)),
        photos=os.fspath(photos) if photos is not None else "",
        version=f"{_VERSION} {name}",
        problems=[] if columns.has_classes or class_name or categories else [_one_class(source)],
    )


def drawn(data: bytes, size: Size, name: str | None) -> Drawn:
    """The masks of an image (height, width); with a ``name``, all are of that class. Raises SampleError."""
    shapes = []
    for line, label, text in msgspec.json.decode(data, type=list[_Row]):
        try:
            if not (name or label):
                raise SampleError("doc.missing_key", "a mask without a class")
            shapes.append(Shape(name or label, read_runs(text, size), f"line {line}"))
        except SampleError as error:
            raise error.at(f"line {line}") from None
    return Drawn(shapes, size)


def read_runs(text: str, size: Size) -> dict[str, Any]:
    """Pairs of start, from 1, and length, down the columns of an image (height, width) -> RLE.

    Raises SampleError: ``rle.type``, ``rle.truncated``, ``rle.negative``, ``rle.order``, ``rle.sum``.

    >>> read_runs("14 3 20 3", (6, 5))
    {'size': [6, 5], 'counts': '=3305'}
    """
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        raise SampleError(
            "rle.type", f"runs are {show(text)}; expected numbers: start length start length ..."
        ) from None
    if len(numbers) % 2:
        raise SampleError("rle.truncated", f"runs are {len(numbers)} numbers; a start or a length is missing")
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    if len(numbers) and (starts.min() < 0 or lengths.min() < 1):
        raise SampleError("rle.negative", "runs have a start or a length below 1; starts count from 1")
    ends = starts + lengths
    if (starts[1:] < ends[:-1]).any():
        text = "starts do not rise from run to run; those of SIIM-ACR are distances, which are not read"
        raise SampleError("rle.order", text)
    if len(ends) and (ends[-1] > size[0] * size[1] or ends[-1] < 0):
        text = f"runs end at pixel {ends[-1]}, but the image has {size[0]}×{size[1]} = {size[0] * size[1]}"
        raise SampleError("rle.sum", f"{text}; is the size right?")
    positions = np.stack([starts, ends], axis=1).reshape(-1)
    masks, changes = odd_toggles(np.zeros_like(positions), positions, size[0] * size[1])
    return to_coco(from_toggles(masks, changes, 1, size))[0]


def _given(size: str | None) -> Size | None:
    """(height, width) as the option gives it. Raises UsageError ``usage.size``."""
    if size is None:
        return None
    try:
        height, width = map(int, size.lower().replace("×", "x").split("x"))
        return check_size((height, width))
    except SampleError as error:
        raise UsageError("usage.size", error.message) from None
    except ValueError:
        raise UsageError("usage.size", f"size is {show(size)}, expected HEIGHTxWIDTH, as 256x1600") from None


def _read(source: str) -> tuple[_Columns, dict[str, _Image]]:
    """The columns of a CSV, and its images by their names. Raises DocumentError."""
    lines = read_csv(source)
    columns = _columns(source, next(lines, (1, []))[1])
    images: dict[str, _Image] = {}
    for line, cells in lines:
        if len(cells) <= columns.last:
            text = f"line {line} has {len(cells)} cells, fewer than the first line; was the file cut off?"
            raise DocumentError("csv.syntax", f"{source}: {text}")
        _add(images, columns, line, cells)
    if not images:
        raise DocumentError("doc.empty", f"{source}: there is no image in the CSV")
    return columns, images


def _add(images: dict[str, _Image], columns: _Columns, line: int, cells: Sequence[str]) -> None:
    name, label = cells[columns.image].strip(), ""
    if columns.joined:
        name, _, label = name.rpartition("_")
    elif columns.label is not None:
        label = cells[columns.label].strip()
    image = images.setdefault(name, _Image())
    if columns.sides:
        image.sides.setdefault((cells[columns.sides[0]], cells[columns.sides[1]]), line)
    runs = cells[columns.runs].strip()
    if runs.lower() not in _EMPTY:
        image.rows.append(_Row(line, label, runs))


def _columns(source: str, header: Sequence[str]) -> _Columns:
    """What the columns are, by their names in any spelling. Raises DocumentError ``doc.kind``."""
    names = ["".join(filter(str.isalnum, cell.lower())) for cell in header]

    def find(*wanted: str) -> int | None:
        return next((names.index(name) for name in wanted if name in names), None)

    joined, runs = find(*_JOINED), find(*_RUNS)
    image = joined if joined is not None else find(*_IMAGE)
    if image is None or runs is None:
        text = f"the columns are {', '.join(map(show, header[:10]))}; expected those of images and of runs"
        raise DocumentError("doc.kind", f"{source}: {text}, as ImageId and EncodedPixels, and maybe ClassId")
    height, width = find("height"), find("width")
    sides = (height, width) if height is not None and width is not None else None
    return _Columns(image, runs, find(*_CLASS), sides, joined is not None)


def _classes(source: str, labels: set[str], categories: StrPath | None) -> Classes:
    """The categories: those given, by their names or ids, or else the labels, numbers in their order."""
    if categories is None:
        ranked = sorted(labels, key=lambda label: (int(label) if label.isdecimal() else -1, label))
        return classes.of_categories([Category(number, label) for number, label in enumerate(ranked, 1)])
    found = classes.of_file(categories)
    if labels == {_OBJECT} and len(found.ids) != 1:
        text = (
            f"{source}: nothing says which of the {len(found.ids)} categories the masks are of; name one with --class"
        )
        raise DocumentError("id.ambiguous", text)
    by_id = not labels <= found.ids.keys() and all(label.isdecimal() for label in labels)
    return found._replace(ids={str(row.id): row.id for row in found.categories}) if by_id else found


def _listed(number: int, name: str, image: _Image, given: Size | None) -> tuple[str, Listed | Problem]:
    where = f"images[{number}]"
    try:
        size = _only_size(image.sides) if image.sides else given
    except SampleError as error:
        return where, error.at(f"{where} ({show(name)})").problem
    return where, Listed(msgspec.json.encode(image.rows), size, name)


def _only_size(sides: Mapping[tuple[str, str], int]) -> Size:
    """The size that all rows of an image have. Raises SampleError ``size.*``."""
    first, *others = ((line, _size(texts)) for texts, line in sides.items())
    for line, size in others:
        if size != first[1]:
            text = f"line {line} has the size {size[0]}×{size[1]}, line {first[0]} {first[1][0]}×{first[1][1]}"
            raise SampleError("size.mismatch", f"{text}, for one image; is one of them of another image?")
    return first[1]


def _size(sides: Sequence[str]) -> Size:
    """(height, width) as the columns have it. Raises SampleError ``size.*``."""
    try:
        numbers = [float(side) for side in sides]
    except ValueError:
        raise SampleError("size.type", f"height and width are {show(list(sides))}, expected whole numbers") from None
    return check_size(numbers)


def _one_class(source: str) -> Problem:
    return Problem(
        "doc.missing_key", f"{source}: no column of classes, so all masks are of one, 'object'; --class names it"
    )
