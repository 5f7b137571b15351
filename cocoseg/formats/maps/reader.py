"""Reads folders of label pictures, PNGs whose numbers encode class and instance as their layout describes.

Class maps are greyscale PNGs of 1 to 16 bits, or palette PNGs, whose indices are used and never the colours. A class
map alone has one segment for each class, a crowd unless the class is stuff, as the number of things is unknown.

Instance numbers come from a second picture with the same name (``--instances``, VOC SegmentationObject) or from the
same number as the class; those of the second picture may encode the class too (``numbering.py``). Then every (class,
instance number) of a thing is a segment, and every class of stuff. Things without an instance number are a crowd.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

from msgspec.structs import replace

from cocoseg.errors import DocumentError, Problem, UsageError, show
from cocoseg.files import places
from cocoseg.files.places import StrPath
from cocoseg.formats.coco_json.categories import name_problems
from cocoseg.formats.maps.codes import CODES, COLORS, Code
from cocoseg.formats.maps.color_meaning import color_meaning
from cocoseg.formats.maps.colors import with_near
from cocoseg.formats.maps.decide import check_not_objects, check_palettes, looked_at, no_meaning, numbering, own_classes
from cocoseg.formats.maps.decode import Pictures
from cocoseg.formats.maps.kinds import picture_size
from cocoseg.formats.maps.layouts import Layout, of_kind
from cocoseg.formats.maps.mat import check_scipy
from cocoseg.formats.maps.meaning import Meaning, meaning, root_problems
from cocoseg.formats.maps.numbering import Numbering
from cocoseg.formats.maps.pictures import Index, read_index
from cocoseg.formats.maps.scores import SCORES, counts_of, scores_size
from cocoseg.formats.survey import Peek
from cocoseg.labels import LabelScheme
from cocoseg.model import Conventions, Dataset, Entry, Loader, Refused

_VERSION = 4  # changes when the same input makes other samples


def read(path: StrPath, *, layout: Layout, categories: StrPath | None = None, **options: Any) -> Dataset:
    """A folder of label pictures as a Dataset. The options are those of ``cocoseg.read``.

    Raises DocumentError: ``doc.*``, ``file.*``, ``json.*``; LabelError, UsageError for ``source_labels``.
    """
    dataset = glance(path, layout=layout, categories=categories, **options)
    if not dataset.categories:
        raise no_meaning(dataset, layout)
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
    colors: StrPath | None = None,
    tolerance: int | None = None,
    suffix: str | None = None,
) -> Dataset:
    """As ``read``, but for a survey: the meaning of the values may be unknown."""
    folder = os.fspath(path)
    index = read_index(folder, layout, images, split, suffix, tolerance is not None)
    name = index.kind.code + ("-lossy" if tolerance is not None else "")
    code = CODES[name]
    if code.needs:
        check_scipy(folder)
    layout = of_kind(layout, index.kind)
    if not layout.is_placed:
        check_not_objects(folder, index)
    if index.foreign and not index.config and categories is None:
        raise own_classes(folder, index.foreign)
    said: tuple[Problem, ...] = ()
    meant: Meaning | None
    if index.kind.code == COLORS:
        meant, said = color_meaning(index.root, index.files, layout, colors, categories, tolerance or 0)
    else:
        meant = meaning(folder, layout, categories, source_labels, index.config, index.kind.labels)
    if categories is None:
        check_palettes(folder, index, meant)
    roots = (*root_problems(folder, meant), *(meant.problems if meant else ()))
    if meant is not None and class_name is not None:
        text = "--class names the class of binary masks without categories; the values have a meaning already"
        raise UsageError("usage.class", f"{folder}: {text}")
    folders = (index.root,) if instances is None else (index.root, _numbers_folder(instances))
    meant, problems = looked_at(folder, index.root, index, meant, class_name, tolerance)
    numbers, more = numbering(folder, folders, index, meant, instance_code)
    found, values = meant.categories, meant.values.with_things(numbers.numbered)
    values = with_near(values, tolerance, found)
    numbered = index.numbered or instances is not None or code.split is not CODES["plain"].split
    return Dataset(
        found,
        [_with_number(entry) for entry in index.entries] if instances is not None else index.entries,
        Loader(
            folder,
            folders,
            Pictures(name, values, layout.no_number, numbers.numbering, counts_of(values)),
            settings=f"{_VERSION} {name} {layout.no_number} {numbers.numbering[2:]} {values.digest}",
        ),
        conventions=Conventions(_unlabelled(code, meant), "picture" if code.join else "none", grouped=not numbered),
        problems=(*index.problems, *name_problems(folder, found), *roots, *said, *problems, *more),
        missing=_missing(layout, index, bool(found), numbered, images),
        about=index.about,
        read_as=_read_as(layout, index, meant, numbers.numbering if instances is not None else None),
        photos=index.photos,
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image: its size, from the PNG's header."""
    load = dataset.load
    assert isinstance(load, Loader)
    assert isinstance(load.makes, Pictures)
    code, channels = CODES[load.makes.code], load.makes.channels
    if load.makes.code == SCORES:
        return lambda entry: Peek(scores_size(load.path(entry), channels))
    return lambda entry: Peek(picture_size(load.path(entry), code.header, code.head))


def _read_as(layout: Layout, index: Index, meant: Meaning, numbering: Numbering | None) -> str:
    """What the pictures were taken for, if some of it was found out by looking at them."""
    numbers = f", with instance numbers as {numbering.words}" if numbering and numbering.base else ""
    names = f", named as *{index.suffix}" if index.suffix else ""
    return f"{meant.read_as or layout.what}{names}{numbers}" if names or numbers else meant.read_as


def _unlabelled(code: Code, meant: Meaning) -> Literal["unknown", "background", "void"]:
    if meant.background:
        return "background"
    return "unknown" if code.zero_is_void else "void"


def _numbers_folder(instances: StrPath) -> str:
    folder = os.fspath(instances)
    if not places.is_folder(folder):
        text = "is not a folder; expected one with PNGs of instance numbers, named like the class maps"
        raise DocumentError("file.missing", f"{show(folder, 300)} {text}")
    return folder


def _with_number(entry: Entry | Refused) -> Entry | Refused:
    return entry if isinstance(entry, Refused) else replace(entry, files=entry.files * 2)


def _missing(layout: Layout, index: Index, known: bool, numbered: bool, images: StrPath | None) -> tuple[str, ...]:
    meaning = "categories (give them with --categories)"
    if "source_labels" in layout.options:
        meaning = "the meaning of the values (give it with --source-labels or --categories)"
    if index.kind.code == "two-channel":
        meaning = "categories (give them with --categories, or the colours of classes with --colors)"
    numbers = index.kind.numbers.partition("/{")[0]
    advice = "give them with --instances" if "instances" in layout.options else f"{numbers} is not there"
    rows = [
        (known, meaning),
        (numbered, f"instance numbers ({advice})" if numbers or "instances" in layout.options else "instance numbers"),
        (images or layout.photos or index.photos, "the photos' names and ids (give them with --images)"),
    ]
    return tuple(text for there, text in rows if not there)
