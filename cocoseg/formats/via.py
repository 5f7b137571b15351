"""VGG Image Annotator 1 and 2: one JSON about all images (via.js ``file_metadata``, ``file_region``).

    {"a.jpg1234": {"filename", "size", "regions": [{"shape_attributes": {"name", ...}, "region_attributes": {...}}]}}

``regions`` is an object keyed by numbers in VIA 1, a list in VIA 2, whose projects hold all that in
``_via_img_metadata``. ``size`` is the file's, in bytes: the picture's comes from the photo. The class is the value of a
region attribute that the user named. Polygons, boxes, circles and ellipses have an area; points and open lines do not.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from cocoseg.errors import DocumentError, Problem, SampleError, nearest, show
from cocoseg.files import places
from cocoseg.files.documents import describe, parse_part, read_document
from cocoseg.files.places import StrPath
from cocoseg.formats.shapes import classes, documents, outlines
from cocoseg.formats.shapes.documents import Drawn
from cocoseg.formats.shapes.shape import Shape
from cocoseg.model import Dataset

peek = documents.peek

_VERSION = "via 1"
_ONE_CLASS = "object"
_WITHOUT_AREA = ("point", "polyline", "line")


class _Outline(msgspec.Struct):
    name: str
    all_points_x: list[float] = []
    all_points_y: list[float] = []
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    cx: float | None = None
    cy: float | None = None
    r: float | None = None
    rx: float | None = None
    ry: float | None = None
    theta: float = 0


class _Region(msgspec.Struct):
    shape_attributes: _Outline
    region_attributes: dict[str, Any] = {}


class _File(msgspec.Struct):
    filename: str
    regions: list[_Region] | dict[str, _Region] = []

    def rows(self) -> Sequence[_Region]:
        return self.regions if isinstance(self.regions, list) else list(self.regions.values())


_FILE = msgspec.json.Decoder(_File)
_Files = dict[str, msgspec.Raw]
_Read = tuple[str, "_File | Problem"]  # where a file stands in the document, and its row


def read(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    photos: StrPath | None = None,
    label_key: str | None = None,
    class_name: str | None = None,
) -> Dataset:
    """A JSON or a project of VIA as a Dataset.

    The class is the value of the region attribute ``label_key``, by default the only one. If regions have no attribute,
    all are of one class, ``class_name`` or "object". Raises DocumentError: ``doc.*``, ``json.*``, ``via.key``.
    """
    source = os.fspath(path)
    rows = list(_rows(source))
    good = [row for _, row in rows if isinstance(row, _File)]
    key = None if class_name is not None else _key(source, good, label_key)
    name = class_name or _ONE_CLASS
    images = [
        (where, row if isinstance(row, Problem) else _drawn(source, where, row, key, name)) for where, row in rows
    ]
    drawn = [found for _, found in images if isinstance(found, Drawn)]
    labels = {shape.label for found in drawn for shape in found.shapes}
    return documents.read_images(
        source,
        images,
        classes.of_labels(labels) if categories is None else classes.of_file(categories),
        photos=os.fspath(photos) if photos is not None else places.parent(source),
        version=_VERSION,
        problems=_left_out(source, drawn),
    )


def _rows(source: str) -> Iterator[_Read]:
    """The files that a document lists. Raises DocumentError."""
    document: _Files = read_document(source, _Files)
    if "_via_img_metadata" in document:
        document = read_document(source, dict[str, msgspec.Raw], data=bytes(document["_via_img_metadata"]))
    for key, raw in document.items():
        try:
            yield show(key), parse_part(raw, _FILE)
        except SampleError as error:
            yield show(key), error.at(f"{source}: {show(key)}").problem


def _key(source: str, files: Sequence[_File], asked: str | None) -> str | None:
    """The region attribute that holds the class; None if regions have no attribute. Raises DocumentError."""
    known = Counter(chain.from_iterable(row.region_attributes for one in files for row in one.rows()))
    if asked is not None and asked not in known:
        some = ", ".join(map(show, known)) or "none"
        text = f"no region has an attribute {show(asked)}; there are {some}"
        raise DocumentError("via.key", f"{source}: {text}. {nearest(asked, known)}".rstrip(". "))
    if asked is None and len(known) > 1:
        some = ", ".join(f"{show(name)} ({_values(files, name)})" for name in list(known)[:10])
        text = f"regions have {len(known)} attributes: {some}; name the one that holds the class with --label-key"
        raise DocumentError("via.key", f"{source}: {text}")
    return asked or next(iter(known), None)


def _values(files: Sequence[_File], key: str) -> str:
    """Some values of an attribute, for people."""
    found = (row.region_attributes.get(key) for one in files for row in one.rows())
    return ", ".join(list(dict.fromkeys(show(value, 30) for value in found if value not in (None, "")))[:3])


def _drawn(source: str, where: str, row: _File, key: str | None, name: str) -> Drawn | Problem:
    """What was drawn on an image, or why it can't be used."""
    try:
        shapes = [
            Shape(name if key is None else _label(region, key), [_ring(region.shape_attributes)], f"regions[{k}]")
            for k, region in enumerate(row.rows())
            if region.shape_attributes.name not in _WITHOUT_AREA
        ]
    except SampleError as error:
        return error.at(f"{source}: {where}").problem
    kinds = (region.shape_attributes.name for region in row.rows())
    remarks = tuple(kind for kind in kinds if kind in _WITHOUT_AREA)
    return Drawn(shapes, None, documents.photo_name(row.filename), remarks)


