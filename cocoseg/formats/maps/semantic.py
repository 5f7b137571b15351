"""Class maps: a folder of PNGs of one channel, a number a pixel that says the class, here written by ``to-semantic``.

Grey of 1 to 16 bits, or a palette, whose indices count, never its colours: VOC SegmentationClass, ADE20K, Cityscapes
labelIds, COCO-Stuff pixelmaps. What a value stands for says a label scheme (value = class index), named or found in the
folder's ``cocoseg.json``, or a list of categories (value = category id, 0 and 255 void unless listed). A class that
merges several categories becomes one of its own, and so does background, where the scheme tells it from void.

A class map has one segment for each class in it; that of a thing is a crowd, for nobody says how many there are.
``instances`` names a folder of PNGs of the same names that do, by numbers above 0: VOC SegmentationObject, instanceIds
of Cityscapes and KITTI. There every (class, number) is a segment, of stuff every class; a thing without number is a
crowd. Cityscapes' groups are none of those: their number, below 1000, is read as that of one thing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET

from cocoseg.codecs.regions import pair_runs, runs
from cocoseg.errors import CocosegError, DocumentError, LabelError, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.names import REPORT
from cocoseg.files.places import StrPath
from cocoseg.files.png.labels import read_labels
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.categories import name_problems, read_categories
from cocoseg.formats.maps import pictures
from cocoseg.formats.maps.classes import Numbered, Values, class_sample, thing_sample
from cocoseg.formats.maps.pictures import Entry, picture
from cocoseg.labels import LabelClass, LabelScheme, label_scheme
from cocoseg.labels.schemefile import scheme_from
from cocoseg.model import Category, Dataset, Loader, Sample

_VERSION = 1  # of the samples that the same input makes
_SILENT = (0, 255)  # what writers of raw ids paint where there is no category


def read(
    path: StrPath,
    *,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
) -> Dataset:
    """A folder of class maps as a Dataset; options as ``cocoseg.read`` has them.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; LabelError, UsageError for ``source_labels``.
    """
    folder = os.fspath(path)
    found, values = meaning(folder, categories, source_labels)
    numbers = None if instances is None else _numbers_folder(instances)
    index = pictures.read_index(folder, images, f"{_VERSION} {numbers is not None} {values.digest}")
    load = Loader(folder, folder, picture, ClassMap(values))
    if numbers is not None:
        load = Loader(folder, folder, Pairs(numbers), NumberedMap(values))
    problems = (*index.problems, *name_problems(folder, found))
    return Dataset(
        found,
        index.entries,
        load,
        folder,
        folder,
        problems,
        says_void=True,
        groups_things=numbers is None,
        about=index.about,
    )


def meaning(
    folder: str, categories: StrPath | None, source_labels: StrPath | LabelScheme | None
) -> tuple[tuple[Category, ...], Values]:
    """The categories of a folder, and the values that stand for them. Raises as ``read`` does."""
    listed = () if categories is None else read_categories(categories)
    scheme = _reported(folder) if source_labels is None else _named(folder, source_labels, listed)
    if scheme:
        return _of_scheme(scheme, listed)
    if not listed:
        raise DocumentError(
            "doc.missing_key",
            f"{folder}: nobody says what the numbers in these pictures mean; name the label scheme that they were made "
            "with (--source-labels), or the file of their categories, if they are category ids (--categories)",
        )
    return listed, Values.of("category id", ((category.id, category) for category in listed), _SILENT)


def _named(folder: str, labels: StrPath | LabelScheme, listed: tuple[Category, ...]) -> LabelScheme:
    try:
        return label_scheme(labels, listed)
    except LabelError as error:
        raise error.at(f"{folder}: source labels") from None


def _reported(folder: str) -> LabelScheme | None:
    """The scheme in the report of the run that wrote the folder, if one did."""
    report = pictures.read_report(folder)
    if report.command != "to-semantic" or report.labels is UNSET:
        return None
    try:
        return scheme_from(msgspec.json.decode(report.labels))
    except (CocosegError, msgspec.DecodeError) as error:
        where = places.join(folder, REPORT)
        text = f"its labels can't be used ({error}); name the labels of these class maps with --source-labels"
        raise DocumentError("label.type", f"{where}: {text}") from None


def _of_scheme(scheme: LabelScheme, listed: tuple[Category, ...]) -> tuple[tuple[Category, ...], Values]:
    """A category for each class, under the id of the one that it stands for, or one of its own."""
    known = {category.id: category for category in listed}
    taken = {*scheme.class_of, *known}
    found: list[tuple[int, Category]] = []
    for row in _classes(scheme):
        category = _category(row, known, taken)
        taken.add(category.id)
        found.append((row.index, category))
    ranked = sorted((category for _, category in found), key=lambda category: category.id)
    return tuple(ranked), Values.of(f"class of labels {show(scheme.name)}", found, (scheme.void,))


def _classes(scheme: LabelScheme) -> tuple[LabelClass, ...]:
    """Those that a class map can hold, background among them where it is not void."""
    if scheme.outside == scheme.void or any(row.index == scheme.outside for row in scheme.table):
        return scheme.table
    return (*scheme.table, LabelClass(scheme.outside, "background", (), False))


def _category(row: LabelClass, known: dict[int, Category], taken: set[int]) -> Category:
    if len(row.category_ids) == 1:
        category = known.get(row.category_ids[0], Category(row.category_ids[0], row.name, None, row.color))
        return replace(category, isthing=row.isthing) if category.isthing is None else category
    own = max(*taken, 0) + 1
    if not row.category_ids and row.index not in taken:
        own = row.index
    return Category(own, row.name, row.isthing, row.color, merged=row.category_ids)


def _numbers_folder(instances: StrPath) -> str:
    folder = os.fspath(instances)
    if not places.is_folder(folder):
        text = "is no folder; expected one with PNGs of instance numbers, named as the class maps"
        raise DocumentError("file.missing", f"{show(folder, 300)} {text}")
    return folder


@dataclass(frozen=True)
class ClassMap:
    """``ClassMap(values)(entry, picture, place)``: the sample that a class map makes."""

    values: Values

    def __call__(self, entry: Entry, picture: bytes, place: str) -> Sample:
        """Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``, ``id.unknown``."""
        class_map = read_labels(picture, entry.size)
        values, lengths = runs(class_map.reshape(-1))
        return class_sample(
            entry, place, _size(class_map), self.values, _find(self.values, values, lengths, picture), lengths
        )


@dataclass(frozen=True)
class Pairs:
    """Fetches a class map and its picture of instance numbers, from the folder ``numbers``, one behind the other."""

    numbers: str

    def __call__(self, folder: str | None, entry: Entry) -> bytes:
        """Raises SampleError ``file.*``."""
        class_map = picture(folder, entry)
        return len(class_map).to_bytes(8, "little") + class_map + read_file(places.join(self.numbers, entry.file_name))


@dataclass(frozen=True)
class NumberedMap:
    """``NumberedMap(values)(entry, both, place)``: the sample of a class map and its picture of instance numbers."""

    values: Values

    def __call__(self, entry: Entry, both: bytes, place: str) -> Sample:
        """Raises SampleError as ``ClassMap`` does."""
        end = 8 + int.from_bytes(both[:8], "little")
        class_map = read_labels(both[8:end], entry.size)
        numbers = _read_numbers(both[end:], _size(class_map))
        values, things, lengths = pair_runs(class_map.reshape(-1), numbers.reshape(-1))
        found = Numbered(_find(self.values, values, lengths, both[8:end]), things, lengths)
        return thing_sample(entry, place, _size(class_map), self.values, found, zero_is_crowd=True)


def _read_numbers(data: bytes, size: tuple[int, int]) -> npt.NDArray[Any]:
    try:
        numbers = read_labels(data)
        if _size(numbers) != size:
            found = "it is {}×{} (height×width), the class map {}×{}".format(*_size(numbers), *size)
            raise SampleError("size.mismatch", f"{found}; one of the two belongs to another image")
        return numbers
    except SampleError as error:
        raise error.at("its picture of instance numbers") from None


def _find(values: Values, found: npt.NDArray[Any], lengths: npt.NDArray[np.intp], data: bytes) -> npt.NDArray[np.intp]:
    try:
        return values.find(found, lengths)
    except SampleError:
        png.verify_stream(data)  # a damaged file is the better explanation, where it is one
        raise


def _size(picture: npt.NDArray[Any]) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]
