"""Images of their tiles: each pixel is taken from the tile in whose middle it lies.

Segments of tiles that ``cocoseg tile`` wrote have the id that they have in the image as ``of``, and become what they
were. Those of predictions do not say what they are of. Stuff of a category is one segment. Two things of a category
are one where neighbouring tiles agree on what they share: their masks there have an IoU above one half, and no other
pair of these two is more alike. Nothing else is joined, and nothing where tiles share no pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs.mosaic import Part, join_regions, join_runs, owned
from cocoseg.codecs.regions import Regions
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.names import stem
from cocoseg.formats.panoptic.writer import OF, OF_TILE
from cocoseg.labels.presets import is_stuff
from cocoseg.model import Dataset, Entry, Refused, Sample
from cocoseg.model.loading import Around, Change, Loads
from cocoseg.reshaping.seams import joined
from cocoseg.reshaping.tile_table import Table, Tile, Whole
from cocoseg.runs.tally import counted
from cocoseg.targets.resized import resized

AnyEntry = Entry | Refused


class _Origin(msgspec.Struct):
    of: int | tuple[int, int] | UnsetType = UNSET  # the id, or the id and the position in the image

    @property
    def id(self) -> int:
        return cast("int", self.of[0] if isinstance(self.of, tuple) else self.of)

    @property
    def rank(self) -> int:
        return cast("int", self.of[1] if isinstance(self.of, tuple) else self.of)


_ORIGIN = msgspec.json.Decoder(_Origin)
_OBJECT = msgspec.json.Decoder(dict[str, Raw])


class Body(NamedTuple):
    """An image that was cut, and the entry of each of its tiles, None where there is none."""

    whole: Whole
    entries: Sequence[Entry | None]


@dataclass(frozen=True)
class Stitch:
    """Puts the samples of tiles together. Segments of the categories ``stuff`` are one each, or of all if ``grouped``.

    With ``nearest``, a sample of another size than its tile is scaled.
    """

    stuff: frozenset[int] = frozenset()
    grouped: bool = False
    nearest: bool = False

    def __call__(self, whole: Whole, samples: Sequence[Sample | None], place: str) -> Sample:
        """The sample of the image. Raises SampleError ``size.mismatch``."""
        tiles = [sample and self._fitting(sample, tile) for sample, tile in zip(samples, whole.tiles, strict=True)]
        sizes, offsets = [tile.size for tile in whole.tiles], [tile.offset for tile in whole.tiles]
        numbers, order = _by_origin(tiles) or joined(tiles, offsets, self.stuff, self.grouped)
        count = len(order)
        boxes = owned(offsets, sizes, whole.size)
        parts = [Part(*row) for row in zip(offsets, boxes, numbers, strict=True)]
        made = _columns(tiles, order)
        shapes = _shapes(tiles, parts, count, whole.size)
        sample = Sample(whole.key, whole.image_id, shapes=shapes, place=place, file_name=whole.file_name, **made)
        sample = replace(sample, row=whole.row, problems=tuple(_problems(tiles)))
        return sample.take(np.flatnonzero(sample.areas))

    def _fitting(self, sample: Sample, tile: Tile) -> Sample:
        if sample.size == tile.size:
            return sample
        if self.nearest:
            return resized(sample, tile.size)
        found, expected = ("{}×{}".format(*size) for size in (sample.size, tile.size))
        text = f"{show(sample.key)} is {found} (height×width), its tile {expected}"
        raise SampleError("size.mismatch", f"{text}; give both one size, or scale predictions by --size nearest")


Numbers = list[Any]  # of the segments of each tile, in the whole image
Order = list[tuple[int, int]]  # the tile and the segment that each segment of the image is described by


def _by_origin(tiles: Sequence[Sample | None]) -> tuple[Numbers, Order] | None:
    """Segments by what their rows say they are of, or None if one does not say it."""
    seen: dict[int, tuple[int, int, int]] = {}
    numbers: list[list[int]] = []
    for number, tile in enumerate(tiles):
        if tile is None or not len(tile.ids):
            numbers.append([])
            continue
        if tile.rows is None:
            return None
        found = [_ORIGIN.decode(row) for row in tile.rows]
        if any(row.of is UNSET for row in found):
            return None
        for k, row in enumerate(found):
            seen.setdefault(row.id, (row.rank, number, k))
        numbers.append([row.id for row in found])
    ranked = sorted(seen, key=lambda of: seen[of][0])
    place = {of: k for k, of in enumerate(ranked)}
    rows = [np.array([place[of] for of in row], np.intp) for row in numbers]
    return rows, [seen[of][1:] for of in ranked]


def _columns(tiles: Sequence[Sample | None], order: Order) -> dict[str, Any]:
    """The columns of the image's segments, from those that describe them; ids are what these are of."""
    chosen = [(cast("Sample", tiles[number]), k) for number, k in order]
    rows = [None if tile.rows is None else _OBJECT.decode(tile.rows[k]) for tile, k in chosen]
    known = [None if tile.rows is None else _ORIGIN.decode(tile.rows[k]) for tile, k in chosen]
    ids = [number + 1 if of is None or of.of is UNSET else of.id for number, of in enumerate(known)]
    scored = bool(chosen) and all(tile.scores is not None for tile, _ in chosen)
    plain = [None if row is None else _of_image(row) for row in rows]
    return {
        "ids": np.array(ids, np.int64),
        "category_ids": np.array([tile.category_ids[k] for tile, k in chosen], np.int64),
        "iscrowd": np.array([tile.iscrowd[k] for tile, k in chosen], np.bool_),
        "scores": np.array([tile.scores[k] for tile, k in chosen]) if scored else None,  # type: ignore[index]
        "rows": None if None in plain else [Raw(msgspec.json.encode(row)) for row in plain],
    }


