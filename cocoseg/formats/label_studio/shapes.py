"""The regions of one image, of Label Studio's ``result`` or of a JSON-MIN, as shapes. Positions are in percent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs.rle import check_size
from cocoseg.errors import SampleError, show
from cocoseg.files.documents import parse_part
from cocoseg.formats.label_studio.brush import read_brush
from cocoseg.formats.shapes import outlines
from cocoseg.formats.shapes.documents import Drawn
from cocoseg.formats.shapes.shape import Shape, Size

LABELS = ("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels", "labels")
_STRANGE = ("vertices", "bitmasklabels", "maskDataURL", "imageDataURL")


class Value(msgspec.Struct):
    """A region: what is drawn, and its labels. JSON-MIN has size and region in one object."""

    format: str | None = None
    rle: Raw | UnsetType = UNSET
    points: list[list[float]] | None = None
    closed: bool = True
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    radius_x: float | None = msgspec.field(default=None, name="radiusX")
    radius_y: float | None = msgspec.field(default=None, name="radiusY")
    rotation: float = 0
    brushlabels: list[str] = []
    polygonlabels: list[str] = []
    rectanglelabels: list[str] = []
    ellipselabels: list[str] = []
    labels: list[str] = []
    vertices: Raw | UnsetType = UNSET
    bitmasklabels: Raw | UnsetType = UNSET
    keypointlabels: Raw | UnsetType = UNSET
    maskDataURL: Raw | UnsetType = UNSET  # noqa: N815
    imageDataURL: Raw | UnsetType = UNSET  # noqa: N815

    @property
    def names(self) -> list[str]:
        """The labels of the region, each once."""
        return list(dict.fromkeys(chain.from_iterable(getattr(self, name) for name in LABELS)))


class Region(msgspec.Struct):
    """A row of ``result``; ``id`` is that of the region, which several rows may describe."""

    value: Value = msgspec.field(default_factory=Value)
    id: str | None = None
    type: str = ""
    original_width: float | None = None
    original_height: float | None = None
    image_rotation: float = 0
    score: float | None = None
    to_name: str = ""

    @property
    def is_point(self) -> bool:
        """Whether it is a key point, which has a width but no height."""
        value = self.value
        has_size = value.height is not None or value.radius_x is not None
        return value.keypointlabels is not UNSET or (value.width is not None and not has_size)

    @property
    def is_line(self) -> bool:
        """Whether it is a vector that is not closed."""
        return self.value.vertices is not UNSET and not self.value.closed


class Body(msgspec.Struct):
    """What an image's entry keeps: its rows, and where they stand."""

    rows: list[Raw]
    scored: bool = False


_BODY = msgspec.json.Decoder(Body)
_REGION = msgspec.json.Decoder(Region)
_NUMBERS: msgspec.json.Decoder[Sequence[int]] = msgspec.json.Decoder(list[int])


def drawn(data: bytes) -> Drawn:
    """The shapes of an entry's body. Raises SampleError."""
    body = _BODY.decode(data)
    rows = [(f"result[{number}]", _region(raw, f"result[{number}]")) for number, raw in enumerate(body.rows)]
    regions = [(where, row) for where, row in rows if _is_drawn(row, where)]
    _check_one_image([row for _, row in regions])
    labelled, unlabelled = _labelled(regions, [row for _, row in rows])
    size: Size | None = None
    shapes: list[Shape] = []
    for where, row, names in labelled:
        try:
            size = _size(row, size)
            value = _value(row.value, size)
        except SampleError as error:
            raise error.at(where) from None
        shapes += [Shape(name, value, where, score=row.score if body.scored else None) for name in names]
    return Drawn(shapes, size, remarks=_remarks([row for _, row in rows], unlabelled))


def _labelled(
    regions: Sequence[tuple[str, Region]], rows: Sequence[Region]
) -> tuple[list[tuple[str, Region, list[str]]], int]:
    """The regions with their labels, and how many have none.

    A region may be drawn in several rows of one id, of which one has the labels, or have them in a row that draws none.
    """
    twins = {row.id for _, row in regions if row.id is not None and row.value.names}
    labels = {row.id: row.value.names for row in rows if row.value.names}
    named = [
        (where, row, row.value.names or (labels.get(row.id, []) if row.id else []))
        for where, row in regions
        if row.value.names or row.id not in twins
    ]
    return [row for row in named if row[2]], sum(not names for _, _, names in named)


