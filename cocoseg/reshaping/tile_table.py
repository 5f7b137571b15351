"""Which tiles belong to which image, as ``cocoseg tile`` wrote it into a JSON (``tiles.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs.mosaic import shown
from cocoseg.codecs.rle import check_size
from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places
from cocoseg.files.documents import parse_part, read_document
from cocoseg.files.names import png_name, relative_name
from cocoseg.files.places import StrPath, place
from cocoseg.formats.coco_json.about import TILES
from cocoseg.formats.coco_json.images import Listed
from cocoseg.model import Dataset, ImageId
from cocoseg.runs.tally import counted

TABLE = "tiles.json"
_NAMES = ("panoptic.json", "instances.json", TABLE)
_OBJECT = msgspec.json.Decoder(dict[str, Raw])


class _Of(msgspec.Struct):
    image_id: int | str
    file_name: str
    size: tuple[int, int]
    offset: tuple[int, int]
    key: str = ""
    of: Raw | UnsetType = UNSET


class _Row(msgspec.Struct):
    id: int | str
    file_name: str
    height: int
    width: int
    tile: _Of | UnsetType = UNSET


class _Tiles(msgspec.Struct):
    ids: str = "none"
    of: Raw | UnsetType = UNSET  # where images are tiles themselves


class _Document(msgspec.Struct):
    images: list[Raw] = []
    tiles: _Tiles | UnsetType = UNSET


class Tile(NamedTuple):
    """A tile: its id, its name, its size (height, width), and its first row and column in the image."""

    id: ImageId
    name: str
    size: tuple[int, int]
    offset: tuple[int, int]


class Whole(NamedTuple):
    """An image that was cut: its names, its size (height, width), its row as a JSON lists it, and its tiles."""

    key: str
    image_id: ImageId
    file_name: str
    size: tuple[int, int]
    row: Raw
    tiles: list[Tile]

    @property
    def shown(self) -> int:
        """How many of its pixels the tiles show."""
        return shown([tile.offset for tile in self.tiles], [tile.size for tile in self.tiles], self.size)


class Table(NamedTuple):
    """The images of a JSON of tiles. ``listed`` are its tiles, as results name them; ``ids``: what segments
    had, if it ``says_ids``. ``about`` is what a JSON of the images says of them all.
    """

    source: str
    images: Sequence[Whole]
    listed: Listed
    ids: str
    says_ids: bool
    about: Mapping[str, Raw] = {}

    def note(self, tiles: Dataset) -> str:
        """A line that says what becomes of a data set of tiles."""
        found, wanted = counted(len(tiles), "tile"), sum(len(image.tiles) for image in self.images)
        of = "" if len(tiles) == wanted else f" of {wanted:,}"
        return f"{found}{of} put together to {counted(len(self.images), 'image')}"


def read_table(path: StrPath) -> Table:
    """The table of tiles: a JSON, or the folder that ``cocoseg tile`` wrote.

    Raises DocumentError ``doc.*``, ``file.*``, ``json.*``, ``tile.*``, ``path.*``, ``size.*``.
    """
    source = _document(place(path))
    document = read_document(source, _Document)
    images: dict[Name, Whole] = {}
    places_of: set[tuple[Name, Size]] = set()
    for number, raw in enumerate(document.images):
        try:
            _enter(images, places_of, raw)
        except SampleError as error:
            raise DocumentError(error.category, f"{source}: images[{number}]: {error.message}") from None
    if not images:
        raise DocumentError("doc.missing_key", f"{source}: no image has 'tile'; name what 'cocoseg tile' wrote")
    said = _Tiles() if document.tiles is UNSET else document.tiles
    about = {} if said.of is UNSET or not bytes(said.of).startswith(b"{") else {TILES: said.of}
    listed = Listed(source, document.images)
    return Table(source, _with_own_ids(list(images.values())), listed, said.ids, document.tiles is not UNSET, about)


def _with_own_ids(images: Sequence[Whole]) -> list[Whole]:
    """The images, those with an id that another has under the next free number: so it is where tiles were merged."""
    free = max((image.image_id for image in images if isinstance(image.image_id, int)), default=0) + 1
    taken: set[ImageId] = set()
    made = []
    for image in images:
        if image.image_id in taken:
            image, free = image._replace(image_id=free), free + 1
        taken.add(image.image_id)
        made.append(image)
    return made


def _document(source: str) -> str:
    if not places.is_folder(source):
        return source
    found = (places.join(source, name) for name in _NAMES)
    if (first := next(filter(places.exists, found), None)) is None:
        text = f"the folder {show(source, 300)} has no {', '.join(_NAMES[:-1])} or {TABLE}, in which tiles are listed"
        raise DocumentError("file.missing", f"{text}; name what 'cocoseg tile' wrote")
    return first


_DECODER = msgspec.json.Decoder(_Row)
Name = tuple[ImageId, str]
Size = tuple[int, int]


def _enter(images: dict[Name, Whole], places: set[tuple[Name, Size]], raw: Raw) -> None:
    """Take a row into the images. Raises SampleError ``doc.*``, ``tile.*``, ``path.*``, ``size.*``, ``limit.*``."""
    row = parse_part(raw, _DECODER)
    if row.tile is UNSET:
        return
    of, name = row.tile, (row.tile.image_id, row.tile.file_name)
    _check(row, of)
    if name not in images:
        key = relative_name(of.key) if of.key else png_name(relative_name(of.file_name))
        images[name] = Whole(key, of.image_id, of.file_name, of.size, _row(raw, of), [])
    if images[name].size != of.size:
        text = f"tile.size is {list(of.size)}, but another tile of the image says {list(images[name].size)}"
        raise SampleError("tile.size", f"{text}; cut the images again")
    if (name, of.offset) in places:
        text = f"two tiles of {show(of.file_name)} begin at {list(of.offset)}"
        raise SampleError("tile.twice", f"{text}; leave one of them out")
    places.add((name, of.offset))
    images[name].tiles.append(Tile(row.id, row.file_name, (row.height, row.width), of.offset))


def _check(row: _Row, of: _Of) -> None:
    """Raises SampleError ``tile.size`` for a tile that is not inside its image."""
    (y, x), (height, width) = of.offset, check_size(of.size)
    if min(y, x) < 0 or min(row.height, row.width) < 1 or y + row.height > height or x + row.width > width:
        text = f"the tile has {row.height}×{row.width} pixels from {list(of.offset)}, which is not in an image of"
        raise SampleError("tile.size", f"{text} {list(of.size)}; cut the images again")


def _row(raw: Raw, of: _Of) -> Raw:
    """The row of the whole image, but for what every writer sets."""
    fields: Mapping[str, Any] = {name: value for name, value in _OBJECT.decode(raw).items() if name != "tile"}
    return Raw(msgspec.json.encode(fields if of.of is UNSET else {**fields, "tile": of.of}))
