"""Supervisely: a JSON for each image in ``<dataset>/ann``, photos in ``<dataset>/img``, classes in ``meta.json``.

    ann/a.jpg.json  {"size": {"height", "width"}, "objects": [{"classTitle", "geometryType", "points" or "bitmap"}]}
    meta.json       {"classes": [{"title", "shape", "color"}]}

Polygons have holes. Bitmaps are PNGs, deflated once more and in base64, whose alpha is the mask. Corners of rectangles
are pixels that belong to it (supervisely ``geometry/rectangle.py``). Points, lines and graphs are left out, counted.
"""

from __future__ import annotations

import base64
import binascii
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from cocoseg.codecs.rle import check_size
from cocoseg.errors import Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.documents import parse_document, read_document
from cocoseg.files.places import StrPath
from cocoseg.files.png.alpha import read_alpha
from cocoseg.formats.shapes import classes, documents, outlines
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.documents import Drawn
from cocoseg.formats.shapes.shape import Shape, Size
from cocoseg.model import Category, Dataset
from cocoseg.model.splits import unknown

peek = documents.peek

_VERSION = "supervisely 1"
_META = "meta.json"
_WITHOUT_AREA = ("point", "line", "graph", "cuboid", "cuboid_2d", "polyline", "keypoints")
_SPARE = 1 << 16  # bytes of a bitmap's PNG that are not pixels


class _Points(msgspec.Struct):
    exterior: list[list[float]] = []
    interior: list[list[list[float]]] = []


class _Bitmap(msgspec.Struct):
    data: str
    origin: list[int]


class _Object(msgspec.Struct, rename="camel"):
    class_title: str
    geometry_type: str | None = None
    points: _Points | None = None
    bitmap: _Bitmap | None = None


class _Document(msgspec.Struct):
    size: dict[str, int]
    objects: list[_Object]


class _Class(msgspec.Struct):
    title: str
    shape: str = "any"
    color: str = ""


class _Meta(msgspec.Struct):
    classes: list[_Class]


def read(
    path: StrPath, *, categories: StrPath | None = None, photos: StrPath | None = None, split: StrPath | None = None
) -> Dataset:
    """A project, a data set in it, or one of its JSONs, as a Dataset.

    The categories are those of ``categories``, or of ``meta.json`` in the folder or above it, or else all labels by
    name, for which every JSON is read. A ``split`` is a data set of the project. Raises DocumentError.
    """
    source = os.fspath(path)
    folder = source if places.is_folder(source) else places.parent(source)
    listed = _listed(folder)
    if split is not None:
        _check_split(folder, os.fspath(split))
    return documents.read_documents(
        source,
        (".json",),
        partial(drawn, kinds={row.title: row.shape for row in listed or ()}),
        lambda found: _classes(listed, categories, found),
        photos=os.fspath(photos) if photos is not None else _photos(folder),
        version=_VERSION,
        named=_named,
        among=partial(_is_of_an_image, alone=places.base_name(folder) == "ann", split=os.fspath(split or "")),
    )


def drawn(data: bytes, kinds: Mapping[str, str]) -> Drawn:
    """The shapes of a document, and the ``kinds`` of shapes of the classes. Raises DocumentError, SampleError."""
    document = parse_document(data, _Document)
    size = check_size((document.size.get("height"), document.size.get("width")))
    rows = [(k, row, _kind(row, kinds)) for k, row in enumerate(document.objects)]
    left_out = Counter(kind for _, _, kind in rows if kind in _WITHOUT_AREA)
    shapes = [_shape(row, kind, f"objects[{k}]", size) for k, row, kind in rows if kind not in _WITHOUT_AREA]
    said = [f"left out {count} of type {kind!r}, which have no area" for kind, count in sorted(left_out.items())]
    soft = sum(kind == "alpha_mask" for _, _, kind in rows)
    return Drawn(shapes, size, "", (*said, *([_soft(soft)] if soft else [])))


def _soft(count: int) -> Problem:
    return Problem("seg.soft", f"alpha masks may have soft edges, whose pixels are mask unless they are clear: {count}")


def _kind(row: _Object, kinds: Mapping[str, str]) -> str:
    """What an object is. Old files only have it in the class."""
    return row.geometry_type or ("bitmap" if row.bitmap else kinds.get(row.class_title, "any"))