def _label(region: _Region, key: str) -> str:
    """The class of a region. Raises SampleError ``via.label``."""
    value = region.region_attributes.get(key)
    if isinstance(value, dict):
        ticked = [name for name, is_ticked in value.items() if is_ticked]
        if len(ticked) > 1:
            text = f"{show(key)} has {len(ticked)} boxes ticked: {', '.join(map(show, ticked[:5]))}"
            raise SampleError("via.label", f"a region's {text}; it can be of one class")
        value = ticked[0] if ticked else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(int(value) if float(value).is_integer() else value)
    if not isinstance(value, str) or not value.strip():
        found = "empty" if value == "" else "missing" if value is None else describe(value)
        raise SampleError("via.label", f"a region's {show(key)} is {found}, expected the name of its class")
    return value.strip()


def _ring(shape: _Outline) -> list[float]:
    """The outline of a region. Raises SampleError."""
    if shape.name not in _RINGS:
        text = f"a region is {show(shape.name)}, expected one of {', '.join((*_RINGS, *_WITHOUT_AREA))}"
        raise SampleError("doc.type", text)
    make, needed = _RINGS[shape.name]
    values = [getattr(shape, name) for name in needed]
    if None in values:
        missing = needed[values.index(None)]
        raise SampleError("doc.missing_key", f"a {shape.name} has no {missing!r}")
    return make(*values)


def _polygon(xs: list[float], ys: list[float]) -> list[float]:
    if len(xs) != len(ys):
        raise SampleError("poly.odd", f"a polygon has {len(xs)} x and {len(ys)} y; expected as many of both")
    return list(chain.from_iterable(zip(xs, ys, strict=True)))


_RINGS: dict[str, tuple[Callable[..., list[float]], tuple[str, ...]]] = {
    "polygon": (_polygon, ("all_points_x", "all_points_y")),
    "rect": (lambda x, y, w, h: outlines.box(x, y, x + w, y + h), ("x", "y", "width", "height")),
    "circle": (lambda x, y, r: outlines.ellipse(x, y, r, r), ("cx", "cy", "r")),
    "ellipse": (
        lambda x, y, rx, ry, theta: outlines.ellipse(x, y, rx, ry, math.degrees(theta)),
        ("cx", "cy", "rx", "ry", "theta"),
    ),
}


def _left_out(source: str, drawn: Sequence[Drawn]) -> tuple[Problem, ...]:
    """A problem that counts the regions without an area."""
    counts = Counter(str(remark) for remark in chain.from_iterable(found.remarks for found in drawn))
    texts = [f"{number} {kind}s" for kind, number in counts.items()]
    if not texts:
        return ()
    return (Problem("seg.left_out", f"{source}: {' and '.join(texts)} without an area were left out"),)
