"""CVAT for images 1.1: one XML about all images, ``annotations.xml``, with their photos in ``images/`` beside it.

    <annotations><meta>...<labels><label><name>, <color>, <type></label>...</meta>
      <image id name width height> <polygon label points z_order group_id/> <box/> <ellipse/> <mask/> ... </image>

Shapes are painted in the order of ``z_order``; those of one label and group are one object. Points, lines, cuboids,
skeletons and tags have no area in the image and are left out, counted. The XML is streamed, and an image is kept as the
JSON of its shapes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cocoseg.codecs.rle import check_size
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath
from cocoseg.files.xml import parse_xml
from cocoseg.formats.shapes import classes, documents, outlines
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.documents import Drawn, Listed
from cocoseg.formats.shapes.shape import Shape, Size
from cocoseg.model import Category, Dataset
from cocoseg.model.splits import unknown

peek = documents.peek

_VERSION = "cvat 1"
_WITHOUT_AREA = ("points", "polyline", "cuboid", "skeleton", "tag")
_TRACKS = "holds tracks of a video; export it from CVAT as 'CVAT for images 1.1', which has the shapes of every frame"

Attributes = Mapping[str, str]
Element = tuple[str, dict[str, str]]


class _Image(msgspec.Struct):
    size: Size
    elements: list[Element]


def read(
    path: StrPath, *, categories: StrPath | None = None, photos: StrPath | None = None, split: StrPath | None = None
) -> Dataset:
    """An ``annotations.xml`` as a Dataset. The categories are its labels, in their order, unless they are given.

    A ``split`` is a subset of a project. Raises DocumentError.
    """
    source = os.fspath(path)
    found = _Document()
    parse_xml(source, found.start, found.end)
    if not found.is_cvat:
        raise DocumentError("doc.kind", f"{source}: no <image> and no <meta> in it; is it an XML of CVAT?")
    folder = os.fspath(photos) if photos is not None else _photos(source)
    return documents.read_images(
        source,
        _of_subset(source, _named(found.images, folder), os.fspath(split) if split is not None else None),
        _classes(found, categories),
        parse=drawn,
        photos=folder,
        version=_VERSION,
        problems=_left_out(source, found),
    )


def drawn(data: bytes) -> Drawn:
    """The shapes of an image, the lowest first. Raises SampleError."""
    image = msgspec.json.decode(data, type=_Image)
    rows = [(_z_order(row, k), _shape(tag, row, f"{tag}[{k}]", image.size)) for k, (tag, row) in _areas(image)]
    return Drawn([shape for _, shape in sorted(rows, key=lambda row: row[0])], image.size)


class _Listed(NamedTuple):
    """An image in the XML, and the subset that it is in."""

    where: str
    image: Listed | Problem
    subset: str


class _Document:
    """What stands in the XML, collected while it is parsed."""

    def __init__(self) -> None:
        self.labels: list[dict[str, str]] = []
        self.used: set[str] = set()
        self.images: list[_Listed] = []
        self.left_out: Counter[str] = Counter()
        self.is_cvat = False
        self._path: list[str] = []
        self._image: Attributes = {}
        self._elements: list[Element] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins. Raises DocumentError ``doc.kind``."""
        self._path.append(tag)
        depth = len(self._path)
        if depth == 1 and tag != "annotations":
            raise DocumentError("doc.kind", f"its root is <{tag}>, expected <annotations> as CVAT writes it")
        if depth == 2:
            self._section(tag, attributes)
        elif depth == 3 and self._path[1] == "image":
            self._elements.append((tag, attributes))
        elif self._path[-2:] == ["labels", "label"]:
            self.labels.append({})

    def end(self, tag: str, text: str) -> None:
        """An element ends, with the text in it."""
        self._path.pop()
        if self._path == ["annotations"] and tag == "image":
            self._add_image()
        elif self._path[-2:] == ["labels", "label"]:
            self.labels[-1][tag] = text

    def _section(self, tag: str, attributes: Attributes) -> None:
        if tag == "track":
            raise DocumentError("doc.kind", _TRACKS)
        self.is_cvat |= tag in ("image", "meta")
        self._image, self._elements = attributes, []

    def _add_image(self) -> None:
        self.left_out.update(tag for tag, _ in self._elements if tag in _WITHOUT_AREA)
        self.used.update(row.get("label", "") for tag, row in self._elements if tag not in _WITHOUT_AREA)
        where, name, subset = f"images[{len(self.images)}]", self._image.get("name", ""), self._image.get("subset", "")
        try:
            size = check_size((_whole(self._image, "height"), _whole(self._image, "width")))
            body = msgspec.json.encode(_Image(size, self._elements))
            self.images.append(_Listed(where, Listed(body, size, name), subset))
        except SampleError as error:
            self.images.append(_Listed(where, error.at(f"{where} ({show(name)})").problem, subset))


def _named(images: Sequence[_Listed], photos: str) -> list[_Listed]:
    """The images of a project, named with their subset where their photos lie so, or where names repeat."""
    subsets = {row.subset for row in images} - {""}
    names = [row.image.file_name for row in images if isinstance(row.image, Listed)]
    if not any(places.is_folder(places.join(photos, subset)) for subset in subsets) and len(set(names)) == len(names):
        return list(images)
    return [row._replace(image=_within(row.subset, row.image)) for row in images]


