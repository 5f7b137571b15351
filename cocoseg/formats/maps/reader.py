"""Reads folders of label pictures, PNGs whose numbers encode class and instance as their layout describes.

Class maps are greyscale PNGs of 1 to 16 bits, or palette PNGs, whose indices are used and never the colours. A class
map alone has one segment for each class, a crowd unless the class is stuff, as the number of things is unknown.

Instance numbers come from a second picture with the same name (``--instances``, VOC SegmentationObject) or from the
same number as the class; those of the second picture may encode the class too (``numbering.py``). Then every (class,
instance number) of a thing is a segment, and every class of stuff. Things without an instance number are a crowd.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from cocoseg.codecs.regions import pair_runs, runs
from cocoseg.errors import DocumentError, Problem, SampleError, UsageError, show
from cocoseg.files import places, png
from cocoseg.files.places import StrPath
from cocoseg.files.png.labels import read_labels
from cocoseg.formats.coco_json.categories import name_problems
from cocoseg.formats.maps.binary import as_binary, is_decided, void_problems
from cocoseg.formats.maps.classes import Numbered, Values, class_sample, thing_sample
from cocoseg.formats.maps.codes import CODES, Code
from cocoseg.formats.maps.layouts import Layout
from cocoseg.formats.maps.look import Look, are_photos, look_at
from cocoseg.formats.maps.meaning import Meaning, meaning, nothing
from cocoseg.formats.maps.numbering import NUMBERINGS, Found, Numbering, check_classes, find_numbering
from cocoseg.formats.maps.pictures import read_index
from cocoseg.formats.survey import Peek, header_size
from cocoseg.labels import LabelScheme
from cocoseg.model import Conventions, Dataset, Entry, Loader, Refused, Sample

_VERSION = 2  # changes when the same input makes other samples


def read(path: StrPath, *, layout: Layout, categories: StrPath | None = None, **options: Any) -> Dataset:
    """A folder of label pictures as a Dataset. The options are those of ``cocoseg.read``.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; LabelError, UsageError for ``source_labels``.
    """
    dataset = glance(path, layout=layout, categories=categories, **options)
    if not dataset.categories:
        raise _no_meaning(dataset, layout)
    return dataset


def glance(
    path: StrPath,
    *,
    layout: Layout,
    categories: StrPath | None = None,
    images: StrPath | None = None,
    source_labels: StrPath | LabelScheme | None = None,
    instances: StrPath | None = None,
    split: str | None = None,
    class_name: str | None = None,
    instance_code: str | None = None,
) -> Dataset:
    """As ``read``, but for a survey: the meaning of the values may be unknown."""
    folder = os.fspath(path)
    meant = meaning(folder, layout, categories, source_labels)
    if meant is not None and class_name is not None:
        text = "--class names the class of binary masks without categories; the values have a meaning already"
        raise UsageError("usage.class", f"{folder}: {text}")
    index = read_index(folder, layout, images, split)
    folders = _folders(folder, layout, instances)
    meant, problems = _looked_at(folder, folders[0], layout, index.names, meant, class_name)
    numbers, more = _numbering(folder, folders, index.names, meant.values, instance_code, instances is not None)
    found, values = meant.categories, meant.values.with_things(numbers.numbered)
    read_as = f"{meant.read_as or layout.what}, with instance numbers as {numbers.numbering.words}"
    numbered = len(folders) > 1 or CODES[layout.code].split is not CODES["plain"].split
    return Dataset(
        found,
        [_with_number(entry) for entry in index.entries] if len(folders) > 1 else index.entries,
        Loader(
            folder,
            folders,
            Pictures(layout.code, values, layout.no_number, numbers.numbering),
            settings=f"{_VERSION} {layout.code} {layout.no_number} {numbers.numbering[2:]} {values.digest}",
        ),
        conventions=Conventions(_unlabelled(layout, meant), grouped=not numbered),
        problems=(*index.problems, *name_problems(folder, found), *problems, *more),
        missing=_missing(layout, bool(found), numbered, images),
        about=index.about,
        read_as=read_as if numbers.numbering.base else meant.read_as,
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image: its size, from the PNG's header."""
    load = dataset.load
    assert isinstance(load, Loader)
    assert isinstance(load.makes, Pictures)
    header = CODES[load.makes.code].header
    return lambda entry: Peek(header_size(load.path(entry), header))


@dataclass(frozen=True)
class Pictures:
    """Makes samples from label pictures with this code. A second file, if there is one, has the instance numbers.

    Instance numbers in ``no_number`` mean that there is none.
    """

    code: str
    values: Values
    no_number: tuple[int, ...] = ()
    numbering: Numbering = NUMBERINGS["plain"]

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``, ``id.unknown``."""
        code, data = CODES[self.code], files[0]
        picture = code.read(data, entry.size)
        size = picture.shape[0], picture.shape[1]
        if len(files) > 1:
            numbers: npt.NDArray[Any] | None
            found, numbers, lengths = pair_runs(picture.reshape(-1), self._numbers(files[1], size).reshape(-1))
            classes = found
        else:
            found, lengths = runs(picture.reshape(-1))
            classes, numbers = code.split(found)
        rows = self._rows(code, found, classes, lengths, data)
        nothing = rows == self.values.nothing
        void = nothing & (classes != 0)
        if numbers is None:
            return class_sample(entry, place, size, self.values, rows, lengths, void)
        if len(files) > 1:
            check_classes(self.numbering, classes, numbers, nothing)
            numbers = self.numbering.numbers(numbers)
        return thing_sample(entry, place, size, self.values, Numbered(rows, numbers, lengths, void), code.zero_is_crowd)

    def _rows(
        self,
        code: Code,
        found: npt.NDArray[Any],
        classes: npt.NDArray[Any],
        lengths: npt.NDArray[np.intp],
        data: bytes,
    ) -> npt.NDArray[np.intp]:
        """The index of each run's column (R,). Raises SampleError ``id.unknown``."""
        try:
            rows = self.values.find(classes, lengths)
            if code.zero_is_void:
                _check_void(found, rows == self.values.nothing, lengths)
                rows[found == 0] = self.values.nothing
        except SampleError:
            png.verify_stream(data)  # if the file is damaged, that is the better explanation
            raise
        return rows

    def _numbers(self, data: bytes, size: tuple[int, int]) -> npt.NDArray[Any]:
        try:
            numbers = read_labels(data)
            if numbers.shape != size:
                found = "it is {}×{} (height×width), but the class map is {}×{}".format(*numbers.shape, *size)
                raise SampleError("size.mismatch", f"{found}; one of the two belongs to another image")
        except SampleError as error:
            raise error.at("its picture of instance numbers") from None
        return np.where(np.isin(numbers, self.no_number), 0, numbers) if self.no_number else numbers


