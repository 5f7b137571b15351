"""The index of a COCO detection JSON: the annotations of each image, their segmentations left as raw bytes.

An error in one annotation affects only its image: the entry becomes a ``Refused``. An error in the document is raised.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs.panoptic import ID_LIMIT, VOID
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import Int64, parse_part, read_document
from cocoseg.formats.coco_json.about import Described
from cocoseg.formats.coco_json.categories import name_problems, parse_categories, read_categories
from cocoseg.formats.coco_json.images import Image, ImageTable, Keys, image_id, safe_name
from cocoseg.model import Category, Entry, ImageId, Refused, row_place


class Annotation(msgspec.Struct, gc=False):
    """A row of ``annotations`` or of a results list."""

    image_id: int | str | float
    category_id: Int64
    id: Int64 | str | None = None
    segmentation: Raw | UnsetType = UNSET
    iscrowd: int | bool | None = 0
    score: float | None = None
    segment_id: Any = None


class _Owner(msgspec.Struct, gc=False):
    """The image id of a row that is otherwise unusable."""

    image_id: int | str | float


class Index(NamedTuple):
    """A document: its categories, an entry per image, its problems, and where its annotation ids are unique."""

    categories: tuple[Category, ...]
    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    ids: Literal["none", "file", "picture"]
    about: dict[str, bytes]


class _Document(Described):
    images: list[Raw] | UnsetType = UNSET
    annotations: list[Annotation] | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET


class _RawDocument(Described):
    images: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET


_STRICT: Any = _Document | list[Annotation]
_LENIENT: Any = _RawDocument | list[Raw]
_ANNOTATION = msgspec.json.Decoder(Annotation)
_OWNER = msgspec.json.Decoder(_Owner)
_KEYS = ("images", "annotations", "categories")


def read_index(
    path: str | os.PathLike[str],
    categories: str | os.PathLike[str] | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Index:
    """The index of a detection JSON or a results list; ``images`` is the file that lists the images of a results list.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.duplicate``.
    """
    source = os.fspath(path)
    document, rows, numbers, refused = _read(source)
    _check_kind(source, document, rows, refused)
    about = source if images is None else os.fspath(images)
    described = document if images is None else read_document(about, _RawDocument, unique=_KEYS)
    if described.images is UNSET:
        raise DocumentError(
            "doc.missing_key", f"{about}: no 'images', which hold the sizes; name a file that lists them with --images"
        )
    listed = document.categories if images is None or document.categories is not UNSET else described.categories
    found = parse_categories(about, listed) if categories is None else read_categories(categories)
    table, keys = ImageTable(about, described.images), Keys(about, "images")
    repeated = _repeated_ids(source, rows, numbers)
    picture_ids = _take_segment_ids(rows)
    grouped, strays = _group(source, rows, numbers, table)
    bad = {owner: error for owner, error in reversed(refused) if owner in table.rows}
    strays += [_stray(source, error) for owner, error in refused if owner not in table.rows]
    strays += [Refused("images", problem, stray=True) for problem in table.problems]
    entries = [
        _refused(source, _image_place(*row), bad[image], image)
        if image in bad
        else _entry(about, *row, grouped.get(image, ([], [])), table.raw(image, apart=described is not document), keys)
        for image, row in table.rows.items()
    ]
    problems = (*keys.problems, *name_problems(about, found), *repeated)
    unique: Literal["file", "none"] = "file" if not repeated and all(map(_is_id, rows)) else "none"
    return Index(found, [*entries, *strays], problems, "picture" if picture_ids else unique, described.about)


def annotation_name(annotation: Annotation, number: int) -> str:
    """The position of an annotation, and its id, for messages."""
    name = "" if annotation.id is None else f" (id {show(annotation.id)})"
    return f"annotations[{number}]{name}"


_Bad = tuple[ImageId | None, SampleError]


_Rows = tuple[list[Annotation], list[int]]  # annotations, and their positions in the document


def _read(source: str) -> tuple[_Document | _RawDocument, list[Annotation], list[int], list[_Bad]]:
    """A document, its annotations and their positions, and the unusable rows, each with its image if known."""
    try:
        return _rows(read_document(source, _STRICT, unique=_KEYS))
    except DocumentError as error:
        if error.category not in ("doc.type", "doc.missing_key", "json.nonfinite"):
            raise
    return _lenient_rows(source, read_document(source, _LENIENT, unique=_KEYS))


def _rows(document: _Document | list[Annotation]) -> tuple[_Document, list[Annotation], list[int], list[_Bad]]:
    whole = _Document(annotations=document) if isinstance(document, list) else document
    rows = [] if whole.annotations is UNSET else whole.annotations
    return whole, rows, list(range(len(rows))), []


def _lenient_rows(
    source: str, document: _RawDocument | list[Raw]
) -> tuple[_RawDocument, list[Annotation], list[int], list[_Bad]]:
    whole = _RawDocument(annotations=document) if isinstance(document, list) else document
    rows: list[Annotation] = []
    numbers: list[int] = []
    bad: list[_Bad] = []
    for number, raw in enumerate([] if whole.annotations is UNSET else whole.annotations):
        try:
            rows.append(parse_part(raw, _ANNOTATION))
            numbers.append(number)
        except SampleError as error:
            bad.append((_owner(raw), error.at(f"annotations[{number}]")))
    return whole, rows, numbers, bad


def _owner(raw: Raw) -> ImageId | None:
    """The image id of an unusable row, if it is valid."""
    try:
        return image_id(parse_part(raw, _OWNER).image_id, "image_id")
    except SampleError:
        return None


def _check_kind(
    source: str, document: _Document | _RawDocument, rows: Sequence[Annotation], refused: Sequence[_Bad]
) -> None:
    if isinstance(document, _RawDocument) and not rows and _has_segments_info(document):
        text = "holds panoptic annotations (they have 'segments_info'); expected annotations with 'segmentation'"
        raise DocumentError("doc.kind", f"{source}: {text}")
    # With a list of annotations that is present but empty, the images have no segments.
    if not rows and not refused and not (document.images and document.annotations is not UNSET):
        raise DocumentError(
            "doc.missing_key", f"{source}: no 'annotations', or an empty list; there is nothing to convert"
        )
    if rows and all(row.segmentation is UNSET for row in rows):
        raise DocumentError(
            "doc.kind",
            f"{source}: no annotation has 'segments_info' or 'segmentation'; boxes, keypoints and captions "
            "alone cannot be converted",
        )


def _has_segments_info(document: _RawDocument) -> bool:
    return any(b'"segments_info"' in bytes(row) for row in (document.annotations or [])[:1])


def _group(
    source: str, rows: Iterable[Annotation], numbers: Iterable[int], table: ImageTable
) -> tuple[dict[ImageId, _Rows], list[Refused]]:
    """Annotations by image, and those whose image is not listed."""
    grouped: dict[ImageId, _Rows] = {}
    strays: list[Refused] = []
    for number, row in zip(numbers, rows, strict=True):
        if row.image_id in table.rows:  # 1.0 matches 1
            found = grouped.setdefault(row.image_id, ([], []))  # type: ignore[arg-type]
            found[0].append(row)
            found[1].append(number)
        else:
            strays.append(_stray(source, _unknown(row.image_id, table).at(annotation_name(row, number))))
    return grouped, strays


def _unknown(image: Any, table: ImageTable) -> SampleError:
    try:
        return table.unknown(image_id(image, "image_id"))
    except SampleError as error:
        return error


def _entry(source: str, number: int, image: Image, annotations: _Rows, row: Raw, keys: Keys) -> Entry | Refused:
    try:
        file_name = safe_name(_file_name(image), "image")
        size = ImageTable.size_of(number, image)
        if size is None:
            raise SampleError("doc.missing_key", "no 'height' and 'width', expected the numbers of pixels")
        key = keys.take(number, file_name, _as_png(file_name))
        return Entry(key, image.id, f"images[{number}]", (), size, file_name, row, *annotations)
    except SampleError as error:
        return _refused(source, _image_place(number, image), error, image.id)


def _refused(source: str, where: str, error: SampleError, image: ImageId) -> Refused:
    return Refused(where, error.at(where).at(source).problem, image_id=image)


def _stray(source: str, error: SampleError) -> Refused:
    """A row of no listed image; the message begins with its position."""
    return Refused(error.message.partition(":")[0], error.at(source).problem, stray=True)


def _image_place(number: int, image: Image) -> str:
    return row_place(f"images[{number}]", image.id, "" if image.file_name is UNSET else image.file_name)


def _as_png(file_name: str) -> str:
    """A photo's name with its extension replaced by ``.png``."""
    stem, dot, ending = file_name.rpartition(".")
    return f"{stem}.png" if dot and ending.isalnum() and stem and not stem.endswith("/") else file_name


