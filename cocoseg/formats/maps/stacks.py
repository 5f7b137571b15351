"""Several binary masks of an image as one sample; they may overlap."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import rle
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import names
from cocoseg.files.listing import names as file_names
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.coco_json.photos import Photos, photos_of
from cocoseg.formats.maps import splits
from cocoseg.formats.maps.folders import Mask
from cocoseg.formats.maps.kinds import is_turned, numbers_header, picture_size, read_numbers
from cocoseg.formats.maps.layouts import ANY, Files
from cocoseg.formats.maps.paths import Found, Picture
from cocoseg.formats.survey import Peek
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused, Sample


class Stack(NamedTuple):
    """The images of a folder by their paths, and their masks; ``photos`` are those that are there.

    ``left`` are photos of images without a mask.
    """

    folder: str
    images: dict[str, list[Mask]]
    photos: dict[str, str]
    left: Sequence[str] = ()


@dataclass(frozen=True)
class Masks:
    """Makes a sample of an entry whose body is the category id of each mask.

    Masks of the categories in ``crowds`` are crowds. A mask without a pixel is left out.
    """

    crowds: frozenset[int]

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError: ``png.*``, ``image.*``, ``npy.*``, ``mask.values``, ``size.*``, ``limit.pixels``."""
        size: tuple[int, int] | None = entry.size
        found, ids = [], []
        for name, category, data in zip(entry.files, entry.body, files, strict=True):
            mask = _mask(name, data, size)
            size = mask.shape[0], mask.shape[1]
            if mask.any():
                found.append(rle.encode(mask[None]))
                ids.append(category)
        nothing = rle.pack(np.zeros(0, np.int64), np.zeros(1, np.int64), size or (0, 0))
        return Sample(
            entry.key,
            entry.image_id,
            np.arange(1, len(ids) + 1),
            category_ids=np.array(ids, np.int64),
            iscrowd=np.isin(np.array(ids, np.int64), list(self.crowds)),
            shapes=rle.concatenate([nothing, *found]),
            place=place,
            file_name=entry.file_name,
            row=entry.row,
        )


def stacked(
    stack: Stack,
    categories: Sequence[Category],
    number: Callable[[Mask], int],
    crowds: frozenset[int],
    images: str | None,
    split: str | None,
    read_as: str = "",
) -> Dataset:
    """The data set of the masks; ``number`` gives the category id of a mask. Raises DocumentError, SampleError."""
    pictures = [Picture(f"{name}.png", name) for name in stack.images]
    found = Found(stack.folder, Files(ANY), pictures, frozenset())
    chosen, refused = splits.choose(stack.folder, found, "", split)
    position = {picture.stem: place for place, picture in enumerate(pictures)}
    photos, keys = photos_of([picture.file for picture in pictures], images), Keys(stack.folder, "pictures")
    entries = [_entry(stack, position[row.stem], row, number, photos, keys) for row in chosen]
    lacking = [name for name in stack.images if name not in stack.photos] if stack.photos else []
    return Dataset(
        tuple(categories),
        [*entries, *refused],
        Loader(stack.folder, (stack.folder,), Masks(crowds), settings=f"1 {sorted(crowds)}"),
        conventions=Conventions("background", grouped=bool(crowds)),
        problems=(*photos.problems, *keys.problems, *_alone(stack.folder, lacking), *_left(stack)),
        missing=() if images or stack.photos else ("the photos' names and ids (give them with --images)",),
        about=photos.about,
        read_as=read_as,
        photos=stack.folder if stack.photos else "",
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image: the size of its first mask, and the classes of all, empty ones too."""
    load = dataset.load
    assert isinstance(load, Loader)
    assert isinstance(load.makes, Masks)
    crowds = load.makes.crowds
    return lambda entry: Peek(
        picture_size(load.path(entry), numbers_header), entry.body, sum(number in crowds for number in entry.body)
    )


def files_in(folder: str, what: str, example: str, found: Callable[[list[str]], dict[str, list[Mask]]]) -> list[str]:
    """All files in a folder. Raises DocumentError ``doc.empty`` if it has no such masks, SampleError ``file.*``."""
    files = file_names(folder)
    if not found(files):
        text = f"has no masks in {what}, expected pictures such as {example}"
        raise DocumentError("doc.empty", f"the folder {show(folder, 300)} {text}")
    return files


def _entry(
    stack: Stack, place: int, picture: Picture, number: Callable[[Mask], int], photos: Photos, keys: Keys
) -> Entry | Refused:
    rows = stack.images[picture.stem]
    try:
        files = tuple(names.relative_name(row.file) for row in rows)
        photo = photos.find(place, picture.file)
        key = keys.take(place, picture.file)
    except SampleError as error:
        return Refused(show(picture.stem), error.at(f"{stack.folder}: {show(picture.stem)}").problem)
    body = tuple(number(row) for row in rows)
    called = photo.file_name or stack.photos.get(picture.stem) or picture.file
    return Entry(key, photo.image_id, show(picture.stem), files, photo.size, called, photo.row, body)


def _mask(name: str, data: bytes, size: tuple[int, int] | None) -> npt.NDArray[np.bool_]:
    try:
        values = read_numbers(data)
        if is_turned(data):
            text = "its palette shows 0 as white and 1 as black, so mask and background may be swapped"
            raise SampleError("mask.values", f"{text}; save it in grey, where the mask is white")
        if size is not None and values.shape != size:
            text = "it is {}×{} (height×width), but another mask or the JSON says {}×{}".format(*values.shape, *size)
            raise SampleError("size.mismatch", f"{text}; one of the two belongs to another image")
        mask: npt.NDArray[np.bool_] = values != 0
        highest = int(values.max(initial=0))
        if highest and np.count_nonzero(values == highest) != np.count_nonzero(mask):
            count = len(np.unique(values[mask]))
            text = f"the picture has {count} values besides 0, as photos and class maps have; a mask has one"
            raise SampleError("mask.values", f"{text}: set a threshold")
    except SampleError as error:
        raise error.at(show(posixpath.join(*name.split("/")[-2:]))) from None
    return mask


def _alone(folder: str, lacking: Sequence[str]) -> Iterator[Problem]:
    if lacking:
        text = f"{len(lacking)} images have no photo beside them, the first is {show(lacking[0])}"
        yield Problem("maps.photos", f"{folder}: {text}")


def _left(stack: Stack) -> Iterator[Problem]:
    if stack.left:
        text = f"{len(stack.left)} photos have no mask and are left out, the first is {show(stack.left[0])}"
        yield Problem("maps.photos", f"{stack.folder}: {text}")
