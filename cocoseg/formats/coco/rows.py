"""The rows of ``annotations``: read all at once, or one by one where the file is not as it should be.

A row that can't be used costs only its image. Rows without a mask are kept, because they may have a box; rows without
a mask and a category, such as captions, are left out. Both are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files.documents import Int64, parse_part, read_document
from cocoseg.files.reading import read_file
from cocoseg.formats.coco_json.about import Described
from cocoseg.formats.coco_json.images import image_id
from cocoseg.formats.coco_json.lists import LISTS, is_given, read_lists
from cocoseg.formats.coco_json.scalars import Taken, flag, number, unfloat, whole
from cocoseg.model import ImageId
from cocoseg.runs.tally import counted


class Annotation(msgspec.Struct, gc=False):
    """A row of ``annotations`` or of a results list.

    ``row`` is the whole of it, if wanted; then ``with_shapes`` finds its shape there. ``exact``: it says the ids and
    ``iscrowd`` as they are here, and as integers.
    """

    image_id: int | str | float
    category_id: Int64
    id: Int64 | str | None = None
    segmentation: Raw | UnsetType = UNSET
    iscrowd: int | bool | None = 0
    score: float | None = None
    segment_id: Any = None
    bbox: Raw | UnsetType = UNSET
    area: Raw | UnsetType = UNSET
    row: Raw | UnsetType = msgspec.field(default=UNSET, name="(row)")
    exact: bool = msgspec.field(default=False, name="(exact)")


class _Shapes(msgspec.Struct, gc=False):
    """What ``drop_shapes`` leaves out of a row."""

    segmentation: Raw | UnsetType = UNSET
    bbox: Raw | UnsetType = UNSET
    area: Raw | UnsetType = UNSET


class _Some(msgspec.Struct, gc=False):
    """What every row may have, of any type."""

    image_id: Any = None
    category_id: Any = None
    segmentation: Raw | UnsetType = UNSET
    file_name: Any = None


class Document(Described):
    """A detection JSON with its rows left raw. SA-1B has one ``image`` instead of ``images``."""

    images: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    categories: list[Raw] | UnsetType = UNSET
    image: Raw | UnsetType = UNSET
    videos: Raw | UnsetType = UNSET


class _Strict(Document):
    annotations: list[Annotation] | UnsetType = UNSET  # type: ignore[assignment]


@dataclass
class Rows:
    """The usable rows of a document with their positions, and the unusable ones, each with its images if known.

    ``classless``: no row has a category, and none is listed. ``imageless``: no row names its image.
    ``named``: rows name their image by its file_name. ``masked``: an unusable row has a mask.
    """

    document: Document
    taken: Taken
    rows: list[Annotation] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: list[tuple[list[ImageId], SampleError]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    classless: bool = False
    imageless: bool = False
    named: bool = False
    masked: bool = False


OBJECT = 1  # the category of masks without a class
ONLY = 1  # the id of an image that the document does not list

_RAW: Any = Document | list[Raw]
_STRICT: Any = _Strict | list[Annotation]
_ANNOTATION = msgspec.json.Decoder(Annotation)
_SHAPES = msgspec.json.Decoder(_Shapes)
_SOME = msgspec.json.Decoder(_Some)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_NESTED = msgspec.json.Decoder(list[Raw])
_KINDS = {"category_id": whole, "id": unfloat, "iscrowd": flag, "score": number, "segment_id": whole}
_EMPTY = re.compile(rb'[\[\]\s,]*|null|\[\s*null\s*\]|""|\{\s*\}|\{[^{}]*"counts"\s*:\s*(?:""|null|\[\s*\])[^{}]*\}')
_LONGEST_EMPTY = 200  # bytes


def read_rows(
    source: str,
    data: bytes | None = None,
    *,
    whole_rows: bool = False,
    one_class: bool = False,
    part: bool = False,
) -> Rows:
    """The annotations of a document, whose text may be given as ``data``. A ``part`` of a data set may have no masks.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``.

    With ``whole_rows``, every annotation keeps its row. With ``one_class``, categories do not matter.
    """
    data = _text(source) if data is None else data
    found = None if one_class else _at_once(source, data)
    if found and whole_rows:
        _keep_rows(source, data, found)
    found = found or _one_by_one(source, data, whole_rows, one_class)
    _drop_masks(source, found, part)
    return found


def annotation_name(annotation: Annotation, number: int) -> str:
    """The position of an annotation, and its id, for messages."""
    name = "" if annotation.id is None else f" (id {show(annotation.id)})"
    return f"annotations[{number}]{name}"


def drop_shapes(rows: Sequence[Annotation]) -> None:
    """Let rows that are kept whole hold their shapes there alone, so that they are held and hashed once."""
    for row in rows:
        if row.row is not UNSET:
            row.segmentation = row.bbox = row.area = UNSET


def with_shapes(row: Annotation) -> Annotation:
    """A row with its segmentation, if it has one, its bbox and its area."""
    if row.row is UNSET:
        return row
    found = _SHAPES.decode(row.row)
    mask = found.segmentation if has_mask(found.segmentation) else UNSET
    return msgspec.structs.replace(row, segmentation=mask, bbox=found.bbox, area=found.area)


def has_mask(raw: Raw | UnsetType) -> bool:
    """Whether a segmentation is anything else than one of the spellings of no mask.

    >>> has_mask(Raw(b"[[]]")), has_mask(Raw(b'{"size": [2, 3], "counts": []}')), has_mask(Raw(b"[[1, 2]]"))
    (False, False, True)
    """
    if raw is UNSET:
        return False
    return len(raw) > _LONGEST_EMPTY or not _EMPTY.fullmatch(bytes(raw))


def _at_once(source: str, data: bytes) -> Rows | None:
    """The rows of a document that is as it should be, or None."""
    try:
        found = read_document(source, _STRICT, LISTS, data)
    except DocumentError as error:
        if error.category in ("doc.type", "doc.missing_key", "json.nonfinite"):
            return None
        raise
    document = _Strict(annotations=found) if isinstance(found, list) else found
    if document.image is not UNSET:
        return None
    rows: Any = [] if document.annotations is UNSET else document.annotations
    return Rows(document, Taken(source), rows, list(range(len(rows))))


def _text(source: str) -> bytes:
    try:
        return read_file(source)
    except SampleError as error:
        raise DocumentError(error.category, error.message) from None


def _keep_rows(source: str, data: bytes, found: Rows) -> None:
    """Give each annotation its whole row."""
    document: Any = read_document(source, _RAW, (), data)
    raws = document if isinstance(document, list) else document.annotations
    for row, raw in zip(found.rows, () if raws is UNSET else raws, strict=True):
        row.row = raw
        row.exact = type(row.iscrowd) is int and type(row.image_id) is not float


def _one_by_one(source: str, data: bytes | None, whole_rows: bool, one_class: bool) -> Rows:
    document, problems = read_lists(source, Document, data)
    if document.images is UNSET and document.image is not UNSET and _fields(document.image):
        document.images = [_image_row(document.image)]
    raws: Sequence[Raw] = [] if document.annotations is UNSET else document.annotations
    found = Rows(document, Taken(source), problems=problems)
    complete = _completing(document, raws, found, one_class)
    unlabelled = 0
    for position, raw in enumerate(raws):
        where = f"annotations[{position}]"
        try:
            row = found.taken.parse(complete(raw), _ANNOTATION, _KINDS, where)
        except SampleError as error:
            if _has_no_label(raw):
                unlabelled += 1
            else:
                found.refused.append((_owners(raw), error.at(where)))
                found.masked = found.masked or _may_have_mask(raw)
            continue
        row.row = raw if whole_rows else UNSET
        found.rows.append(row)
        found.numbers.append(position)
    if unlabelled:
        what = counted(unlabelled, "annotation")
        text = f"{source}: left out {what} with neither a mask nor a category, such as captions"
        found.problems.append(Problem("seg.empty", text))
    return found


def _completing(document: Document, raws: Sequence[Raw], found: Rows, one_class: bool) -> Callable[[Raw], Raw]:
    """A function that adds to a row what the document as a whole says: the only image, the only class."""
    given: dict[str, Any] = {"category_id": OBJECT} if one_class else {}
    absent: dict[str, Any] = {}
    rows = [row for raw in raws if (row := _some(raw))]
    found.named = bool(rows) and all(row.image_id is None and isinstance(row.file_name, str) for row in rows)
    if any(row.image_id is None for row in rows) and not found.named:
        found.imageless = document.images is UNSET and all(row.image_id is None for row in rows)
        if (image := _only_image(document, found.imageless)) is not None:
            absent["image_id"] = image
    if rows and all(row.category_id is None for row in rows) and any(has_mask(row.segmentation) for row in rows):
        only = _only_category(document)
        found.classless = only is None and not is_given(document.categories)
        absent |= {"category_id": OBJECT if only is None else only} if found.classless or only is not None else {}
    return (lambda raw: _with(raw, given, absent)) if given or absent or found.named else (lambda raw: raw)


def _image_row(raw: Raw) -> Raw:
    """SA-1B's ``image`` as a row of ``images``."""
    fields = _fields(raw)
    return Raw(msgspec.json.encode({"id": fields["image_id"]} | fields)) if "image_id" in fields else raw


