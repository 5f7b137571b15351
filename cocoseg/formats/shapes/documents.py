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

    The name is a path from the document's folder. ``remarks`` say what was left out, or are problems of another kind.
    """

    shapes: Sequence[Shape]
    size: Size | None = None
    file_name: str = ""
    remarks: tuple[str | Problem, ...] = ()


class Listed(NamedTuple):
    """An image in a document about all images, with a ``body`` that is parsed when the image is asked for."""

    body: bytes
    size: Size | None
    file_name: str


Parse = Callable[[bytes], Drawn]
Called = Callable[[str], tuple[str, str]]


class NeedsSize(NamedTuple):
    """A function that parses a body with the image's (height, width), which may be that of the photo."""

    parse: Callable[[bytes, Size], Drawn]


def called(document: str) -> tuple[str, str]:
    """The names of an image's labels and of its photo, from that of its document.

    >>> called("val/a.json")
    ('val/a.png', 'val/a.jpg')
    """
    stem = document.rpartition(".")[0]
    return f"{stem}.png", f"{stem}.jpg"


@dataclass(frozen=True)
class Makes:
    """Makes samples of shapes. ``parse`` reads a document, or the body of an entry; None if that is the shapes already.

    Without a size in the document, it is that of the photo in the folder ``photos``, turned as its EXIF says.
    """

    parse: Parse | NeedsSize | None
    ids: Mapping[str, int] = field(hash=False)
    photos: str

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError."""
        drawn = self.drawn(entry, files)
        name = drawn.file_name or entry.file_name
        made = sample(entry, place, self.size(entry, drawn), drawn.shapes, self.ids, name)
        said = tuple(_said(place, remark) for remark in drawn.remarks)
        return replace(made, problems=(*said, *made.problems)) if said else made

    def drawn(self, entry: Entry, files: Sequence[bytes]) -> Drawn:
        """What was drawn on the image of an entry. Raises SampleError."""
        if self.parse is None:
            return Drawn(entry.body, entry.size, entry.file_name)
        if isinstance(self.parse, NeedsSize):
            return self._sized(self.parse, entry)
        try:
            found = self.parse(files[0] if entry.files else entry.body)
        except DocumentError as error:
            raise SampleError(error.category, error.message) from None
        if not entry.files:
            return found._replace(size=found.size or entry.size, file_name=entry.file_name)
        beside = posixpath.dirname(entry.files[0])
        return found._replace(file_name=posixpath.join(beside, found.file_name) if found.file_name else "")

    def _sized(self, parse: NeedsSize, entry: Entry) -> Drawn:
        size = self.size(entry, Drawn((), entry.size, entry.file_name))
        return parse.parse(entry.body, size)._replace(file_name=entry.file_name)

    def measured(self, entry: Entry) -> bytes:
        """What the sample of an entry depends on beside its body: the photo's size, if the entry has none."""
        try:
            return b"" if entry.size else repr(self.size(entry, Drawn((), None, entry.file_name))).encode()
        except SampleError:
            return b""  # which is raised when it is needed

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
    named: Called = called,
    among: Callable[[str], bool] = bool,
) -> Dataset:
    """A data set of documents with these endings, one for each image, in a folder, or a single one.

    ``classes`` gives the categories; it may look into all documents, which takes long. ``version`` stands for all that
    makes other samples of the same document. ``named`` gives the names of labels and photo of a document, ``among``
    says which files of the folder are documents. Raises DocumentError.
    """
    folder, found = (source, documents_in(source, endings)) if places.is_folder(source) else _alone(source)
    found = [name for name in found if among(name)]
    if not found:
        raise DocumentError("doc.empty", f"{folder}: holds no {' or '.join(endings)} of this format")
    known = classes(_all(folder, found, parse))
    photos = photos or folder
    keys, ids = Keys(folder, "files"), photos_of(found, None)
    numbers = [ids.find(number, name).image_id for number, name in enumerate(found)]
    entries = [_entry(folder, number, name, numbers[number], keys, named) for number, name in enumerate(found)]
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
    images: Iterable[tuple[str, Drawn | Listed | Problem]],
    classes: Classes,
    *,
    parse: Parse | NeedsSize | None = None,
    photos: str = "",
    version: str = "",
    problems: Sequence[Problem] = (),
    conventions: Conventions = Conventions("background"),  # noqa: B008
) -> Dataset:
    """A data set of one document about all images: (where, what was drawn, or why it can't be used).

    ``parse`` reads the bodies of those that are ``Listed``.
    """
    keys, makes = Keys(source, "images"), Makes(parse, classes.ids, photos)
    entries = [_listed(source, number, where, drawn, keys) for number, (where, drawn) in enumerate(images)]
    return Dataset(
        classes.categories,
        entries,
        Loader(source, (), makes, settings=_settings(version, classes), measures=makes.measured),
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


def _entry(folder: str, number: int, name: str, image_id: Any, keys: Keys, named: Called) -> Entry | Refused:
    labels, photo = named(name)
    try:
        return Entry(keys.take(number, labels), image_id, show(name), (relative_name(name),), file_name=photo)
    except SampleError as error:
        return Refused(show(name), error.at(f"{folder}: {show(name)}").problem)


def _listed(source: str, number: int, where: str, drawn: Drawn | Listed | Problem, keys: Keys) -> Entry | Refused:
    if isinstance(drawn, Problem):
        return Refused(where, drawn)
    body = drawn.body if isinstance(drawn, Listed) else list(drawn.shapes)
    try:
        key = keys.take(number, drawn.file_name)
        return Entry(key, number + 1, where, (), drawn.size, drawn.file_name, body=body)
    except SampleError as error:
        return Refused(where, error.at(f"{source}: {where}").problem)


def _said(place: str, remark: str | Problem) -> Problem:
    category, text = remark[:2] if isinstance(remark, Problem) else ("seg.left_out", remark)
    return Problem(category, f"{place}: {text}")


def _settings(version: str, classes: Classes) -> str:
    return f"{version} {digest(msgspec.json.encode(sorted(classes.ids.items())))}"