def _region(raw: Raw, where: str) -> Region:
    try:
        return parse_part(raw, _REGION)
    except SampleError as error:
        raise error.at(where) from None


def _remarks(rows: Sequence[Region], unlabelled: int) -> tuple[str, ...]:
    points = len({row.id or number for number, row in enumerate(rows) if row.is_point})
    lines = sum(row.is_line for row in rows)
    pairs = (
        (points, "key points, which have no area"),
        (lines, "open vectors, which have no area"),
        (unlabelled, "regions without a label"),
    )
    return tuple(f"left out {count} {what}" for count, what in pairs if count)


def _check_one_image(rows: Sequence[Region]) -> None:
    """Raises SampleError ``id.ambiguous`` for regions on several images of a task."""
    found = list(dict.fromkeys(row.to_name for row in rows if row.to_name))
    if len(found) > 1:
        text = f"the regions are on {len(found)} images ({', '.join(map(show, found[:5]))}); expected one in a task"
        raise SampleError("id.ambiguous", text)


def _is_drawn(row: Region, where: str) -> bool:
    value = row.value
    if row.is_point or row.is_line:
        return False
    if strange := next((name for name in _STRANGE if getattr(value, name) is not UNSET), None):
        text = f"{where} has {strange}, which is not read; expected rle, points, radiusX, or x with width"
        raise SampleError("seg.type", text)
    return not (value.rle is UNSET and value.points is None and value.radius_x is None and value.width is None)


def _size(row: Region, known: Size | None) -> Size:
    """(height, width) of the image, the same in all regions. Raises SampleError."""
    if row.image_rotation:
        text = f"image_rotation is {row.image_rotation:g}: the image was turned while it was labelled"
        raise SampleError(
            "photo.orientation", f"{text}, and nothing says which way its positions are; turn it back there"
        )
    size = check_size((_side(row.original_height), _side(row.original_width)))
    if known is not None and size != known:
        text = f"original_height and original_width are {list(size)}, those of the regions before {list(known)}"
        raise SampleError("size.mismatch", f"{text}; one of them belongs to another image")
    return size


def _side(value: float | None) -> int | None:
    return int(value) if value is not None and float(value).is_integer() else None


def _value(value: Value, size: Size) -> Any:
    """The region as rings or RLE. Raises SampleError."""
    if value.rle is not UNSET:
        return _brush(value, size)
    if value.points is not None:
        return [_polygon(value, size)]
    if value.x is None or value.y is None:
        raise SampleError("doc.missing_key", "a region has no 'x' and 'y'")
    x, y = _across(value.x, size), _down(value.y, size)
    if value.radius_x is not None and value.radius_y is not None:
        return [outlines.ellipse(x, y, _across(value.radius_x, size), _down(value.radius_y, size), value.rotation)]
    if value.width is None or value.height is None:
        raise SampleError("doc.missing_key", "a rectangle needs 'width' and 'height', an ellipse two radii")
    ring = outlines.box(x, y, x + _across(value.width, size), y + _down(value.height, size))
    return [outlines.turned(ring, value.rotation, x, y)]


def _brush(value: Value, size: Size) -> dict[str, Any]:
    if value.format not in (None, "rle"):
        raise SampleError("rle.type", f"the format of a brush is {show(value.format)}, expected 'rle'")
    assert value.rle is not UNSET
    return outlines.bits_at(read_brush(parse_part(value.rle, _NUMBERS), size), 0, 0, size)


def _polygon(value: Value, size: Size) -> list[float]:
    if not value.closed:
        raise SampleError("poly.short", "a polygon is not closed; close it in Label Studio, or remove it")
    if any(len(point) != 2 for point in value.points or ()):
        raise SampleError("poly.odd", "a point is not [x, y]")
    points = np.array(value.points, np.float64).reshape(-1, 2) * (size[1] / 100, size[0] / 100)
    ring: list[float] = points.reshape(-1).tolist()
    return ring


def _across(percent: float, size: Size) -> float:
    return percent * size[1] / 100


def _down(percent: float, size: Size) -> float:
    return percent * size[0] / 100
