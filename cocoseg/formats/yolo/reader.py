"""Reads YOLO-seg data sets: a data.yaml, a folder that holds one, or folders ``images`` and ``labels`` alone.

An image is a photo. One without a text has no objects. The photo's size is read when the image is asked for.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.digests import digest
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.names import relative_name
from cocoseg.files.places import StrPath
from cocoseg.files.reading import read_file, read_head
from cocoseg.formats.coco_json.categories import name_problems, read_categories
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.coco_json.photos import photos_of
from cocoseg.formats.survey import Peek
from cocoseg.formats.yolo import listing
from cocoseg.formats.yolo.config import Config, read_config
from cocoseg.formats.yolo.labels import Outlines, read_lines
from cocoseg.formats.yolo.listing import Listed, Part
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused
from cocoseg.model.splits import list_file

_VERSION = "yolo 1"
_HEAD = 4096  # bytes in which a data.yaml says names or nc
_ABOVE = 3  # folders above the texts that may hold a data.yaml or classes.txt
_SOME = 20  # texts that show what a folder is


class _Texts(NamedTuple):
    """The folder of all texts, those that are there, and how many belong to no photo."""

    folder: str
    there: set[str]
    stray: list[str]


def read(path: StrPath, *, categories: StrPath | None = None, split: StrPath | None = None) -> Dataset:
    """A YOLO-seg data set as a Dataset.

    Raises DocumentError: ``file.*``, ``yaml.syntax``, ``doc.*``; ``doc.kind`` for labels that are boxes.
    """
    dataset = glance(path, categories=categories, split=split)
    if not dataset.categories:
        text = "nothing says what the numbers of the classes mean; name a file that does with --categories"
        raise DocumentError("doc.missing_key", f"{dataset.source}: {text}")
    return dataset


def glance(path: StrPath, *, categories: StrPath | None = None, split: StrPath | None = None) -> Dataset:
    """As ``read``, but for a survey: the names of the classes may be unknown."""
    source = os.fspath(path)
    config = _config(source)
    listed = listing.of_config(config) if config else listing.of_folder(source)
    parts = _chosen(source, config, listed, split)
    parts, texts, left_out = _labelled(source, parts)
    known = _categories(source, config, texts, categories)
    photos = parts[0].folder if len(parts) == 1 else posixpath.commonpath([part.folder for part in parts])
    keys = Keys(source, "photos")
    entries = _entries(source, listed.parts, parts, photos, texts, keys)
    numbers = frozenset(row.id for row in known)
    makes = Outlines(numbers, photos)
    problems = (
        *listed.problems,
        *_not_there(source, listed, split),
        *left_out,
        *_said(source, config, texts),
        *name_problems(source, known),
    )
    return Dataset(
        known,
        entries,
        Loader(source, (texts.folder,), makes, settings=_settings(known), measures=makes.measured),
        conventions=Conventions("background"),
        problems=(*problems, *keys.problems),
        missing=tuple(f"photos of {row}" for row in listed.missing),
        photos=photos,
    )


def _not_there(source: str, listed: Listed, split: StrPath | None) -> list[Problem]:
    """A problem for each split whose photos are not there, if all splits are read."""
    text = "nothing is there, so its images are left out; get the photos, or correct the path"
    return [] if split else [Problem("file.missing", f"{source}: {row}: {text}") for row in listed.missing]


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image from its text and its photo's header."""
    load = dataset.load
    assert isinstance(load, Loader)
    makes = load.makes
    assert isinstance(makes, Outlines)

    def look(entry: Entry) -> Peek:
        rows = read_lines(read_file(load.path(entry)), makes.known or None)[0] if entry.files else []
        return Peek(makes.size(entry), [row.label for row in rows])

    return look


def _config(source: str) -> Config | None:
    """The YAML of a data set, if it has one. Raises DocumentError ``doc.kind`` for several."""
    if not places.is_folder(source):
        return read_config(source)
    found = [name for name in sorted(_files(source)) if _is_config(source, name)]
    if len(found) > 1:
        some = ", ".join(map(show, found[:10]))
        raise DocumentError("doc.kind", f"the folder {show(source, 300)} holds several data sets: {some}; name one")
    return read_config(places.join(source, found[0])) if found else None


def _is_config(folder: str, name: str) -> bool:
    if is_hidden(name) or not name.lower().endswith((".yaml", ".yml")):
        return False
    return b"names" in (head := read_head(places.join(folder, name), _HEAD)) or b"nc:" in head


def _files(folder: str) -> list[str]:
    try:
        return names(folder)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None


def _chosen(source: str, config: Config | None, listed: Listed, split: StrPath | None) -> list[Part]:
    """The parts of a split, which may be given as a list of photos. Raises DocumentError."""
    if split is None:
        return listed.parts
    if path := list_file(split):
        return [listing.of_list(path, places.parent(source) if config else source)]
    return listing.chosen(source, listed.parts, os.fspath(split))


