"""Reads the polygons of Cityscapes and IDD (``*_gtFine_polygons.json``), painted as the label pictures are.

    {"imgHeight", "imgWidth", "objects": [{"label", "polygon": [[x, y], ...], "deleted"}]}

As in ``json2instanceImg.py``, later polygons hide earlier ones, a thing has its number n among those of its class, and
``cargroup`` is a crowd of cars. Polygons are filled by the one rule of this project, not by Pillow's.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np

from cocoseg.codecs.overlap import layers
from cocoseg.codecs.rle import check_size
from cocoseg.codecs.segmentation import read_segmentations
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.digests import digest
from cocoseg.files.documents import parse_document
from cocoseg.files.places import StrPath
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import name_problems
from cocoseg.formats.maps.classes import Numbered, Values, thing_sample
from cocoseg.formats.maps.codes import thousands_again
from cocoseg.formats.maps.layouts import Layout
from cocoseg.formats.maps.meaning import meaning
from cocoseg.formats.maps.pictures import read_index
from cocoseg.formats.survey import Peek
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Sample

_VERSION = "polygons 1"  # changes when the same input makes other samples
_VOID = 255
_NOT_EVALUATED = ("unlabeled", "ego vehicle", "rectification border", "out of roi", "license plate")
_NOT_PAINTED = -1
_MOST = 1000  # objects of a class whose segments have ids
_GROUP = "group"
_CORNERS = 3


class _Object(msgspec.Struct):
    label: str
    polygon: list[tuple[float, float]] = []
    deleted: int | bool = False


class _Document(msgspec.Struct, rename="camel"):
    img_height: int
    img_width: int
    objects: list[_Object]


class _Painted(NamedTuple):
    """A polygon's position, its points, the value of its class, and its number; 0 for stuff and groups."""

    position: int
    points: Sequence[tuple[float, float]]
    value: int
    number: int


@dataclass(frozen=True)
class Polygons:
    """Makes samples from polygons. ``ids`` gives the value of a label; -1 is not painted.

    ``background`` is the value of what no polygon covers.
    """

    values: Values
    ids: Mapping[str, int] = field(hash=False)
    background: int

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError: ``json.*``, ``doc.*``, ``size.*``, ``poly.*``, ``id.unknown``, ``limit.*``."""
        document = _parse(files[0])
        size = check_size((document.img_height, document.img_width))
        found = self._numbered(document.objects)
        rows = [row for row in found if len(row.points) >= _CORNERS]
        made = self._painted(entry, place, size, rows)
        return replace(made, problems=_short(place, len(found) - len(rows)))

    def _painted(self, entry: Entry, place: str, size: tuple[int, int], rows: Sequence[_Painted]) -> Sample:
        rings = [[list(chain.from_iterable(row.points))] for row in rows]
        regions, _ = layers(read_segmentations(rings, size, lambda k: f"objects[{rows[k].position}]"))
        kept = regions.lengths > 0
        segments, lengths = regions.segments[kept], regions.lengths[kept]
        classes = np.array([*(row.value for row in rows), self.background])[segments]
        numbers = np.array([*(row.number for row in rows), 0])[segments]
        found = self.values.find(classes, lengths)
        void = (found == self.values.nothing) & (classes != 0)
        numbered = Numbered(found, numbers, lengths, void, by_column=True)
        return thing_sample(entry, place, size, self.values, numbered, True, thousands_again)

    def _numbered(self, objects: Sequence[_Object]) -> list[_Painted]:
        """The polygons that are painted. Raises SampleError: ``id.unknown``, ``limit.segments``."""
        things = {value for value, row in self.values.rows if self.values.isthing[row] is not False}
        found, counts = [], Counter[int]()
        for index, row in enumerate(objects):
            if row.deleted:
                continue
            value, is_group = self._value(row.label, index)
            number = 0
            if value in things and not is_group:
                counts[value] += 1
                number = counts[value]
            if value != _NOT_PAINTED:
                found.append(_Painted(index, row.polygon, value, number))
        if counts and max(counts.values()) > _MOST:
            text = f"{max(counts.values())} objects of one class, but the ids of segments have room for {_MOST}"
            raise SampleError("limit.segments", f"{text}; is this a file of one image?")
        return found

    def _value(self, label: str, index: int) -> tuple[int, bool]:
        """The value of a label, and whether it is that of a group."""
        if label in self.ids:
            return self.ids[label], False
        if label.endswith(_GROUP) and (one := label.removesuffix(_GROUP)) in self.ids:
            return self.ids[one], True
        advice = "give the data set's own list with --categories, or the other format with --source-format"
        raise SampleError("id.unknown", f"objects[{index}]: the label {show(label)} is not among the classes; {advice}")


def read(
    path: StrPath,
    *,
    layout: Layout,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    split: str | None = None,
) -> Dataset:
    """A folder of polygons as a Dataset. The options are those of ``cocoseg.read``. Raises DocumentError."""
    folder = os.fspath(path)
    index = read_index(folder, layout, images, split)
    meant = meaning(folder, layout, categories)
    assert meant is not None
    void = _VOID in layout.void
    makes = Polygons(meant.values, _ids(meant.categories, void), _VOID if void else 0)
    return Dataset(
        meant.categories,
        index.entries,
        Loader(folder, (index.root,), makes, settings=f"{_VERSION} {meant.values.digest} {_digest(makes.ids)}"),
        conventions=Conventions("void", "picture", grouped=False),
        problems=(*index.problems, *name_problems(folder, meant.categories)),
        about=index.about,
        photos=index.photos,
    )


def peek(dataset: Dataset) -> Any:
    """Surveys an image: its size, from its document."""
    load = dataset.load
    assert isinstance(load, Loader)

    def look(entry: Entry) -> Peek:
        document = _parse(read_file(load.path(entry)))
        return Peek(check_size((document.img_height, document.img_width)))

    return look


def _ids(categories: Iterable[Category], void: bool) -> dict[str, int]:
    """The value of each label; a category may be named for several. What is not evaluated may be void."""
    rows = list(categories)
    parts = {part: row.id for row in rows for part in row.name.split("/")}
    others = dict.fromkeys(_NOT_EVALUATED, _VOID) if void else {_NOT_EVALUATED[-1]: _NOT_PAINTED}
    return others | parts | {row.name: row.id for row in rows}


def _digest(ids: Mapping[str, int]) -> str:
    return digest(msgspec.json.encode(sorted(ids.items())))


def _parse(data: bytes) -> _Document:
    try:
        return parse_document(data, _Document)
    except DocumentError as error:
        raise SampleError(error.category, error.message) from None


def _short(place: str, count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    text = "polygon of fewer than 3 points was" if count == 1 else "polygons of fewer than 3 points were"
    return (Problem("seg.left_out", f"{place}: {count} {text} left out"),)
