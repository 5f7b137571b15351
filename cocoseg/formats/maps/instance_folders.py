"""Reads a folder for each image with a binary mask for each object: ``<image>/masks/*.png``.

Data Science Bowl 2018 has its nuclei so. All objects are of one class. The photo is the picture in ``<image>/images``.
"""

from __future__ import annotations

import os

from cocoseg.errors import DocumentError
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import read_categories
from cocoseg.formats.maps.folders import image_folders, image_photos
from cocoseg.formats.maps.stacks import Stack, files_in, peek, stacked
from cocoseg.labels.presets import BACKGROUND_NAMES
from cocoseg.model import Category, Dataset

__all__ = ["peek", "read"]


def read(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    images: str | None = None,
    split: str | None = None,
    class_name: str | None = None,
) -> Dataset:
    """A folder for each image as a Dataset of the images, sorted by name.

    ``class_name`` names the class of all masks; ``categories`` lists it alone. Raises DocumentError: ``doc.*``,
    ``file.*``, ``json.*``, ``maps.binary``.
    """
    folder = os.fspath(path)
    files = files_in(folder, "folders called 'masks' of images", "image/masks/1.png", image_folders)
    category = Category(1, class_name or "object", True) if categories is None else _only(folder, str(categories))
    photos = {name: rows[0] for name, rows in image_photos(files).items() if len(rows) == 1}
    found = image_folders(files)
    left = [photo for name, photo in photos.items() if name not in found]
    stack = Stack(folder, found, photos, left)
    read_as = "folder with a mask for each object of an image, all of the class 'object' (--class names it)"
    guess = "" if class_name or categories else read_as
    return stacked(stack, [category], lambda _: category.id, frozenset(), images, split, guess)


def _only(folder: str, categories: str) -> Category:
    listed = [row for row in read_categories(categories) if row.name.lower() not in BACKGROUND_NAMES]
    if len(listed) != 1:
        text = f"{categories} lists {len(listed)} categories, but all masks are of one class; expected one"
        raise DocumentError("maps.binary", f"{folder}: {text}, or name it with --class")
    return listed[0]