def _check_void(found: npt.NDArray[Any], void: npt.NDArray[np.bool_], lengths: npt.NDArray[np.intp]) -> None:
    strange = void & (found > 0)
    if strange.any():
        pixels = int(lengths[strange].sum())
        text = f"category 0 is void but has an instance (G) in {pixels} pixels; list category 0, or paint them 0"
        raise SampleError("id.unknown", text)


def _looked_at(
    folder: str, pictures: str, layout: Layout, names: Sequence[str], meant: Meaning | None, class_name: str | None
) -> tuple[Meaning, tuple[Problem, ...]]:
    """The meaning of the values, and what is suspicious about them, after a look at some pictures."""
    if layout.code != "plain" or (meant and meant.certain):
        if meant is None and are_photos(pictures, names):
            raise _photos(folder)
        return meant or Meaning((), nothing()), ()
    look = look_at(pictures, names, lambda look: is_decided(look, meant))
    if meant is None and 2 * look.noisy > look.pictures:
        raise _photos(folder)
    if binary := as_binary(folder, look, meant, class_name):
        return binary, ()
    return (meant, void_problems(folder, look, meant)) if meant else (Meaning((), nothing()), ())


def _photos(folder: str) -> DocumentError:
    text = "most of these pictures are photos, not labels; give the folder of their labels, or the JSON of annotations"
    return DocumentError("doc.kind", f"{folder}: {text}")


def _numbering(
    folder: str, folders: tuple[str, ...], names: Sequence[str], values: Values, code: str | None, given: bool
) -> tuple[Found, tuple[Problem, ...]]:
    """What the numbers of instances are, and a problem if some of it is a guess."""
    if not given:
        if code is not None:
            raise UsageError("usage.instance_code", f"{folder}: --instance-code needs the folder --instances")
        return Found(NUMBERINGS["plain"]), ()
    found = find_numbering(folders, names, values, code)
    if not found.unsure:
        return found, ()
    text = f"the pictures do not show what n = 0 stands for; they are read as {found.numbering.words}"
    advice = "--instance-code says otherwise"
    return found, (Problem("maps.instance", f"{folders[1]}: {text}; {advice}"),)


def _unlabelled(layout: Layout, meant: Meaning) -> Literal["unknown", "background", "void"]:
    if meant.background:
        return "background"
    return "unknown" if CODES[layout.code].zero_is_void else "void"


def _no_meaning(dataset: Dataset, layout: Layout) -> DocumentError:
    """The error for pictures whose values nothing explains; it lists the values of some of them."""
    assert isinstance(dataset.load, Loader)
    names = [entry.files[0] for entry in dataset.entries if isinstance(entry, Entry)]
    look = look_at(dataset.folders[0], names) if layout.code == "plain" else Look()
    found = f" (found {look} in {look.pictures} pictures)" if look.pictures else ""
    return DocumentError("doc.missing_key", f"{dataset.source}: {layout.advice}{found}")


def _folders(folder: str, layout: Layout, instances: StrPath | None) -> tuple[str, ...]:
    """The folder of the label pictures, and the folder of the instance numbers if there is one."""
    labels = places.join(folder, layout.labels) if layout.labels else folder
    if instances is not None:
        return labels, _numbers_folder(instances)
    numbers = places.join(folder, layout.numbers)
    return (labels, numbers) if layout.numbers and places.is_folder(numbers) else (labels,)


def _numbers_folder(instances: StrPath) -> str:
    folder = os.fspath(instances)
    if not places.is_folder(folder):
        text = "is not a folder; expected one with PNGs of instance numbers, named like the class maps"
        raise DocumentError("file.missing", f"{show(folder, 300)} {text}")
    return folder


def _with_number(entry: Entry | Refused) -> Entry | Refused:
    return entry if isinstance(entry, Refused) else replace(entry, files=entry.files * 2)


def _missing(layout: Layout, known: bool, numbered: bool, images: StrPath | None) -> tuple[str, ...]:
    meaning = "categories (give them with --categories)"
    if "source_labels" in layout.options:
        meaning = "the meaning of the values (give it with --source-labels or --categories)"
    advice = "give them with --instances" if "instances" in layout.options else f"{layout.numbers} is not there"
    rows = [
        (known, meaning),
        (numbered, f"instance numbers ({advice})"),
        (images or layout.photos, "the photos' names and ids (give them with --images)"),
    ]
    return tuple(text for there, text in rows if not there)
