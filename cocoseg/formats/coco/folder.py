"""A folder of detection JSONs, one for each image, as SA-1B has them. Each is read when its image is asked for.

    sa_1.json  {"image": {"image_id", "file_name", "height", "width"}, "annotations": [{"id", "segmentation"}]}

The output is called as the JSON. All files list the same categories; those without any hold one class, ``object``.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as with_fields

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import names, places
from cocoseg.files.reading import read_file
from cocoseg.formats.coco.index import Choices, Index, read_index
from cocoseg.formats.coco.reader import choices_of, covers_all, sample
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.inside import documents_in
from cocoseg.formats.survey import Peek
from cocoseg.model import Category, Conventions, Dataset, Entry, Loader, Refused, Sample

_SOME = 50  # JSONs to look into for categories


def read(path: str | os.PathLike[str], **options: Any) -> Dataset:
    """A folder of JSONs as a Dataset. The options are those of ``cocoseg.read``. Raises DocumentError."""
    folder, choices = os.fspath(path), replace(choices_of(**options), part=True)
    found = documents_in(folder)
    first = _first(folder, found, choices)
    keys, ids = Keys(folder, "files"), _ids(found)
    categories = _plain(first.categories)
    return Dataset(
        categories,
        [_entry(folder, number, name, ids[number], keys) for number, name in enumerate(found)],
        Loader(folder, (folder,), Documents(folder, choices, categories, _said(first)), settings=repr(choices)),
        conventions=Conventions("unknown" if covers_all(categories) else "background", scored=first.scored),
        problems=(*first.problems, *keys.problems),
        about=first.about,
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image from its JSON."""
    load = dataset.load
    assert isinstance(load, Loader)
    assert isinstance(load.makes, Documents)
    makes = load.makes

    def look(entry: Entry) -> Peek:
        rows = makes.image(entry, read_file(load.path(entry)))
        return Peek(rows.size, [row.category_id for row in rows.body], sum(bool(row.iscrowd) for row in rows.body))

    return look


@dataclass(frozen=True)
class Documents:
    """Makes the sample of a JSON with one image; all JSONs list the same categories, or none if they have no masks.

    ``said`` are problems of the first JSON, which the data set tells.
    """

    folder: str
    choices: Choices
    categories: tuple[Category, ...]
    said: frozenset[str]

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError."""
        index = self._index(entry, files[0])
        found = sample(with_fields(_image(index), key=entry.key, image_id=entry.image_id), (), place)
        problems = [problem for problem in index.problems if _unplaced(index, problem) not in self.said]
        return replace(found, problems=(*problems, *found.problems))

    def image(self, entry: Entry, data: bytes) -> Entry:
        """The only image of a JSON. Raises SampleError."""
        return _image(self._index(entry, data))

    def _index(self, entry: Entry, data: bytes) -> Index:
        try:
            index = read_index(places.join(self.folder, entry.files[0]), self.choices, data)
        except DocumentError as error:
            raise SampleError(error.category, error.message) from None
        if index.categories and _plain(index.categories) != self.categories:
            raise SampleError("id.collision", "its categories differ from those of the other JSONs")
        return index


def _image(index: Index) -> Entry:
    """The only image of a JSON. Raises SampleError."""
    images = [entry for entry in index.entries if not (isinstance(entry, Refused) and entry.stray)]
    strays = [entry for entry in index.entries if isinstance(entry, Refused) and entry.stray]
    if len(images) != 1:
        raise SampleError("doc.kind", f"holds {len(images)} images; expected one, as in the other JSONs")
    for entry in (*images, *strays):
        if isinstance(entry, Refused):
            raise SampleError(entry.problem.category, entry.problem.message)
    return images[0]  # type: ignore[return-value]


def _first(folder: str, found: Sequence[str], choices: Choices) -> Index:
    """The first JSON that has categories, or else the first that is good at all. Raises the error of the first."""
    good: Index | None = None
    errors: list[DocumentError] = []
    for name in found[:_SOME]:
        try:
            index = read_index(places.join(folder, name), choices)
        except DocumentError as error:
            errors.append(error)
            continue
        if index.categories:
            return index
        good = good or index
    if good is None:
        raise errors[0] if errors else DocumentError("doc.empty", f"the folder {show(folder, 300)} holds no JSON")
    return good


def _plain(categories: Sequence[Category]) -> tuple[Category, ...]:
    """The categories, whether or not annotations have them, as only all JSONs together could tell."""
    return tuple(replace(row, unused_root=False) for row in categories)


def _said(index: Index) -> frozenset[str]:
    return frozenset(_unplaced(index, problem) for problem in index.problems)


def _unplaced(index: Index, problem: Problem) -> str:
    """A problem without the path of its JSON."""
    return problem.message.removeprefix(index.source)


def _ids(found: Sequence[str]) -> Sequence[int]:
    """The ids of the images: the numbers at the end of the names, as SA-1B's, or else 1, 2 and so on."""
    numbers = [re.search(r"([1-9]\d{0,17}|0)$", posixpath.splitext(name)[0]) for name in found]
    ids = [int(number[1]) for number in numbers if number]
    return ids if len(set(ids)) == len(found) else range(1, len(found) + 1)


def _entry(folder: str, number: int, name: str, image_id: int, keys: Keys) -> Entry | Refused:
    try:
        key = keys.take(number, name[: -len(".json")])
        return Entry(key, image_id, show(name), (names.relative_name(name),))
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)
