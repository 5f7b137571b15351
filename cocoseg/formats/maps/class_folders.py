"""Reads a folder of binary masks for each class: ``<class>/a.png``, where pictures of one name are of one image.

A mask holds all of its class in the image: it is a crowd, unless the class is stuff, as in class maps.
"""

from __future__ import annotations

import os
from functools import partial

from cocoseg.errors import DocumentError, show
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps.folders import Mask, class_folders
from cocoseg.formats.maps.pairs import match
from cocoseg.formats.maps.stacks import Stack, files_in, peek, stacked
from cocoseg.labels.presets import is_thing
from cocoseg.model import Category, Dataset

__all__ = ["peek", "read"]


def read(
    path: StrPath, *, categories: StrPath | None = None, images: str | None = None, split: str | None = None
) -> Dataset:
    """A folder of binary masks for each class as a Dataset of its images, sorted by name.

    ``categories`` lists the classes by the names of their folders; otherwise these are numbered from 1 by name. Raises
    DocumentError: ``doc.*``, ``file.*``, ``id.unknown``, ``json.*``.
    """
    folder = os.fspath(path)
    files = files_in(folder, "folders of classes", "cat/a.png and dog/a.png", class_folders)
    found = class_folders(files)
    words = sorted({row.word for rows in found.values() for row in rows})
    listed = tuple(Category(number, word) for number, word in enumerate(words, 1))
    known = read_categories(categories) if categories is not None else listed
    numbers = {row.name: row.id for row in known}
    if strange := next((word for word in words if word not in numbers), None):
        text = f"the folder {show(strange)} is not the name of a category; add it, or leave out --categories"
        raise DocumentError("id.unknown", f"{folder}: {text}")
    crowds = frozenset(row.id for row in known if is_thing(row) is not False)
    return stacked(_stack(folder, files, found), known, partial(_number, numbers), crowds, images, split)


def _stack(folder: str, files: list[str], found: dict[str, list[Mask]]) -> Stack:
    masks = {row.file for rows in found.values() for row in rows}
    pictures = [name for name in files if name not in masks and name.lower().endswith(_PHOTOS)]
    photos = match({name: name for name in found}, sorted(pictures))
    seen = set(photos.values())
    return Stack(folder, found, photos, [name for name in sorted(pictures) if name not in seen] if photos else [])


def _number(numbers: dict[str, int], mask: Mask) -> int:
    return numbers[mask.word]


_PHOTOS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".heic")
