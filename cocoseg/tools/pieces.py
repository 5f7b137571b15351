"""How ``tile`` and ``resize`` write: one image in, its pieces out, with photos where they are wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import msgspec
from msgspec import Raw

from cocoseg.errors import UsageError, show
from cocoseg.files.documents import Count
from cocoseg.files.names import PHOTOS
from cocoseg.files.places import StrPath, is_folder, lies_in, place
from cocoseg.formats.coco.writer import Annotations
from cocoseg.formats.coco_json.about import TILES
from cocoseg.formats.coco_json.document import json_document
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.formats.reading import evaluated
from cocoseg.model import Dataset
from cocoseg.model.photos import with_photos
from cocoseg.options import Reading, Reshaping, part
from cocoseg.reshaping.cutting import Tiling
from cocoseg.reshaping.pieces import InPieces
from cocoseg.reshaping.scaling import Scaling
from cocoseg.reshaping.tile_table import TABLE
from cocoseg.runs.document import Document, Place
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row
from cocoseg.runs.report import Head
from cocoseg.runs.run import run
from cocoseg.runs.tally import Tally, counted
from cocoseg.tools.coco import AnnotationSummary
from cocoseg.tools.handing_over import has_photos
from cocoseg.tools.panoptic import PanopticSummary
from cocoseg.tools.reshaped import DetectionRows, Kind, Opened, Out, check_out, kind_of, open_source, work
from cocoseg.tools.running import running
from cocoseg.tools.sources import Source, about
from cocoseg.tools.subset import shown_of
from cocoseg.tools.summary import Summary

_SIZE = re.compile(r"\s*(\d{1,7})\s*[x×X]\s*(\d{1,7})\s*")
_ONLY = ("only labels are written; --photos names the folder of the photos, OUT a folder for both",)


class _Counted(msgspec.Struct):
    pieces: Count = 0
    dropped: Count = 0
    turned: Count = 0


_COUNTED = msgspec.json.Decoder(_Counted)


@dataclass
class _OfPieces:
    """A tally that counts pieces, what was dropped from them, and photos that were turned by a guess."""

    called: str = "piece"
    pieces: int = 0
    dropped: int = 0
    turned: int = 0

    def count(self, row: Row) -> None:
        super().count(row)  # type: ignore[misc]
        found = _COUNTED.decode(row.result)
        self.pieces += found.pieces
        self.dropped += found.dropped
        self.turned += found.turned

    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = super().results()  # type: ignore[misc]
        counts = {"tiles": self.pieces} if self.called == "tile" else {}
        return counts | {"dropped": self.dropped} | ({"turned": self.turned} if self.turned else {}) | found

    def remarks(self) -> list[str]:
        found: list[str] = super().remarks()  # type: ignore[misc]
        tiles = [counted(self.pieces, "tile")] if self.called == "tile" else []
        why = "shown too little of" if self.called == "tile" else "without a pixel left"
        lost = [f"{counted(self.dropped, 'object')} dropped, {why}"] if self.dropped else []
        turned = [f"{counted(self.turned, 'photo')} turned as EXIF says, though their size fits both ways"]
        return [*tiles, *found, *lost, *(turned if self.turned else [])]


@dataclass
class PieceAnnotations(_OfPieces, AnnotationSummary):
    """The result of ``tile`` and ``resize`` to a detection JSON: ``pieces``, and objects ``dropped`` from them."""


@dataclass
class PieceSegments(_OfPieces, PanopticSummary):
    """The result of ``tile`` and ``resize`` to panoptic pictures: ``pieces``, and objects ``dropped`` from them."""


@dataclass
class PieceClasses(_OfPieces, Summary):
    """The result of ``tile`` and ``resize`` to class maps: ``pieces``, and objects ``dropped`` from them."""


_TALLIES: dict[type[Tally], type[Tally]] = {
    AnnotationSummary: PieceAnnotations,
    PanopticSummary: PieceSegments,
    Summary: PieceClasses,
}


class Begun(NamedTuple):
    """What is to be cut or scaled, how it is written, and the folder of its photos, or ""."""

    source: Source
    found: Opened
    dataset: Dataset
    kind: Kind
    notes: list[str]
    photos: str


def begin(src: StrPath, out: StrPath, options: Any, to: Kind | None) -> Begun:
    """Open a source. Raises DocumentError, LabelError, UsageError."""
    source = Source(src, part(Reading, {**options, "size": None}))
    found = open_source(src, source.options, to)
    kind = kind_of([found], to)
    check_out(kind, out, writing(options), folder=True)
    dataset, notes = evaluated(found.dataset) if kind != "semantic" else (found.dataset, [])
    photos, said = _photos(dataset, out, options)
    return Begun(source, found, dataset, kind, [*notes, *said], photos)


def writing(options: Any) -> Reshaping:
    """The options of ``merge`` and its like, whose ``overlap`` is a rule for masks, not pixels that tiles share."""
    return part(Reshaping, {**options, "overlap": None, "size": None})


def _photos(dataset: Dataset, out: StrPath, options: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The folder of the photos that are to be written, or "" and why. Raises UsageError ``usage.photos``."""
    folder, alone = dataset.photos, place(out).lower().endswith(".json")
    if options["photos"] is not None and alone:
        text = f"OUT is {show(place(out), 300)}, a JSON, which photos can't be in; name a folder for both"
        raise UsageError("usage.photos", text)
    wanted = options["photos"] is not None or (bool(folder) and is_folder(folder) and has_photos(dataset, folder))
    if not wanted or alone:
        return "", list(_ONLY)
    if lies_in(folder, place(out)):
        text = f"OUT {show(place(out), 300)} holds the photos, which could be overwritten; choose another OUT"
        raise UsageError("out.is_input", text)
    return folder, []