def _with(raw: Raw, given: dict[str, Any], absent: dict[str, Any]) -> Raw:
    """A row with ``given`` fields, and with those that it lacks.

    SA-1B's ``predicted_iou`` is its score; detectron2's ``file_name`` stands for the image.
    """
    fields = _fields(raw)
    if not fields:
        return raw
    known = {name for name, value in fields.items() if bytes(value) != b"null"}
    added = {name: value for name, value in absent.items() if name not in known}
    if "predicted_iou" in known and "score" not in known:
        added["score"] = fields["predicted_iou"]
    if "file_name" in known and "image_id" not in known | added.keys():
        added["image_id"] = fields["file_name"]
    return Raw(msgspec.json.encode(fields | added | given))


def _fields(raw: Raw) -> dict[str, Raw]:
    """The fields of an object; empty if it is none."""
    try:
        return _FIELDS.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _some(raw: Raw) -> _Some | None:
    try:
        return parse_part(raw, _SOME)
    except SampleError:
        return None


def _only_image(document: Document, imageless: bool) -> ImageId | None:
    """The id of the only image of a document; ``ONLY`` if it lists none and no row names one."""
    if imageless:
        return ONLY
    rows = [] if document.images is UNSET else document.images
    return _integer(rows[0], "id") if len(rows) == 1 else None


