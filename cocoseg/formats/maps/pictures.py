"""Lists the label pictures of a folder, with their names and the images that they belong to."""

from __future__ import annotations

import os
import posixpath
from typing import NamedTuple

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import listing, names, places
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.coco_json.photos import Photos, photos_of
from cocoseg.formats.maps.layouts import Layout
from cocoseg.model import Entry, Refused

_PHOTOS = (".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".heic")


class Index(NamedTuple):
    """A folder: an entry per picture, its problems, and the metadata of the JSON that lists the photos.

    ``names`` are those of all its pictures, whatever the split.
    """

    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    about: dict[str, bytes]
    names: list[str]


def read_index(
    folder: str, layout: Layout, images: str | os.PathLike[str] | None = None, split: str | None = None
) -> Index:
    """The label pictures in a folder of this layout, sorted by name, or in the order of the ``split``.

    ``images`` is a COCO JSON with the names and sizes of the photos. Raises DocumentError: ``doc.*``, ``file.*``,
    ``json.*``; SampleError ``file.*`` if the storage can't be listed.
    """
    found = listing.picture_names(places.join(folder, layout.labels) if layout.labels else folder)
    if not found:
        raise no_pictures(folder)
    chosen, refused = (found, []) if split is None else _of_split(folder, layout, split, found)
    photos, keys = photos_of(found, images), Keys(folder, "pictures")
    numbers = {name: number for number, name in enumerate(found)}  # so that an image has one id in every split
    entries = [_entry(folder, layout, numbers[name], name, photos, keys) for name in chosen]
    return Index([*entries, *refused], (*photos.problems, *keys.problems), photos.about, found)


def no_pictures(folder: str) -> DocumentError:
    """The error for a folder without pictures."""
    others = [name for name in listing.names(folder) if not listing.is_hidden(name)]
    advice = "; labels must be PNGs"
    if any(name.lower().endswith(_PHOTOS) for name in others):
        advice = ", but photos: give the folder of their labels, or the JSON of their annotations"
    what = f"has no PNG in it (found only {show(others[0])}){advice}" if others else "is empty"
    return DocumentError("doc.empty", f"the folder {show(folder, 300)} {what}{'' if others else ', expected PNGs'}")


def _entry(folder: str, layout: Layout, number: int, name: str, photos: Photos, keys: Keys) -> Entry | Refused:
    try:
        file_name = names.relative_name(name)
        photo = photos.find(number, file_name)
        key = keys.take(number, file_name)
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)
    photo_name = photo.file_name or _photo_name(layout, file_name)
    return Entry(key, photo.image_id, show(file_name), (file_name,), photo.size, photo_name, photo.row)


def _photo_name(layout: Layout, file_name: str) -> str:
    """The photo's name if the layout has photos, otherwise the picture's."""
    stem = posixpath.splitext(file_name)[0]
    return posixpath.basename(layout.photos).format(stem=stem) if layout.photos else file_name


def _of_split(folder: str, layout: Layout, split: str, found: list[str]) -> tuple[list[str], list[Refused]]:
    """The pictures that a split lists, in its order, and its names without a picture. Raises DocumentError."""
    path = _split_file(folder, layout, split)
    stems = list(dict.fromkeys(_stems(path)))
    there = {posixpath.splitext(name)[0]: name for name in found}
    listed = [there[stem] for stem in stems if stem in there]
    if not listed:
        text = f"none of the {len(stems)} names has a label picture in {show(folder, 300)}; is --split right?"
        raise DocumentError("file.missing", f"{show(path, 300)}: {text}")
    return listed, [_unlabelled(folder, path, stem) for stem in stems if stem not in there]


def list_file(split: str | os.PathLike[str]) -> str | None:
    """The path of a split that is given as a list file; None if it is given by name.

    >>> list_file("lists/val.txt"), list_file("val")
    ('lists/val.txt', None)
    """
    text = os.fspath(split)
    return text if "/" in text or os.sep in text or text.endswith(".txt") else None


def _split_file(folder: str, layout: Layout, split: str) -> str:
    """The file of a split, which is given as a path or as a name. Raises DocumentError ``file.missing``."""
    if given := list_file(split):
        return given
    path = places.join(folder, layout.splits.format(split=split))
    if not places.exists(path):
        beside = places.parent(path)
        known = [posixpath.splitext(name)[0] for name in listing.names(beside)] if places.is_folder(beside) else []
        some = ", ".join(map(show, sorted(known)[:10]))
        what = f"the splits are {some}" if known else f"{show(beside, 300)} has none"
        raise DocumentError("file.missing", f"{show(folder, 300)}: no split is called {show(split)}; {what}")
    return path


def _stems(path: str) -> list[str]:
    """The first word of each line. Raises DocumentError ``file.*``, ``doc.empty``."""
    try:
        lines = read_file(path).decode("utf-8-sig", "replace").splitlines()
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    stems = [line.split()[0] for line in lines if line.strip()]
    if not stems:
        raise DocumentError("doc.empty", f"{show(path, 300)}: no names, expected one per line")
    return stems


def _unlabelled(folder: str, path: str, stem: str) -> Refused:
    text = f"it is listed in {show(path, 300)} but has no label picture"
    return Refused(show(stem), Problem("file.missing", f"{folder}: {show(stem)}: {text}"))
