"""Data sets of shapes: a document for each image, read when the image is asked for, or one document about all."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.files.digests import digest
from cocoseg.files.listing import is_hidden, names
from cocoseg.files.names import REPORT, base_name, relative_name
from cocoseg.files.photo import find_photo, photo_size
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.images import Keys
from cocoseg.formats.coco_json.photos import photos_of
from cocoseg.formats.shapes.classes import Classes
from cocoseg.formats.shapes.shape import Shape, Size, sample
from cocoseg.formats.survey import Peek
from cocoseg.model import Conventions, Dataset, Entry, Loader, Refused, Sample


class Drawn(NamedTuple):
    """What was drawn on an image: its shapes, (height, width) if the document says it, and the photo's name.

    The name is a path from the document's folder. ``remarks`` say what was left out.
    """

    shapes: Sequence[Shape]
    size: Size | None = None
    file_name: str = ""
    remarks: tuple[str, ...] = ()


Parse = Callable[[bytes], Drawn]


@dataclass(frozen=True)
class Makes:
    """Makes samples of shapes. ``parse`` reads a document; None if entries have their shapes already.

    Without a size in the document, it is that of the photo in the folder ``photos``, turned as its EXIF says.
    """

    parse: Parse | None
    ids: Mapping[str, int] = field(hash=False)
    photos: str

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError."""
        drawn = self.drawn(entry, files)
        name = drawn.file_name or entry.file_name
        made = sample(entry, place, self.size(entry, drawn), drawn.shapes, self.ids, name)
        said = tuple(Problem("seg.left_out", f"{place}: {remark}") for remark in drawn.remarks)
        return replace(made, problems=(*said, *made.problems)) if said else made

    def drawn(self, entry: Entry, files: Sequence[bytes]) -> Drawn:
        """What was drawn on the image of an entry. Raises SampleError."""
        if self.parse is None:
            return Drawn(entry.body, entry.size, entry.file_name)
        try:
            found = self.parse(files[0])
        except DocumentError as error:
            raise SampleError(error.category, error.message) from None
        beside = posixpath.dirname(entry.files[0])
        return found._replace(file_name=posixpath.join(beside, found.file_name) if found.file_name else "")

    def size(self, entry: Entry, drawn: Drawn) -> Size:
        """(height, width). Raises SampleError: ``file.missing``, ``image.corrupt``."""
        if drawn.size:
            return drawn.size
        if not self.photos:
            text = "the size is not in the file; name the folder of the photos with --photos"
            raise SampleError("doc.missing_key", text)
        return photo_size(find_photo(self.photos, entry.key, drawn.file_name or entry.file_name)).turned


def read_documents(
    source: str,
    endings: tuple[str, ...],
    parse: Parse,
    classes: Callable[[Iterator[Drawn]], Classes],
    *,
    photos: str = "",
    version: str = "",
    conventions: Conventions = Conventions("background"),  # noqa: B008
) -> Dataset:
    """A data set of documents with these endings, one for each image, in a folder, or a single one.

    ``classes`` gives the categories; it may look into all documents, which takes long. ``version`` stands for all that
    makes other samples of the same document. Raises DocumentError.
    """
    folder, found = (source, documents_in(source, endings)) if places.is_folder(source) else _alone(source)
    known = classes(_all(folder, found, parse))
    photos = photos or folder
    keys, ids = Keys(folder, "files"), photos_of(found, None)
    entries = [_entry(folder, number, name, ids.find(number, name).image_id, keys) for number, name in enumerate(found)]
    return Dataset(
        known.categories,
        entries,
        Loader(source, (folder,), Makes(parse, known.ids, photos), settings=_settings(version, known)),
        conventions=conventions,
        problems=tuple(keys.problems),
        photos=photos,
    )


def read_images(
    source: str,
    images: Iterable[tuple[str, Drawn | Problem]],
    classes: Classes,
    *,
    photos: str = "",
    version: str = "",
    problems: Sequence[Problem] = (),
    conventions: Conventions = Conventions("background"),  # noqa: B008
) -> Dataset:
    """A data set of one document about all images: (where, what was drawn, or why it can't be used)."""
    keys = Keys(source, "images")
    entries = [_listed(source, number, where, drawn, keys) for number, (where, drawn) in enumerate(images)]
    return Dataset(
        classes.categories,
        entries,
        Loader(source, (), Makes(None, classes.ids, photos), settings=_settings(version, classes)),
        conventions=conventions,
        problems=(*problems, *keys.problems),
        photos=photos,
    )


def peek(dataset: Dataset) -> Callable[[Entry], Peek]:
    """Surveys an image from its document."""
    load = dataset.load
    assert isinstance(load, Loader)
    makes = load.makes
    assert isinstance(makes, Makes)

    def look(entry: Entry) -> Peek:
        drawn = makes.drawn(entry, [read_file(load.path(entry))] if entry.files else [])
        objects = dict.fromkeys((row.label, row.where if row.group is None else row.group) for row in drawn.shapes)
        crowds = sum(row.iscrowd for row in drawn.shapes)
        known = [makes.ids[label] for label, _ in objects if label in makes.ids]
        return Peek(makes.size(entry, drawn), known, crowds)

    return look


def photo_name(path: str | None) -> str:
    """The photo's name from a path that a document gives: "" if it gives none, without a way out of the folder.

    >>> photo_name("a.jpg"), photo_name("../photos/a.jpg"), photo_name(None)
    ('a.jpg', 'a.jpg', '')
    """
    if not path:
        return ""
    try:
        return relative_name(path.replace("\\", "/"))
    except SampleError:
        return base_name(path)


def documents_in(folder: str, endings: tuple[str, ...]) -> list[str]:
    """The files with these endings in a folder, by name. Raises DocumentError ``file.*``."""
    try:
        found = names(folder)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None
    return sorted(name for name in found if name.lower().endswith(endings) and _is_document(name))


def _is_document(name: str) -> bool:
    return not is_hidden(name) and name != REPORT


def _alone(source: str) -> tuple[str, list[str]]:
    return places.parent(source) or ".", [places.base_name(source)]


def _all(folder: str, found: Sequence[str], parse: Parse) -> Iterator[Drawn]:
    """What the good documents say; the others are refused when their image is asked for."""
    for name in found:
        try:
            yield parse(read_file(places.join(folder, name)))
        except (SampleError, DocumentError):
            continue


def _entry(folder: str, number: int, name: str, image_id: Any, keys: Keys) -> Entry | Refused:
    stem = name.rpartition(".")[0]
    try:
        key = keys.take(number, f"{stem}.png")
        return Entry(key, image_id, show(name), (relative_name(name),), file_name=f"{stem}.jpg")
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)


def _listed(source: str, number: int, where: str, drawn: Drawn | Problem, keys: Keys) -> Entry | Refused:
    if isinstance(drawn, Problem):
        return Refused(where, drawn)
    try:
        key = keys.take(number, drawn.file_name)
        return Entry(key, number + 1, where, (), drawn.size, drawn.file_name, body=list(drawn.shapes))
    except SampleError as error:
        return Refused(where, error.at(f"{source}: {where}").problem)


def _settings(version: str, classes: Classes) -> str:
    return f"{version} {digest(msgspec.json.encode(sorted(classes.ids.items())))}"
