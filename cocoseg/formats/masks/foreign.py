"""Masks as other tools leave them: ``<image>/<id>_<class>.png`` and nothing that explains them.

The class is a category's name, as it is or as ``to-masks`` would write it, or its number. Without a file of categories
they are what the names tell: numbers as they are, else the classes in order of their names, from 1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import Raw

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.names import relative_name
from cocoseg.files.png import read_header
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps.photos import Photos, photos_of
from cocoseg.formats.masks.pictures import encode_masks, masks_of_pictures
from cocoseg.formats.masks.table import class_word
from cocoseg.model import Category, Dataset, ImageId, Loader, Refused, Sample

_MASK = re.compile(r"(?:(.*)/)?(\d{1,18})_([^/]+)\.png", re.IGNORECASE | re.DOTALL)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An image and its masks: ``files``, ``ids`` and ``category_ids`` (n,). ``size`` is (height, width), if known.

    ``row`` is what the file that lists the photo says of it.
    """

    key: str
    folder: str
    image_id: ImageId
    file_name: str
    size: tuple[int, int] | None
    row: Raw | None
    files: tuple[str, ...]
    ids: tuple[int, ...]
    category_ids: tuple[int, ...]

    @property
    def place(self) -> str:
        """Its folder."""
        return self.folder

    def content(self, exact: bool) -> bytes:
        """What it is made from, besides its files."""
        return msgspec.json.encode(self)


class _Mask(NamedTuple):
    folder: str
    id: int
    word: str
    file: str


def read(
    source: str,
    names: Sequence[str],
    categories: str | os.PathLike[str] | None,
    images: str | os.PathLike[str] | None,
) -> Dataset:
    """A folder that has the files ``names`` as a Dataset; as ``masks.read``."""
    folders, problems = _folders(source, names)
    words = {mask.word for masks in folders.values() for mask in masks}
    found, numbers = _named(words) if categories is None else _known(read_categories(categories))
    names = [f"{folder}.png" for folder in folders]
    photos = photos_of(names, images)
    rows = zip(names, folders.values(), strict=True)
    entries = [_entry(source, number, name, masks, numbers, photos) for number, (name, masks) in enumerate(rows)]
    load = Loader(source, source, picture, sample)
    problems = (*photos.problems, *problems)
    return Dataset(found, entries, load, source, source, problems, background=True, about=photos.about)


def picture(folder: str | None, entry: Entry) -> bytes:
    """The bytes of all masks of an image. Raises SampleError ``file.*``."""
    beside = places.join(folder or "", entry.folder)
    return msgspec.msgpack.encode([read_file(places.join(beside, name)) for name in entry.files])


def sample(entry: Entry, picture: bytes, place: str) -> Sample:
    """The masks of an image, all of one size. Raises SampleError."""
    pictures = dict(zip(entry.files, msgspec.msgpack.decode(picture, type=list[bytes]), strict=True))
    size = entry.size or _size(pictures)
    return Sample(
        entry.key,
        entry.image_id,
        np.array(entry.ids, np.int64),
        np.array(entry.category_ids, np.int64),
        np.zeros(len(entry.ids), np.bool_),
        encode_masks(masks_of_pictures(pictures, size), size),
        place,
        file_name=entry.file_name,
        row=entry.row,
    )


def _folders(source: str, names: Iterable[str]) -> tuple[dict[str, list[_Mask]], tuple[Problem, ...]]:
    """The masks of each image, sorted by id, and what else there is. Raises DocumentError ``doc.kind``."""
    folders: dict[str, list[_Mask]] = {}
    strange = []
    for name in sorted(names):
        if mask := _mask(source, name):
            folders.setdefault(mask.folder, []).append(mask)
        elif name.lower().endswith(".png"):
            strange.append(name)
    if not folders:
        text = "holds no masks, neither <image>/masks.json as to-masks writes it nor <image>/<id>_<class>.png"
        raise DocumentError("doc.kind", f"{source}: {text}")
    return {name: sorted(masks, key=lambda mask: mask.id) for name, masks in folders.items()}, _odd(source, strange)


def _mask(source: str, name: str) -> _Mask | None:
    match = _MASK.fullmatch(name)
    if match is None:
        return None
    if not match[1]:
        raise DocumentError("doc.kind", f"{source}: {name} is a mask; name the folder that has the images' folders")
    return _Mask(match[1], int(match[2]), match[3], name.rpartition("/")[2])


def _odd(source: str, strange: Sequence[str]) -> tuple[Problem, ...]:
    if not strange:
        return ()
    text = f"{len(strange)} PNGs are not named <id>_<class>.png and were left out, the first is {show(strange[0])}"
    return (Problem("masks.name", f"{source}: {text}"),)


def _named(words: set[str]) -> tuple[tuple[Category, ...], dict[str, int]]:
    """Categories made of the classes that files are named after, and the number of each class."""
    if all(word.isascii() and word.isdecimal() and len(word) < 19 for word in words):
        numbers = {word: int(word) for word in words}
        return tuple(Category(number, str(number)) for number in sorted(set(numbers.values()))), numbers
    numbers = {word: number for number, word in enumerate(sorted(words), 1)}
    return tuple(Category(number, word) for word, number in numbers.items()), numbers


def _known(categories: tuple[Category, ...]) -> tuple[tuple[Category, ...], dict[str, int]]:
    """The categories, and the number of each class: by name first, then as ``to-masks`` writes it, then by number."""
    ways = [(str(row.id), row.id) for row in categories]
    ways += [(class_word(row.name, row.id), row.id) for row in reversed(categories)]
    return categories, dict([*ways, *((row.name, row.id) for row in reversed(categories))])


def _entry(
    source: str, number: int, name: str, masks: Sequence[_Mask], numbers: Mapping[str, int], photos: Photos
) -> Entry | Refused:
    folder = masks[0].folder
    try:
        key = relative_name(name)
        photo = photos.find(number, key)
        _check(masks, numbers)
    except SampleError as error:
        return Refused(folder, error.at(f"{source}: {folder}").problem)
    columns = zip(*((mask.file, mask.id, numbers[mask.word]) for mask in masks), strict=True)
    return Entry(key, folder, photo.image_id, photo.file_name or key, photo.size, photo.row, *columns)


def _check(masks: Sequence[_Mask], numbers: Mapping[str, int]) -> None:
    """Raises SampleError ``id.duplicate``, ``id.unknown``."""
    for one, other in pairwise(masks):
        if one.id == other.id:
            text = f"{show(one.file)} and {show(other.file)} have the same id; each mask of an image has its own"
            raise SampleError("id.duplicate", text)
    if unknown := next((mask for mask in masks if mask.word not in numbers), None):
        text = f"{show(unknown.file)}: {show(unknown.word)} is no category's name or number; add it to the categories"
        raise SampleError("id.unknown", text)


def _size(pictures: Mapping[str, bytes]) -> tuple[int, int]:
    """(height, width) of all masks of an image. Raises SampleError ``size.mismatch``, ``png.*``."""
    sizes = {name: _size_of(name, data) for name, data in pictures.items()}
    first, size = next(iter(sizes.items()))
    if other := next((name for name in sizes if sizes[name] != size), None):
        found = "{}×{}".format(*sizes[other])
        text = f"{other} is {found} (height×width), {first} is {size[0]}×{size[1]}; masks of one image have one size"
        raise SampleError("size.mismatch", text)
    return size


def _size_of(name: str, data: bytes) -> tuple[int, int]:
    try:
        return read_header(data).size
    except SampleError as error:
        raise error.at(name) from None