def write(begun: Begun, out: StrPath, options: Any, change: Tiling | Scaling, said: dict[str, Any]) -> Tally:
    """Write what ``change`` makes of the images; ``said`` is what the report has of it. Raises OutputError."""
    how, dataset, kind = running(options), begun.dataset, begun.kind
    is_tiled = isinstance(change, Tiling)
    table = _table(change, dataset) if isinstance(change, Tiling) else {}
    by = {"reshaped": {"by": "tile" if is_tiled else "resize", **said}} | ({"photos": PHOTOS} if begun.photos else {})
    head = Head(
        begun.source.files(begun.found.dataset), said | shown_of(kind, writing(options)) | begun.source.given, by
    )
    if is_tiled and dataset.conventions.ids == "file":  # which are unique no more
        dataset = replace(dataset, conventions=dataset.conventions._replace(ids="none"))
    pictured = replace(dataset, photos=begun.photos) if begun.photos else dataset
    made = work(
        Out(
            with_photos(pictured) if begun.photos else dataset,
            kind,
            out,
            head,
            writing(options),
            begun.notes,
            list(dataset.problems),
            about(dataset, begun.source.src) | table,
        )
    )
    convert = made.convert.made if isinstance(made.convert, DetectionRows) else made.convert
    pieces = InPieces(change, cast("Annotations", convert), bool(begun.photos))
    tally = _tally(made.tally, "tile" if is_tiled else "image")
    document = _listed(table) if is_tiled and isinstance(convert, ClassMaps) else made.document
    done: Tally = run(replace(made, convert=pieces, tally=tally, document=document), how)
    return done


def _table(change: Tiling, dataset: Dataset) -> dict[str, Any]:
    """What a JSON of tiles says of them all."""
    height, width = change.size
    size = {"height": height, "width": width, "overlap": change.overlap}
    of = {"of": Raw(dataset.about[TILES])} if TILES in dataset.about else {}
    return {TILES: size | {"ids": dataset.conventions.ids} | of}


def _listed(table: dict[str, Any]) -> Any:
    """The table of the tiles of class maps, which have no other JSON."""

    def document(folder: Folder) -> Document:
        return json_document(Place(folder, TABLE, folder), {}, ("images",), table)

    return document


def _tally(found: Tally, called: str) -> Tally:
    kind: Any = _TALLIES[type(found)]
    scheme = {"scheme": found.scheme} if isinstance(found, Summary) else {}
    made: Tally = kind(listed=found.listed, problems=found.problems, notes=found.notes, called=called, **scheme)
    return made


def size_of(text: object, name: str = "size") -> tuple[int, int]:
    """``1024``, ``512x768`` or (height, width) as (height, width). Raises UsageError ``usage.size``.

    >>> size_of("512x768"), size_of(1024)
    ((512, 768), (1024, 1024))
    """
    found: object = text
    if isinstance(text, str):
        match = _SIZE.fullmatch(text)
        found = (int(match[1]), int(match[2])) if match else int(text) if text.strip().isdecimal() else text
    several = isinstance(found, tuple | list) or getattr(found, "ndim", False)
    sides = tuple(cast("Any", found)) if several else (found, found)
    if len(sides) != 2 or not all(hasattr(side, "__index__") and not isinstance(side, bool) for side in sides):
        raise UsageError("usage.size", f"{name} is {show(text)}, expected pixels, or HEIGHTxWIDTH as 512x768")
    height, width = (int(cast("int", side)) for side in sides)
    if min(height, width) < 1:
        raise UsageError("usage.size", f"{name} is {show(text)}, expected at least 1 pixel along each side")
    return height, width
