"""Binary masks whose folders say what they are: ``<class>/a.png`` of one image, or all in ``<image>/masks/``.

Splits, the frames of films and the answers of several people lie in folders of that form too. So a folder is taken for
one of these only if nothing speaks against it.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from cocoseg.codecs.regions import runs
from cocoseg.errors import SampleError
from cocoseg.files import places
from cocoseg.files.listing import is_hidden
from cocoseg.files.reading import read_file
from cocoseg.formats.maps.kinds import read_numbers
from cocoseg.formats.maps.look import spread
from cocoseg.formats.maps.pairs import ENDINGS, LOSSY, PHOTO_FOLDERS, path_stem
from cocoseg.model.splits import SPLITS

MASKS = ("masks", "mask")

_SPLITS = {*SPLITS, *SPLITS.values(), "trainval", "dev"}
_KINDS = re.compile(
    r"(?:ground_?truth|gt|pred(?:iction)?|output|result|mask|label|annotation|seg(?:mentation)?|annotator|expert|rater|"
    r"reader|observer|left|right|set|part|fold|batch|seq(?:uence)?|scene|video|clip|cam(?:era)?|view)s?[_-]?\w?\d*|\W*\d+\W*",
    re.IGNORECASE,
)
_FRAME = re.compile(r"(\D*)(\d+)")
_SOME = 4  # images that are looked at
_EACH = 3  # masks of each
_PICTURES = (*ENDINGS, *LOSSY)


class Mask(NamedTuple):
    """A picture of an image in a folder; ``word`` is the folder's name, or that of the picture."""

    word: str
    file: str


def class_folders(files: Iterable[str]) -> dict[str, list[Mask]]:
    """The masks of each image, by its path without the class's folder; sorted by both."""
    found = defaultdict(list)
    for name in sorted(files):
        *above, word, base = ("", *name.split("/"))
        if name.lower().endswith(ENDINGS) and word and word.lower() not in PHOTO_FOLDERS and not is_hidden(name):
            found[path_stem("/".join([*above[1:], base]))].append(Mask(word, name))
    return dict(sorted(found.items()))


def image_folders(files: Iterable[str]) -> dict[str, list[Mask]]:
    """The masks in the folder ``masks`` of each image, by the image's folder; sorted by both."""
    found = defaultdict(list)
    for name in sorted(files):
        parts = name.split("/")
        if len(parts) > 2 and parts[-2].lower() in MASKS and name.lower().endswith(ENDINGS) and not is_hidden(name):
            found["/".join(parts[:-2])].append(Mask(path_stem(parts[-1]), name))
    return dict(sorted(found.items()))


def image_photos(files: Iterable[str]) -> dict[str, list[str]]:
    """The pictures in the folder ``images`` of each image, by the image's folder."""
    found = defaultdict(list)
    for name in sorted(files):
        parts = name.split("/")
        if len(parts) > 2 and parts[-2].lower() in PHOTO_FOLDERS and name.lower().endswith(_PICTURES):
            found["/".join(parts[:-2])].append(name)
    return found


def folders_of(folder: str, files: Sequence[str]) -> str | None:
    """``class`` or ``image``, what the folders of masks stand for beyond doubt; None if there is any."""
    usable = [name for name in files if name.lower().endswith(_PICTURES) and not is_hidden(name)]
    if not any("/" in name for name in usable):
        return None
    images = image_folders(usable)
    if images and _are_images(images, usable):
        return "image" if _are_binary(folder, images) else None
    classes = class_folders(usable)
    return "class" if _are_classes(classes, usable) and _are_binary(folder, classes) else None


def _are_images(images: Mapping[str, Sequence[Mask]], usable: Sequence[str]) -> bool:
    """Whether most folders with masks have one photo, which is not called as their only mask."""
    photos = image_photos(usable)
    inside = {row.file for rows in images.values() for row in rows} | {
        name for rows in photos.values() for name in rows
    }
    one = [name for name, rows in images.items() if len(photos.get(name, ())) == 1 and not _is_pair(rows, photos[name])]
    splits = _SPLITS.intersection(posixpath.basename(name).lower() for name in images)
    return 2 * len(one) > len(images) and len(inside) == len(usable) and not splits


def _is_pair(masks: Sequence[Mask], photos: Sequence[str]) -> bool:
    return {row.word for row in masks} == {posixpath.basename(path_stem(name)) for name in photos}


def _are_classes(images: Mapping[str, Sequence[Mask]], usable: Sequence[str]) -> bool:
    """Whether most images have masks in several folders, whose names may be those of classes."""
    words = {row.word for rows in images.values() for row in rows}
    several = sum(len(rows) > 1 for rows in images.values())
    if len(words) < 2 or 2 * several < len(images) or any(_is_no_class(word) for word in words):
        return False
    masks = {row.file for rows in images.values() for row in rows}
    others = [name for name in usable if name not in masks]
    if any("/" not in name and name.lower().endswith(ENDINGS) for name in others) and not _have_photos(images, others):
        return False
    return not _are_frames(images) or _have_photos(images, others)


def _is_no_class(word: str) -> bool:
    return word.lower() in _SPLITS or bool(_KINDS.fullmatch(word))


def _are_frames(images: Mapping[str, Sequence[Mask]]) -> bool:
    """Whether the names in every folder are numbered without a gap, as the frames of a film are."""
    folders = defaultdict(list)
    for name, rows in images.items():
        for row in rows:
            folders[row.word].append(posixpath.basename(name))
    return all(map(_is_row, folders.values()))


def _is_row(names: Collection[str]) -> bool:
    matches = [match for name in names if (match := _FRAME.fullmatch(name))]
    numbers = {int(match[2]) for match in matches}
    same = len({match[1] for match in matches}) == 1
    return len(matches) == len(names) and same and max(numbers) - min(numbers) < len(numbers)


def _have_photos(images: Iterable[str], others: Sequence[str]) -> bool:
    """Whether each image, whatever its class, has one photo."""
    counts: dict[str, int] = defaultdict(int)
    for name in others:
        counts[posixpath.basename(path_stem(name))] += 1
    found = [counts.get(posixpath.basename(name), 0) for name in images]
    return bool(found) and 2 * found.count(1) > len(found)


def _are_binary(folder: str, images: Mapping[str, Sequence[Mask]]) -> bool:
    """Whether some pictures have 0 and one other value, and those of an image one size. Damaged ones say nothing."""
    seen = False
    for name in islice(spread(list(images)), _SOME):
        sizes = set()
        for size, values in _contents(folder, images[name][:_EACH]):
            if len(values) > 1:
                return False
            sizes.add(size)
        if len(sizes) > 1:
            return False
        seen = seen or bool(sizes)
    return seen


def _contents(folder: str, masks: Iterable[Mask]) -> Iterator[tuple[tuple[int, ...], set[int]]]:
    """The size of each picture, and its values but 0."""
    for row in masks:
        try:
            picture = read_numbers(read_file(places.join(folder, row.file)))
        except SampleError as error:
            if error.category == "png.mode":
                yield (0, 0), {1, 2}  # a picture in colours
        else:
            yield picture.shape, set(np.unique(runs(picture.reshape(-1))[0]).tolist()) - {0}
