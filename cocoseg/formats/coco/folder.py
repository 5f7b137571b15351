"""A folder of detection JSONs, one for each image, as SA-1B has them. Each is read when its image is asked for.

    sa_1.json  {"image": {"image_id", "file_name", "height", "width"}, "annotations": [{"id", "segmentation"}]}

The output is called as the JSON. All files list the same categories; those without any hold one class, ``object``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as with_fields

from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import names, places
from cocoseg.files.reading import read_file
from cocoseg.formats.coco.index import Choices, Index, read_index
from cocoseg.formats.coco.reader import choices_of, covers_all, sample
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.inside import documents_in
from cocoseg.formats.survey import Peek
from cocoseg.model import Category, Conventions, Dataset, Entry, ImageId, Loader, Refused, Sample


def read(path: str | os.PathLike[str], **options: Any) -> Dataset:
    """A folder of JSONs as a Dataset. The options are those of ``cocoseg.read``. Raises DocumentError."""
    folder, choices = os.fspath(path), choices_of(**options)
    found = documents_in(folder)
    if not found:
        raise DocumentError("doc.empty", f"the folder {show(folder, 300)} holds no JSON")
    first = _index(folder, found[0], choices)
    own_ids = len(found) == 1 or _image_id(first) != _image_id(_index(folder, found[1], choices))
    keys = Keys(folder, "files")
    entries = [_entry(folder, number, name, keys) for number, name in enumerate(found)]
    return Dataset(
        first.categories,
        entries,
        Loader(folder, (folder,), Documents(folder, choices, first.categories, own_ids)),
        conventions=Conventions("unknown" if covers_all(first.categories) else "background", scored=first.scored),
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
    """Makes the sample of a JSON with one image; all JSONs list the same categories.

    With ``own_ids``, images have the ids that their JSONs give them, else those of the entries.
    """

    folder: str
    choices: Choices
    categories: tuple[Category, ...]
    own_ids: bool

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError."""
        image = self.image(entry, files[0])
        found = sample(with_fields(image, key=entry.key), (), place)
        return found if self.own_ids else replace(found, image_id=entry.image_id)

    def image(self, entry: Entry, data: bytes) -> Entry:
        """The only image of a JSON. Raises SampleError."""
        try:
            index = read_index(places.join(self.folder, entry.files[0]), self.choices, data)
        except DocumentError as error:
            raise SampleError(error.category, error.message) from None
        if len(index.entries) != 1:
            raise SampleError("doc.kind", f"holds {len(index.entries)} images; expected one, as in the first JSON")
        if index.categories != self.categories:
            raise SampleError("id.collision", "its categories differ from those of the first JSON")
        (image,) = index.entries
        if isinstance(image, Refused):
            raise SampleError(image.problem.category, image.problem.message)
        return image


def _index(folder: str, name: str, choices: Choices) -> Index:
    return read_index(places.join(folder, name), choices)


def _image_id(index: Index) -> ImageId | None:
    return index.entries[0].image_id if index.entries else None


def _entry(folder: str, number: int, name: str, keys: Keys) -> Entry | Refused:
    try:
        key = keys.take(number, name[: -len(".json")])
        return Entry(key, number + 1, show(name), (names.relative_name(name),))
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)