def _file_name(image: Image) -> Any:
    """The ``file_name`` of an image; LVIS gives only a URL."""
    if image.file_name is UNSET and isinstance(image.coco_url, str):
        return image.coco_url.rpartition("/")[2]
    return image.file_name


def _take_segment_ids(rows: Sequence[Annotation]) -> bool:
    """Uses ``segment_id`` as the id if all annotations have a usable one, and returns whether they do."""
    if not rows or not all(type(row.segment_id) is int and VOID < row.segment_id < ID_LIMIT for row in rows):
        return False
    if len({(row.image_id, row.segment_id) for row in rows}) < len(rows):
        return False
    for row in rows:
        row.id = row.segment_id
    return True


def _is_id(row: Annotation) -> bool:
    """Whether an annotation has a usable id; to some tools 0 means none."""
    return isinstance(row.id, int) and row.id > 0


def _repeated_ids(source: str, rows: Sequence[Annotation], numbers: Sequence[int]) -> list[Problem]:
    if len({row.id for row in rows}) == len(rows):
        return []
    seen: dict[int | str, int] = {}
    pairs = zip(rows, numbers, strict=True)
    twice = [(row.id, n) for row, n in pairs if row.id is not None and seen.setdefault(row.id, n) != n]
    if not twice:
        return []
    first, number = twice[0]
    text = f"annotations[{seen[first]}] and [{number}] both have id {show(first)}"
    repeated = "1 id is" if len(twice) == 1 else f"{len(twice)} ids are"
    return [Problem("id.duplicate", f"{source}: {text} ({repeated} repeated); both are kept")]
