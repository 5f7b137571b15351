"""Reads masks that other tools wrote: ``<image>/<id>_<class>.png``, without a table.

The class is the name of a category, either as listed or as ``to-masks`` writes it, or its id. Without a file of
categories, the file names give them: if all classes are numbers, these are the ids, otherwise the sorted classes are
numbered from 1.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.names import relative_name
from cocoseg.files.png import read_header
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.coco_json.photos import Photos, photos_of
from cocoseg.formats.masks.pictures import encode_masks, masks_of_pictures
from cocoseg.formats.masks.table import class_word
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused, Sample

_MASK = re.compile(r"(?:(.*)/)?(\d{1,18})_([^/]+)\.png", re.IGNORECASE | re.DOTALL)


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
    """A folder with the files ``names`` as a Dataset; the options are those of ``masks.reader.read``."""
    folders, problems = _folders(source, names)
    words = {mask.word for masks in folders.values() for mask in masks}
    found, numbers = _named(words) if categories is None else _known(read_categories(categories))
    names = [f"{folder}.png" for folder in folders]
    photos = photos_of(names, images)
    rows = zip(names, folders.values(), strict=True)
    entries = [_entry(source, number, name, masks, numbers, photos) for number, (name, masks) in enumerate(rows)]
    missing = [
        (categories, "categories, except for the classes in file names (give them with --categories)"),
        (images, "the photos' names and ids (give them with --images)"),
    ]
    return Dataset(
        found,
        entries,
        Loader(source, (source,), sample),
        conventions=Conventions("background"),
        problems=(*photos.problems, *problems),
        missing=tuple(text for given, text in missing if given is None),
        about=photos.about,
    )


def sample(entry: Entry, files: Sequence[bytes], place: str) -> Sample:
    """The masks of an image, all of one size. Raises SampleError."""
    pictures = dict(zip(map(posixpath.basename, entry.files), files, strict=True))
    size = entry.size or _size(pictures)
    ids, category_ids = entry.body
    return Sample(
        entry.key,
        entry.image_id,
        np.array(ids, np.int64),
        category_ids=np.array(category_ids, np.int64),
        iscrowd=np.zeros(len(ids), np.bool_),
        shapes=encode_masks(masks_of_pictures(pictures, size), size),
        place=place,
        file_name=entry.file_name,
        row=entry.row,
    )


def _folders(source: str, names: Iterable[str]) -> tuple[dict[str, list[_Mask]], tuple[Problem, ...]]:
    """The masks of each image, sorted by id, and a problem for other PNGs. Raises DocumentError ``doc.kind``."""
    folders: dict[str, list[_Mask]] = {}
    strange = []
    for name in sorted(names):
        if mask := _mask(source, name):
            folders.setdefault(mask.folder, []).append(mask)
        elif name.lower().endswith(".png"):
            strange.append(name)
    if not folders:
        text = "holds no masks; expected <image>/masks.json, as to-masks writes it, or <image>/<id>_<class>.png"
        raise DocumentError("doc.kind", f"{source}: {text}")
    return {name: sorted(masks, key=lambda mask: mask.id) for name, masks in folders.items()}, _odd(source, strange)


def _mask(source: str, name: str) -> _Mask | None:
    match = _MASK.fullmatch(name)
    if match is None:
        return None
    if not match[1]:
        raise DocumentError(
            "doc.kind", f"{source}: {name} is a mask; name the folder that contains the images' folders"
        )
    return _Mask(match[1], int(match[2]), match[3], name.rpartition("/")[2])


def _odd(source: str, strange: Sequence[str]) -> tuple[Problem, ...]:
    if not strange:
        return ()
    text = f"{len(strange)} PNGs are not named <id>_<class>.png and were left out; the first is {show(strange[0])}"
    return (Problem("masks.name", f"{source}: {text}"),)


def _named(words: set[str]) -> tuple[tuple[Category, ...], dict[str, int]]:
    """Categories made from the classes in file names, and the category id of each class."""
    if all(word.isascii() and word.isdecimal() and len(word) < 19 for word in words):
        numbers = {word: int(word) for word in words}
        return tuple(Category(number, str(number)) for number in sorted(set(numbers.values()))), numbers
    numbers = {word: number for number, word in enumerate(sorted(words), 1)}
    return tuple(Category(number, word) for word, number in numbers.items()), numbers


def _known(categories: tuple[Category, ...]) -> tuple[tuple[Category, ...], dict[str, int]]:
    """The categories, and the id for each class: its name, else the name as ``to-masks`` writes it, else the id."""
    ways = [(str(row.id), row.id) for row in categories]
    ways += [(class_word(row.name, row.id), row.id) for row in reversed(categories)]
    return categories, dict([*ways, *((row.name, row.id) for row in reversed(categories))])


def _entry(
    source: str, number: int, name: str, masks: Sequence[_Mask], numbers: Mapping[str, int], photos: Photos
) -> Entry | Refused:
    where = masks[0].folder
    try:
        key = relative_name(name)
        photo = photos.find(number, key)
        _check(masks, numbers)
    except SampleError as error:
        printable = show(where, 300)[1:-1]
        return Refused(printable, error.at(f"{source}: {printable}").problem)
    files = tuple(f"{mask.folder}/{mask.file}" for mask in masks)
    body = tuple(mask.id for mask in masks), tuple(numbers[mask.word] for mask in masks)
    return Entry(key, photo.image_id, where, files, photo.size, photo.file_name or key, photo.row, body)


def _check(masks: Sequence[_Mask], numbers: Mapping[str, int]) -> None:
    """Raises SampleError ``id.duplicate``, ``id.unknown``."""
    for one, other in pairwise(masks):
        if one.id == other.id:
            text = (
                f"{show(one.file)} and {show(other.file)} have the same id; each mask of an image needs a different id"
            )
            raise SampleError("id.duplicate", text)
    if unknown := next((mask for mask in masks if mask.word not in numbers), None):
        text = f"{show(unknown.file)}: {show(unknown.word)} is not a category name or id; add it to the categories"
        raise SampleError("id.unknown", text)


def _size(pictures: Mapping[str, bytes]) -> tuple[int, int]:
    """(height, width) of the masks of an image. Raises SampleError ``size.mismatch``, ``png.*``."""
    sizes = {name: _size_of(name, data) for name, data in pictures.items()}
    first, size = next(iter(sizes.items()))
    if other := next((name for name in sizes if sizes[name] != size), None):
        found = "{}×{}".format(*sizes[other])
        text = f"{other} is {found} (height×width), but {first} is {size[0]}×{size[1]}"
        raise SampleError("size.mismatch", f"{text}; all masks of an image must have the same size")
    return size


def _size_of(name: str, data: bytes) -> tuple[int, int]:
    try:
        return read_header(data).size
    except SampleError as error:
        raise error.at(name) from None