def _shape(row: _Object, kind: str, where: str, size: Size) -> Shape:
    try:
        if kind in ("bitmap", "alpha_mask"):
            return Shape(row.class_title, _mask(row, size), where)
        rings = [_ring(row.points.exterior), *map(_ring, row.points.interior)] if row.points else []
        if not rings:
            raise SampleError("doc.missing_key", f"is a {show(kind)} without 'points'")
        if kind == "polygon":
            return Shape(row.class_title, rings[:1], where, holes=rings[1:])
        if kind == "rectangle":
            return Shape(row.class_title, [_rectangle(rings[0])], where)
    except SampleError as error:
        raise error.at(where) from None
    known = ", ".join(("polygon", "rectangle", "bitmap", "alpha_mask", *_WITHOUT_AREA))
    raise SampleError("doc.type", f"{where}: geometryType is {show(kind)}, expected one of {known}")


def _ring(points: Sequence[Sequence[float]]) -> list[float]:
    if any(len(point) != 2 for point in points):
        raise SampleError("poly.odd", "a point is not [x, y]")
    return list(chain.from_iterable(points))


def _rectangle(corners: Sequence[float]) -> list[float]:
    """The corners are the first and the last pixel, or positions between pixels where they are not whole."""
    if len(corners) != 4:
        raise SampleError("poly.short", f"a rectangle has {len(corners) // 2} points, expected 2")
    xs, ys = sorted(corners[::2]), sorted(corners[1::2])
    last = 1 if all(float(corner).is_integer() for corner in corners) else 0
    return outlines.box(xs[0], ys[0], xs[1] + last, ys[1] + last)


def _mask(row: _Object, size: Size) -> dict[str, Any]:
    """A bitmap as RLE. Raises SampleError ``seg.type``, ``limit.pixels``, ``png.*``."""
    if row.bitmap is None or len(row.bitmap.origin) != 2:
        raise SampleError("doc.missing_key", "is a bitmap; expected 'bitmap' with 'data' and 'origin': [x, y]")
    left, top = row.bitmap.origin
    return outlines.bits_at(decode_bitmap(row.bitmap.data, size), left, top, size)


def decode_bitmap(data: str, size: Size) -> npt.NDArray[np.bool_]:
    """A bitmap's ``data`` -> (h, w) bool, in an image (height, width) that bounds what is unpacked.

    Raises SampleError ``seg.type``, ``limit.pixels``, ``png.*``.
    """
    most = 5 * size[0] * size[1] + _SPARE
    try:
        stream = zlib.decompressobj()
        picture = stream.decompress(base64.b64decode(data, validate=True), most)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise SampleError("seg.type", f"the bitmap is not base64 of deflated data ({error})") from None
    if not stream.eof:
        much = len(picture) == most
        text = f"unpacks to more than the {most:,} bytes that the image can need" if much else "is cut off"
        raise SampleError("limit.pixels" if much else "seg.type", f"the bitmap {text}; get the file again")
    mask: npt.NDArray[np.bool_] = read_alpha(picture) != 0
    return mask


def _listed(folder: str) -> list[_Class] | None:
    """The classes of the project that a folder is, or is in."""
    above = (folder, places.parent(folder), places.parent(places.parent(folder)))
    found = next((path for path in (places.join(one, _META) for one in above) if places.exists(path)), None)
    return read_document(found, _Meta).classes if found else None


def _classes(listed: Sequence[_Class] | None, categories: StrPath | None, found: Iterator[Drawn]) -> Classes:
    if categories is not None:
        return classes.of_file(categories)
    if listed is None:
        return classes.of_labels({row.label for one in found for row in one.shapes})
    return classes.of_categories(
        [Category(number, row.title, color=outlines.color(row.color)) for number, row in enumerate(listed, 1)]
    )


def _is_of_an_image(name: str, alone: bool, split: str) -> bool:
    """Whether a JSON is of an image, as those in ``ann`` are, and in the data set ``split``."""
    folder, _, document = name.rpartition("/")
    inside = f"/{folder}".endswith("/ann") or (alone and not folder)
    return inside and document != _META and (not split or folder.removesuffix("/ann") == split)


def _named(document: str) -> tuple[str, str]:
    """The names of labels and photo: ``ds/ann/a.jpg.json`` -> ``ds/a.jpg``, ``ds/img/a.jpg``."""
    folder, _, name = document.removesuffix(".json").rpartition("/")
    parent = folder.removesuffix("ann")
    return f"{parent}{name}", f"{parent}img/{name}" if folder else name


def _photos(folder: str) -> str:
    """Where photos are named from: the project or data set, or ``img`` beside the JSONs."""
    return places.join(places.parent(folder), "img") if places.base_name(folder) == "ann" else folder


def _check_split(folder: str, split: str) -> None:
    """Raises DocumentError ``file.missing`` if no data set has this name."""
    found = {name.rpartition("/ann/")[0] for name in documents.documents_in(folder, (".json",)) if "/ann/" in name}
    if split not in found:
        raise unknown(folder, split, found, "data set")
