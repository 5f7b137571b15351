"""LabelMe: a JSON for each image, beside its photo (labelme ``label_file.py``, ``utils/shape.py``).

    {"imagePath", "imageHeight", "imageWidth", "shapes": [{"label", "points", "group_id", "shape_type"}]}

Shapes of one label and ``group_id`` are one object. Polygons, boxes, circles and masks have an area; points, lines and
strips of lines have none and are left out, counted. A ``labels.txt`` begins with ``__ignore__``, -1 for LabelMe,
and ``_background_``, 0. LabelMe 3 and older may say no size; then it is that of the photo in ``imageData``, or beside.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import msgspec

from cocoseg.codecs.rle import check_size
from cocoseg.errors import SampleError, show
from cocoseg.files import places
from cocoseg.files.documents import parse_document
from cocoseg.files.photo import open_photo, size_in_header
from cocoseg.files.places import StrPath
from cocoseg.files.png.labels import read_labels
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.shapes import classes, documents, outlines
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.documents import Drawn
from cocoseg.formats.shapes.shape import Shape, Size
from cocoseg.model import Category, Dataset

peek = documents.peek

_VERSION = "labelme 2"
_IGNORED, _BACKGROUND = "__ignore__", "_background_"
_LABELS = "labels.txt"
_WITHOUT_AREA = ("point", "points", "line", "linestrip")


class _Shape(msgspec.Struct):
    label: str
    points: list[list[float]]
    group_id: int | str | None = None
    shape_type: str | None = "polygon"
    mask: str | None = None


class _Document(msgspec.Struct, rename="camel"):
    shapes: list[_Shape]
    image_height: int | None = None
    image_width: int | None = None
    image_path: str | None = None
    image_data: msgspec.Raw = msgspec.Raw(b"null")  # megabytes that are seldom needed


def read(path: StrPath, *, categories: StrPath | None = None, photos: StrPath | None = None) -> Dataset:
    """A folder of LabelMe's JSONs, or one of them, as a Dataset.

    The categories are those of ``categories``, or of a ``labels.txt`` beside the JSONs, or else all labels by name,
    for which every JSON is read. Raises DocumentError.
    """
    source = os.fspath(path)
    return documents.read_documents(
        source,
        (".json",),
        drawn,
        lambda found: _classes(source, categories, found),
        photos=os.fspath(photos) if photos is not None else "",
        version=_VERSION,
    )


def drawn(data: bytes) -> Drawn:
    """The shapes of a document. Raises DocumentError, SampleError."""
    document = parse_document(data, _Document)
    size = _size(document)
    rows = [(k, row) for k, row in enumerate(document.shapes) if row.shape_type not in _WITHOUT_AREA]
    shapes = [_shape(row, f"shapes[{k}]", size) for k, row in rows]
    left_out = Counter(str(row.shape_type) for row in document.shapes if row.shape_type in _WITHOUT_AREA)
    problems = [f"{count} {kind}s without an area were left out" for kind, count in sorted(left_out.items())]
    return Drawn(shapes, size, documents.photo_name(document.image_path), tuple(problems))


def _size(document: _Document) -> Size | None:
    """(height, width), or None where the document does not say it. Raises SampleError ``size.invalid``."""
    height, width = document.image_height, document.image_width
    if height is None or width is None:
        return _size_in(document.image_data)
    return check_size((height, width))


def _size_in(data: msgspec.Raw) -> Size | None:
    """(height, width) of the photo that a document holds; it is as LabelMe showed it. Raises SampleError."""
    text = bytes(data)
    if not text.startswith(b'"') or text == b'""':
        return None
    with open_photo(io.BytesIO(_bytes(text.strip(b'"'), "imageData"))) as photo:
        return size_in_header(photo).stored


def _bytes(text: str | bytes, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SampleError("seg.type", f"{what} is not base64 of a picture") from None


def _shape(row: _Shape, where: str, size: Size | None) -> Shape:
    kind = row.shape_type or "polygon"
    if row.label == _BACKGROUND:
        text = f"{where} is labelled {show(row.label)}, which is what no shape covers; remove it, or rename it"
        raise SampleError("id.unknown", text)
    if any(len(point) != 2 for point in row.points):
        raise SampleError("poly.odd", f"{where}: a point is not [x, y]")
    if kind == "mask":
        return Shape(row.label, _mask(row, where, size), where, row.group_id)
    if kind not in _RINGS:
        text = f"{where}: shape_type is {show(kind)}, expected one of {', '.join((*_RINGS, 'mask', *_WITHOUT_AREA))}"
        raise SampleError("doc.type", text)
    ring, needed = _RINGS[kind]
    if needed and len(row.points) not in needed:
        expected = " or ".join(map(str, needed))
        raise SampleError("poly.short", f"{where}: a {kind} has {len(row.points)} points, expected {expected}")
    return Shape(row.label, [ring(row.points)], where, row.group_id)


def _circle(points: Sequence[Sequence[float]]) -> list[float]:
    """From the centre and a point on the edge."""
    (x, y), edge = points
    radius = math.dist((x, y), edge)
    return outlines.ellipse(x, y, radius, radius)


def _polygon(points: Sequence[Sequence[float]]) -> list[float]:
    return list(chain.from_iterable(points))


def _rectangle(points: Sequence[Sequence[float]]) -> list[float]:
    """From two corners, or from all four, as X-AnyLabeling writes them."""
    return outlines.box(*chain.from_iterable(points)) if len(points) == 2 else _polygon(points)


_RINGS: dict[str, tuple[Callable[[Sequence[Sequence[float]]], list[float]], tuple[int, ...]]] = {
    "polygon": (_polygon, ()),
    "rectangle": (_rectangle, (2, 4)),
    "oriented_rectangle": (_polygon, (4,)),
    "circle": (_circle, (2,)),
}


def _mask(row: _Shape, where: str, size: Size | None) -> dict[str, Any]:
    """A mask as RLE: a PNG whose first pixel is at the first point. Raises SampleError."""
    if size is None:
        raise SampleError("doc.missing_key", f"{where} is a mask, which needs imageHeight and imageWidth")
    if row.mask is None or len(row.points) != 2:
        raise SampleError("doc.missing_key", f"{where} is a mask; expected 'mask' and two points")
    data = _bytes(row.mask, f"{where}: 'mask'")
    try:
        bits = read_labels(data)
    except SampleError as error:
        raise error.at(f"{where}: its mask") from None
    left, top = map(int, row.points[0])  # cut off, as LabelMe does
    return outlines.bits_at(bits != 0, left, top, size)


def _classes(source: str, categories: StrPath | None, found: Iterator[Drawn]) -> Classes:
    """The categories. ``__ignore__`` is void, as labelme2voc.py makes it."""
    if categories is not None:
        return classes.of_file(categories, void=(_IGNORED,))
    folder = source if places.is_folder(source) else places.parent(source)
    beside = places.join(folder, _LABELS)
    if places.exists(beside):
        return classes.of_categories(_listed(beside))
    return classes.of_labels({row.label for one in found for row in one.shapes}, void=(_IGNORED,))


def _listed(path: str) -> list[Category]:
    """The classes of a ``labels.txt``, numbered as LabelMe does; ``__ignore__`` comes last. Raises DocumentError.

    ``_background_`` is no class but what no shape covers, so that it has 0 in class maps, as LabelMe makes them.
    """
    rows = read_categories(path)
    first = int(rows[0].name == _IGNORED)
    last = [replace(row, id=len(rows) - 1, ignored=True) for row in rows[:first]]
    return [replace(row, id=row.id - first) for row in rows[first:] if row.name != _BACKGROUND] + last