def _only_category(document: Document) -> int | None:
    rows = [] if document.categories is UNSET else document.categories
    return _integer(rows[0], "id") if len(rows) == 1 else None


def _integer(row: Raw, name: str) -> Any:
    """A field of an object, in its JSON form; None if there is none."""
    return _fields(row).get(name)


def _has_no_label(raw: Raw) -> bool:
    row = _some(raw)
    return row is not None and row.category_id is None and not has_mask(row.segmentation)


def _may_have_mask(raw: Raw) -> bool:
    row = _some(raw)
    return row is None or has_mask(row.segmentation)


def _owners(raw: Raw) -> list[ImageId]:
    """The image ids of an unusable row, or of rows in a list, as far as they are valid."""
    if bytes(raw).startswith(b"["):
        try:
            return list(dict.fromkeys(owner for row in _NESTED.decode(raw) for owner in _owners(row)))
        except (msgspec.MsgspecError, RecursionError):
            return []
    try:
        return [image_id(parse_part(raw, _SOME).image_id, "image_id")]
    except SampleError:
        return []


def _drop_masks(source: str, found: Rows, part: bool) -> None:
    """Let all spellings of no mask be the same, and count them.

    Raises DocumentError if there is no mask at all, unless the document is a ``part`` of a data set.
    """
    without = [index for index, row in enumerate(found.rows) if not has_mask(row.segmentation)]
    for index in without:
        found.rows[index].segmentation = UNSET
    none = len(without) == len(found.rows) and not found.masked and is_given(found.document.annotations)
    if none and not part:
        raise _no_masks(source, found)
    if without:
        first = annotation_name(found.rows[without[0]], found.numbers[without[0]])
        some = f"{len(without):,} annotations have no mask, the first is {first}"
        what = f"{first} has no mask" if len(without) == 1 else some
        found.problems.append(Problem("seg.empty", f"{source}: {what}; nothing is painted there"))


def _no_masks(source: str, found: Rows) -> DocumentError:
    first: Any = found.document.annotations[0]  # type: ignore[index]
    raw = bytes(first) if isinstance(first, Raw) else b""
    what = (
        "no annotation has 'segments_info' or a mask in 'segmentation'; boxes, keypoints and captions alone cannot be "
        "converted"
    )
    if b'"segments_info"' in raw:
        what = "holds panoptic annotations (they have 'segments_info'); expected annotations with 'segmentation'"
    if b'"segmentations"' in raw:
        what = "holds videos (YouTube-VIS): a row has the masks of all frames; write a row for each frame"
    return DocumentError("doc.kind", f"{source}: {what}")