def _labelled(source: str, parts: Sequence[Part]) -> tuple[list[Part], _Texts, tuple[Problem, ...]]:
    """The parts that have labels, their texts, and what was left out. Raises DocumentError ``doc.empty``, ``doc.kind``.

    A split without a single text is not labelled, as COCO's test images.
    """
    wanted = [[listing.label_path(photo) for photo in part.photos] for part in parts]
    there = listing.texts_in(posixpath.dirname(path) for paths in wanted for path in paths)
    kept = [part for part, paths in zip(parts, wanted, strict=True) if not there.isdisjoint(paths)]
    if not kept:
        text = f"none of the {sum(map(len, wanted))} photos has a label file"
        raise DocumentError("doc.empty", f"{source}: {text}; the first would be {show(wanted[0][0], 300)}")
    used = there.intersection(chain.from_iterable(wanted))
    _check_kind(source, sorted(used))
    left_out = tuple(_unlabelled(source, part) for part in parts if part not in kept)
    folder = posixpath.commonpath(sorted({posixpath.dirname(path) for path in used}))
    return kept, _Texts(folder, used, sorted(there - used)), left_out


def _unlabelled(source: str, part: Part) -> Problem:
    text = f"none of the {len(part.photos)} photos in {show(part.folder, 300)} has a label file; they were left out"
    return Problem("yolo.unlabelled", f"{source}: {text}")


def _check_kind(source: str, texts: Sequence[str]) -> None:
    """Raises DocumentError ``doc.kind`` if the texts that are looked at hold boxes only, or no numbers."""
    some = texts[:: -(-len(texts) // _SOME)]
    lines = [line.split() for path in some for line in _text(path).splitlines() if line.strip()]
    if lines and not any(words[0].replace(".", "").isdecimal() for words in lines):
        text = f"the label files begin with {show(lines[0][0])}, expected the number of a class, as YOLO has it"
        raise DocumentError("doc.kind", f"{source}: {text}")
    if lines and all(len(words) in (5, 6) for words in lines):
        text = "the labels are boxes (class x y width height), which have no masks"
        raise DocumentError("doc.kind", f"{source}: {text}; get the data set with its polygons, as for YOLO-seg")


def _text(path: str) -> str:
    try:
        return read_file(path).decode("utf-8-sig", "replace")
    except SampleError:
        return ""  # it is refused when its image is asked for


def _categories(source: str, config: Config | None, texts: _Texts, given: StrPath | None) -> tuple[Category, ...]:
    """The classes: those that are given, of the YAML, or of a ``classes.txt``. Raises DocumentError."""
    if given is not None:
        return read_categories(given)
    if config:
        return config.categories
    for folder in (source, *_with_parents(texts.folder)):
        beside = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        if path := listing.classes_file(folder, beside):
            return read_categories(path)
        if found := next((name for name in beside if _is_config(folder, name)), None):
            return read_config(places.join(folder, found)).categories
    return ()


def _with_parents(folder: str) -> list[str]:
    """A folder and those above it that may belong to the data set."""
    found = [folder]
    for _ in range(_ABOVE):
        found.append(posixpath.dirname(found[-1]))
    return found


def _entries(
    source: str, all_parts: Sequence[Part], parts: Sequence[Part], root: str, texts: _Texts, keys: Keys
) -> list[Entry | Refused]:
    """An entry for each photo, in the order of the splits; it has the same id in every split."""
    everything = list(dict.fromkeys(photo for part in (*all_parts, *parts) for photo in part.photos))
    ids = photos_of(everything, None)
    numbers = {photo: number for number, photo in enumerate(everything)}
    photos = dict.fromkeys(photo for part in parts for photo in part.photos)
    return [
        _entry(source, photo, root, ids.find(numbers[photo], photo).image_id, texts, keys, position)
        for position, photo in enumerate(photos)
    ]


def _entry(
    source: str, photo: str, root: str, image_id: int | str, texts: _Texts, keys: Keys, position: int
) -> Entry | Refused:
    name, text = photo[len(root) + 1 :], listing.label_path(photo)
    try:
        key = keys.take(position, name)
        files = (relative_name(text[len(texts.folder) + 1 :]),) if text in texts.there else ()
    except SampleError as error:
        return Refused(show(name), error.at(f"{source}: {show(name)}").problem)
    return Entry(key, image_id, show(name), files, file_name=name)


def _said(source: str, config: Config | None, texts: _Texts) -> list[Problem]:
    """What was guessed or left out."""
    found = []
    if config and not config.is_named:
        text = f"no 'names' for the {len(config.categories)} classes (nc); they are called class_0, class_1 ..."
        found.append(Problem("doc.missing_key", f"{config.source}: {text}"))
    if texts.stray:
        text = f"{len(texts.stray)} label files have no photo and were left out"
        found.append(Problem("yolo.stray", f"{source}: {text}; the first is {show(texts.stray[0], 300)}"))
    return found


def _settings(categories: Sequence[Category]) -> str:
    return f"{_VERSION} {digest(repr([(row.id, row.name) for row in categories]).encode())}"