def _within(subset: str, image: Listed | Problem) -> Listed | Problem:
    if not subset or isinstance(image, Problem):
        return image
    return image._replace(file_name=f"{subset}/{image.file_name}")


def _of_subset(source: str, images: Sequence[_Listed], split: str | None) -> list[tuple[str, Listed | Problem]]:
    """The images of a subset, or all. Raises DocumentError ``file.missing`` if no image is in the subset."""
    subsets = {row.subset for row in images}
    if split is not None and split not in subsets:
        raise unknown(source, split, subsets - {""}, "subset")
    return [row[:2] for row in images if split in (None, row.subset)]


def _areas(image: _Image) -> list[tuple[int, Element]]:
    return [(k, row) for k, row in enumerate(image.elements) if row[0] not in _WITHOUT_AREA]


def _z_order(row: Attributes, number: int) -> int:
    return _whole({"z_order": "0", **row}, "z_order")


def _shape(tag: str, row: Attributes, where: str, size: Size) -> Shape:
    if tag not in _VALUES:
        text = f"{where}: found <{tag}>, expected one of {', '.join((*_VALUES, *_WITHOUT_AREA))}"
        raise SampleError("doc.type", text)
    try:
        return Shape(_text(row, "label"), _VALUES[tag](row, size), where, _group(row))
    except SampleError as error:
        raise error.at(where) from None


def _group(row: Attributes) -> str | None:
    return row["group_id"] if row.get("group_id", "0") not in ("", "0") else None


def _polygon(row: Attributes, _: Size) -> list[list[float]]:
    points = [point.split(",") for point in _text(row, "points").split(";")]
    if any(len(point) != 2 for point in points):
        raise SampleError("poly.odd", f"points are {show(row['points'])}; expected x,y;x,y;...")
    return [[_float(value, "points") for point in points for value in point]]


def _box(row: Attributes, _: Size) -> list[list[float]]:
    left, top, right, bottom = (_number(row, name) for name in ("xtl", "ytl", "xbr", "ybr"))
    ring = outlines.box(left, top, right, bottom)
    return [outlines.turned(ring, _rotation(row), (left + right) / 2, (top + bottom) / 2)]


def _ellipse(row: Attributes, _: Size) -> list[list[float]]:
    x, y, rx, ry = (_number(row, name) for name in ("cx", "cy", "rx", "ry"))
    return [outlines.ellipse(x, y, rx, ry, _rotation(row))]


def _mask(row: Attributes, size: Size) -> dict[str, Any]:
    """Runs along the rows of a box, which begin with zeros."""
    left, top, width, height = (_whole(row, name) for name in ("left", "top", "width", "height"))
    try:
        counts = np.array(_text(row, "rle").split(","), np.int64)
    except (ValueError, OverflowError):
        raise SampleError("rle.type", f"rle is {show(row['rle'])}; expected whole numbers: n, n, ...") from None
    return outlines.bits_at(outlines.bits_of_runs(counts, height, width), left, top, size)


_VALUES: dict[str, Callable[[Attributes, Size], Any]] = {
    "polygon": _polygon,
    "box": _box,
    "ellipse": _ellipse,
    "mask": _mask,
}


def _rotation(row: Attributes) -> float:
    return _number({"rotation": "0", **row}, "rotation")


def _text(row: Attributes, name: str) -> str:
    if name not in row:
        raise SampleError("doc.missing_key", f"has no {name!r}")
    return row[name]


def _number(row: Attributes, name: str) -> float:
    return _float(_text(row, name), name)


def _float(text: str, name: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise SampleError("poly.type", f"{name} is {show(text)}, expected a number") from None
    if abs(found) < 1e9:  # neither NaN nor infinity
        return found
    raise SampleError("poly.range", f"{name} is {show(text)}, expected a position in the image")


def _whole(row: Attributes, name: str) -> int:
    found = _number(row, name)
    if found != int(found):
        raise SampleError("size.type", f"{name} is {show(row[name])}, expected a whole number")
    return int(found)


def _classes(found: _Document, categories: StrPath | None) -> Classes:
    """The categories: those given, or the labels that may be drawn, or else the labels that were."""
    if categories is not None:
        return classes.of_file(categories)
    labels = {row["name"]: row for row in found.labels if row.get("name") and not _is_no_class(row)}
    if not labels:
        return classes.of_labels(found.used)
    rows = enumerate(labels.values(), 1)
    return classes.of_categories(
        [Category(number, row["name"], color=outlines.color(row.get("color", ""))) for number, row in rows]
    )


def _is_no_class(label: Attributes) -> bool:
    """Whether a label is one of whole images, or of a joint of a skeleton."""
    return label.get("type") == "tag" or bool(label.get("parent"))


def _photos(source: str) -> str:
    folder = places.parent(source)
    images = places.join(folder, "images")
    return images if places.is_folder(images) else folder


def _left_out(source: str, found: _Document) -> list[Problem]:
    if not found.left_out:
        return []
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.left_out.items()))
    return [Problem("seg.left_out", f"{source}: left out {kinds}, which have no area")]