def _of_image(row: dict[str, Raw]) -> dict[str, Raw]:
    """The fields of a segment of the image, which may be a tile itself, from those of a segment of a tile."""
    own = _OBJECT.decode(row[OF_TILE]) if OF_TILE in row else {}
    return {name: row[name] for name in row if name not in OF} | own


def _shapes(tiles: Sequence[Sample | None], parts: Sequence[Part], count: int, size: tuple[int, int]) -> Any:
    there = [(tile, part) for tile, part in zip(tiles, parts, strict=True) if tile is not None]
    shapes, own = [tile.shapes for tile, _ in there], [part for _, part in there]
    if all(isinstance(shape, Regions) and not shape.by_column for shape in shapes):
        return join_regions(cast("list[Regions]", shapes), own, count, size)
    return join_runs([tile.runs for tile, _ in there], own, count, size)


def _problems(tiles: Iterable[Sample | None]) -> Iterator[Problem]:
    return iter(dict.fromkeys(problem for tile in tiles if tile is not None for problem in tile.problems))


@dataclass(frozen=True)
class Stitched(Around):
    """A loader of images that decodes their tiles with another one. The ``body`` of an entry is a ``Body``."""

    stitch: Stitch
    changes: tuple[Change, ...] = ()

    def fetch(self, entry: AnyEntry) -> Any:
        """The files of all tiles."""
        if isinstance(entry, Refused):
            raise SampleError(*entry.problem[:2])
        return [tile and self.inner.fetch(tile) for tile in entry.body.entries]

    def decode(self, entry: Entry, files: Any) -> Sample:
        """As in ``Loads``."""
        pairs = zip(entry.body.entries, files, strict=True)
        samples = [tile and self.inner.decode(tile, data) for tile, data in pairs]
        try:
            sample = self.stitch(entry.body.whole, samples, self.place(entry))
        except SampleError as error:
            raise error.at(self.place(entry)) from None
        for change in self.changes:
            sample = change(sample)
        return sample

    def content(self, entry: AnyEntry, files: Any, exact: bool) -> Iterable[bytes]:
        """The table's rows, and everything that determines the tiles."""
        if isinstance(entry, Refused):
            return (b"",)
        whole, entries = entry.body
        about = msgspec.json.encode((whole, repr(self.stitch)))
        pairs = zip(entries, files, strict=True)
        parts = (self.inner.content(tile, data, exact) for tile, data in pairs if tile is not None)
        return chain((about,), chain.from_iterable(parts))

    def place(self, entry: AnyEntry) -> str:
        """The source, and which image it is."""
        return f"{self.source}: {entry.place}"

    def changed(self, change: Change) -> Stitched:
        """As in ``Loads``."""
        return replace(self, changes=(*self.changes, change))


