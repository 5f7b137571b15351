"""LabelMe: a JSON for each image, beside its photo (labelme ``label_file.py``, ``utils/shape.py``).

    {"imagePath", "imageHeight", "imageWidth", "shapes": [{"label", "points", "group_id", "shape_type"}]}

Shapes of one label and ``group_id`` are one object. Polygons, boxes, circles and masks have an area; points, lines and
strips of lines have none and are left out, counted.
"""

from __future__ import annotations

import base64
import binascii
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from cocoseg.codecs.rle import check_size
from cocoseg.errors import SampleError, show
from cocoseg.files import places
from cocoseg.files.documents import parse_document
from cocoseg.files.places import StrPath
from cocoseg.files.png.labels import read_labels
from cocoseg.formats.shapes import classes, documents, outlines
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.documents import Drawn
from cocoseg.formats.shapes.shape import Shape, Size
from cocoseg.model import Dataset

peek = documents.peek

_VERSION = "labelme 1"
_IGNORED = "__ignore__"
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
        return None
    return check_size((height, width))


def _shape(row: _Shape, where: str, size: Size | None) -> Shape:
    kind = row.shape_type or "polygon"
    if any(len(point) != 2 for point in row.points):
        raise SampleError("poly.odd", f"{where}: a point is not [x, y]")
    if kind == "mask":
        return Shape(row.label, _mask(row, where, size), where, row.group_id)
    if kind not in _RINGS:
        text = f"{where}: shape_type is {show(kind)}, expected one of {', '.join((*_RINGS, 'mask', *_WITHOUT_AREA))}"
        raise SampleError("doc.type", text)
    ring, needed = _RINGS[kind]
    if needed and len(row.points) != needed:
        raise SampleError("poly.short", f"{where}: a {kind} has {len(row.points)} points, expected {needed}")
    return Shape(row.label, [ring(row.points)], where, row.group_id)


def _circle(points: Sequence[Sequence[float]]) -> list[float]:
    """From the centre and a point on the edge."""
    (x, y), edge = points
    radius = math.dist((x, y), edge)
    return outlines.ellipse(x, y, radius, radius)


_RINGS: dict[str, tuple[Callable[[Sequence[Sequence[float]]], list[float]], int]] = {
    "polygon": (lambda points: list(chain.from_iterable(points)), 0),
    "rectangle": (lambda points: outlines.box(*chain.from_iterable(points)), 2),
    "oriented_rectangle": (lambda points: list(chain.from_iterable(points)), 4),
    "circle": (_circle, 2),
}


def _mask(row: _Shape, where: str, size: Size | None) -> dict[str, Any]:
    """A mask as RLE: a PNG whose first pixel is at the first point. Raises SampleError."""
    if size is None:
        raise SampleError("doc.missing_key", f"{where} is a mask, which needs imageHeight and imageWidth")
    if row.mask is None or len(row.points) != 2:
        raise SampleError("doc.missing_key", f"{where} is a mask; expected 'mask' and two points")
    try:
        bits = read_labels(base64.b64decode(row.mask, validate=True))
    except binascii.Error:
        raise SampleError("seg.type", f"{where}: 'mask' is not base64 of a PNG") from None
    except SampleError as error:
        raise error.at(f"{where}: its mask") from None
    left, top = (round(coordinate) for coordinate in row.points[0])
    return outlines.bits_at(bits != 0, left, top, size)


def _classes(source: str, categories: StrPath | None, found: Iterator[Drawn]) -> Classes:
    """The categories. ``__ignore__`` is void, as labelme2voc.py makes it."""
    folder = source if places.is_folder(source) else places.parent(source)
    beside = places.join(folder, _LABELS)
    listed = categories if categories is not None else beside if places.exists(beside) else None
    if listed is not None:
        return classes.of_file(listed, void=(_IGNORED,))
    return classes.of_labels({row.label for one in found for row in one.shapes}, void=(_IGNORED,))