def stitched(
    dataset: Dataset, table: Table, by_id: bool = False, nearest: bool = False, missing: bool = False
) -> Dataset:
    """The images of a data set of tiles, those that have any.

    One of which a tile is refused, or missing unless that is allowed (``missing``), is refused. Tiles are found by
    their names, or with ``by_id`` by their ids. Raises DocumentError ``tile.none`` where there is not a single tile.
    """
    find, used = _finder(dataset.entries, by_id), set[int]()
    entries: list[AnyEntry] = []
    for whole in table.images:
        numbers = [find(whole, tile) for tile in whole.tiles]
        if all(number is None for number in numbers):
            continue
        used |= {number for number in numbers if number is not None}
        entries.append(_entry(whole, [None if k is None else dataset.entries[k] for k in numbers], dataset, missing))
    if not used:
        name = dataset.entries[0].key if dataset.entries else ""
        text = f"{dataset.source}: no tile of {show(table.source, 300)} is here, but for example {show(name)}"
        raise DocumentError("tile.none", f"{text}; name predictions as the tiles that they are of")
    stuff = frozenset(row.id for row in dataset.categories if is_stuff(row))
    load = Stitched(dataset.load, Stitch(stuff, dataset.conventions.grouped, nearest))
    problems = (*dataset.problems, *_extra(dataset, used, table))
    return replace(dataset, entries=entries, load=cast("Loads", load), problems=problems, photos="")


def _extra(dataset: Dataset, used: set[int], table: Table) -> list[Problem]:
    """A warning about what is no tile of the table."""
    rest = [entry.key for number, entry in enumerate(dataset.entries) if number not in used and entry.key]
    if not rest:
        return []
    text = f"{counted(len(rest), 'prediction')} of no tile of {show(table.source, 300)} left out: {show(rest[0])}"
    return [Problem("tile.extra", f"{dataset.source}: {text}{', ...' if len(rest) > 1 else ''}")]


def _finder(entries: Sequence[AnyEntry], by_id: bool) -> Callable[[Whole, Tile], int | None]:
    """Finds the entry of a tile by its name without its ending, that of its photo or its labels, or by its id."""
    named = {
        stem(name): number
        for number, entry in reversed(list(enumerate(entries)))
        for name in (entry.key, getattr(entry, "file_name", ""))
        if name
    }
    numbered = {entry.image_id: number for number, entry in enumerate(entries) if by_id and entry.image_id is not None}

    def find(whole: Whole, tile: Tile) -> int | None:
        names = (stem(tile.name), "{}_y{}_x{}".format(stem(whole.key), *tile.offset))
        return next((named[name] for name in names if name in named), numbered.get(tile.id))

    return find


def _entry(whole: Whole, tiles: Sequence[AnyEntry | None], dataset: Dataset, missing: bool) -> AnyEntry:
    where = f"the tiles of {show(whole.file_name)}"
    refused = next((entry.problem for entry in tiles if isinstance(entry, Refused)), None)
    lacks = "" if missing else _lacks(whole, tiles)
    if lacks and refused is None:
        text = f"{dataset.source}: {where}: {lacks}; add what is missing, or count it as empty (--missing empty)"
        refused = Problem("tile.missing", text)
    if refused is not None:
        return Refused(where, refused, whole.key, whole.image_id)
    body = Body(whole, cast("Sequence[Entry | None]", tiles))
    return Entry(whole.key, whole.image_id, where, (), whole.size, whole.file_name, whole.row, body)


def _lacks(whole: Whole, tiles: Sequence[AnyEntry | None]) -> str:
    """What is missing of an image, or ""."""
    gone = [tile.name for tile, entry in zip(whole.tiles, tiles, strict=True) if entry is None]
    if gone:
        return f"{show(gone[0])} is missing" + (f", and {len(gone) - 1:,} more" if gone[1:] else "")
    seen, pixels = whole.shown, whole.size[0] * whole.size[1]
    return "" if seen == pixels else f"those that are listed show {seen:,} of {pixels:,} pixels"
