"""The index of a COCO detection JSON: the annotations of each image, their segmentations left as raw bytes.

An error in one annotation affects only its image: the entry becomes a ``Refused``. An error in the document is raised.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from cocoseg.codecs.panoptic import ID_LIMIT, VOID
from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.formats.coco.rows import OBJECT, Annotation, Document, Rows, annotation_name, read_rows
from cocoseg.formats.coco.sizes import Sizes, images_of_rows
from cocoseg.formats.coco_json.categories import mark_roots, name_problems, parse_categories, read_categories, used_ids
from cocoseg.formats.coco_json.images import Image, ImageTable, Keys, Match, Naming, given_name
from cocoseg.formats.coco_json.lists import read_lists
from cocoseg.model import Category, Entry, ImageId, Refused, row_place
from cocoseg.runs.tally import counted


@dataclass(frozen=True)
class Choices:
    """What is taken of a document: the options of reading that apply to detection files.

    ``images`` and ``categories`` are other files that list them. ``keep_fields``: annotations keep their rows, and
    names need not be paths. ``part``: the document is one of many.
    """

    categories: str | os.PathLike[str] | None = None
    images: str | os.PathLike[str] | None = None
    photos: str | None = None
    match: Match = "id"
    naming: Naming = "path"
    class_name: str | None = None
    min_score: float | None = None
    keep_fields: bool = False
    part: bool = False


class Index(NamedTuple):
    """A document: its categories, an entry per image, its problems, and where its annotation ids are unique.

    ``scored``: whether every annotation has a score. ``source``: its path.
    """

    categories: tuple[Category, ...]
    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    ids: Literal["none", "file", "picture"]
    scored: bool
    about: dict[str, bytes]
    source: str


def read_index(path: str | os.PathLike[str], choices: Choices, data: bytes | None = None) -> Index:
    """The index of a detection JSON or a results list, whose text may be given as ``data``.

    Raises DocumentError: ``json.*``, ``doc.*``, ``file.*``, ``id.*``.
    """
    source = os.fspath(path)
    _check_photos(choices.photos)
    one_class = choices.class_name is not None
    found = read_rows(source, data, whole_rows=choices.keep_fields, one_class=one_class, part=choices.part)
    _check_kind(source, found, choices)
    described, about = _described(source, found, choices)
    categories = mark_roots(_categories(found, described, about, choices), lambda: _used(found, described))
    table = ImageTable(about, described.images or [], found.taken, choices.match)
    keys = Keys(about, "images", choices.naming)
    if found.imageless and choices.images is not None:
        _claim(source, found, table)
    problems = [*found.problems, *_chosen(source, found, choices)]
    scored = bool(found.rows) and all(row.score is not None for row in found.rows)
    repeated = _repeated_ids(source, found)
    picture_ids = _take_segment_ids(found.rows)
    grouped, bad, strays = _placed(source, found, table)
    sizes = Sizes(choices.photos, table, found.taken)
    entries = [
        _entry(source, about, image, grouped.get(image, ([], [])), bad.get(image), (table, keys, sizes))
        for image in table.rows
    ]
    entries = [_with_key(entry, table, keys) if isinstance(entry, Refused) else entry for entry in entries]
    strays += [Refused("images", problem, stray=True) for problem in table.problems]
    problems += [*keys.problems, *name_problems(about, categories), *repeated, *found.taken.problems]
    problems += found.document.fill_problems(source)
    ids = _unique_in(found.rows, picture_ids, bool(repeated))
    return Index(categories, [*entries, *strays], tuple(problems), ids, scored, described.about, source)


def _unique_in(rows: Sequence[Annotation], of_picture: bool, repeated: bool) -> Literal["none", "file", "picture"]:
    """What the ids of the annotations are unique in."""
    if of_picture:
        return "picture"
    return "file" if not repeated and all(map(_is_id, rows)) else "none"


def _check_photos(photos: str | None) -> None:
    if photos is not None and not places.is_folder(photos):
        text = "is not a folder, expected one with the photos"
        raise DocumentError("file.missing", f"{show(photos, 300)} {text}")


_Rows = tuple[list[Annotation], list[int]]  # annotations, and their positions in the document


def _check_kind(source: str, found: Rows, choices: Choices) -> None:
    # With a list of annotations that is present but empty, the images have no segments.
    images = found.document.images or choices.images
    if not found.rows and not found.refused and not (images and found.document.annotations is not UNSET):
        raise DocumentError(
            "doc.missing_key", f"{source}: no 'annotations', or an empty list; there is nothing to convert"
        )


def _described(source: str, found: Rows, choices: Choices) -> tuple[Document, str]:
    """The document that lists the images, and its path. Raises DocumentError ``doc.missing_key``."""
    if choices.images is not None:
        about = os.fspath(choices.images)
        document, problems = read_lists(about, Document)
        found.problems += problems
    else:
        about, document = source, found.document
        if document.images is UNSET and (rows := images_of_rows(source, found, choices.photos)):
            text = f"no 'images'; took those that the annotations name ({len(rows):,}), with sizes of RLE or photos"
            found.problems.append(Problem("doc.missing_key", f"{source}: {text}"))
            document.images = rows
    if document.images is UNSET:
        text = "no 'images', which hold the sizes; name a file that lists them with --images"
        raise DocumentError("doc.missing_key", f"{about}: {text}")
    return document, about


def _claim(source: str, found: Rows, table: ImageTable) -> None:
    """Give masks without an image the only listed one, or the one called like the file. Raises DocumentError."""
    stem = posixpath.splitext(places.base_name(source))[0]
    owners = list(table.rows) if len(table.rows) == 1 else table.named(stem)
    if len(owners) != 1:
        text = f"its masks name no image, and none of the {len(table.rows):,} listed ones is called {show(stem)}"
        raise DocumentError("id.unknown", f"{source}: {text}; give the file the name of its photo")
    for row in found.rows:
        row.image_id = owners[0]


def _categories(found: Rows, described: Document, about: str, choices: Choices) -> tuple[Category, ...]:
    if choices.class_name is not None:
        return (Category(OBJECT, choices.class_name),)
    if choices.categories is not None:
        listed = read_categories(choices.categories)
        return _of_one_class(found, listed) if found.classless else listed
    if found.classless:
        text = f"{found.taken.source}: no annotation has a category, so all are of one, 'object'; --class names it"
        found.problems.append(Problem("doc.missing_key", text))
        return (Category(OBJECT, "object"),)
    document = found.document if found.document.categories is not UNSET else described
    return parse_categories(about, document.categories, found.taken)


def _of_one_class(found: Rows, listed: tuple[Category, ...]) -> tuple[Category, ...]:
    """The only category, for annotations without one. Raises DocumentError ``doc.missing_key`` if it is one of many."""
    if len(listed) != 1:
        text = f"no annotation has a category_id, and {len(listed)} categories are given; use --class to name one class"
        raise DocumentError("doc.missing_key", f"{found.taken.source}: {text}")
    for row in found.rows:
        row.category_id = listed[0].id
    return listed


def _used(found: Rows, described: Document) -> set[int]:
    """The category ids of the annotations, and of the truth where that lists the images of a results list."""
    own = {row.category_id for row in found.rows}
    truth = described is not found.document and described.annotations is not UNSET
    return own | used_ids(described.annotations) if truth else own  # type: ignore[arg-type]


def _chosen(source: str, found: Rows, choices: Choices) -> list[Problem]:
    """Leave out what is not wanted, and count it; warn if nothing but crowds is left."""
    problems: list[Problem] = []
    if choices.min_score is not None:
        least = choices.min_score
        kept = [k for k, row in enumerate(found.rows) if row.score is None or row.score >= least]
        if low := len(found.rows) - len(kept):
            what = counted(low, "annotation")
            problems.append(Problem("seg.score", f"{source}: left out {what} with a score below {least}"))
        found.rows = [found.rows[k] for k in kept]
        found.numbers = [found.numbers[k] for k in kept]
    if found.rows and all(row.iscrowd for row in found.rows):
        text = "every annotation is a crowd (iscrowd 1), which training leaves out; --crowd-as-things makes them things"
        problems.append(Problem("seg.crowd", f"{source}: {text}"))
    return problems


def _placed(
    source: str, found: Rows, table: ImageTable
) -> tuple[dict[ImageId, _Rows], dict[ImageId, SampleError], list[Refused]]:
    """Annotations by image; the errors of images with an unusable one; and what belongs to no image.

    Raises DocumentError ``id.unknown`` if not a single annotation belongs to a listed image.
    """
    grouped: dict[ImageId, _Rows] = {}
    bad: dict[ImageId, SampleError] = {}
    lost: list[SampleError] = []
    for number, row in zip(found.numbers, found.rows, strict=True):
        if (image := table.find(row.image_id)) is not None:  # type: ignore[arg-type]
            rows, numbers = grouped.setdefault(image, ([], []))
            rows.append(row)
            numbers.append(number)
        else:
            _lose(row.image_id, annotation_name(row, number), table, bad, lost)
    met = bool(grouped)
    for images, error in found.refused:
        owners = [owner for image in images if (owner := table.find(image)) is not None]
        met = met or bool(owners)
        for owner in owners:
            bad.setdefault(owner, error)
        if not owners:
            lost.append(error)
    if not met and (lost or bad):
        raise _none_met(source, found, table, (*lost, *bad.values())[0])
    return grouped, bad, _strays(source, lost)


def _lose(image: Any, where: str, table: ImageTable, bad: dict[ImageId, SampleError], lost: list[SampleError]) -> None:
    """Note a row that cannot be placed: as the error of the images that it may belong to, or else as lost."""
    owners = table.owners(image)
    error = (table.unknown(image) if len(lost) < _NAMED or owners else SampleError("id.unknown", "")).at(where)
    for owner in owners:
        bad.setdefault(owner, error)
    if not owners:
        lost.append(error)


_NAMED = 5  # lost rows that are named


def _strays(source: str, lost: Sequence[SampleError]) -> list[Refused]:
    """The first rows of no listed image; the message of the last one counts the rest."""
    more = f" (and {len(lost) - _NAMED:,} more annotations of images that are not listed)" if len(lost) > _NAMED else ""
    named = [error.at(source).problem for error in lost[:_NAMED]]
    wheres = [error.message.partition(":")[0] for error in lost]
    strays = [Refused(where, problem, stray=True) for where, problem in zip(wheres, named, strict=False)]
    if more:
        last = strays[-1]
        strays[-1] = Refused(last.where, Problem(last.problem.category, last.problem.message + more), stray=True)
    return strays


def _none_met(source: str, found: Rows, table: ImageTable, error: SampleError) -> DocumentError:
    def some(ids: Sequence[object]) -> str:
        return ", ".join(map(show, list(dict.fromkeys(ids))[:3])) + (" ..." if len(ids) > 3 else "") or "none"

    total = counted(len(found.rows) + len(found.refused), "annotation")
    ids = f"image_id is {some([row.image_id for row in found.rows])}, the images' id is {some([*table.rows])}"
    advice = "are they of the same split? Name the file that lists the images with --images, or correct the ids"
    what = f"none of the {total} belongs to a listed image ({ids}); {advice}"
    return DocumentError("id.unknown", f"{source}: {what}. {error}")


def _entry(
    source: str,
    about: str,
    image: ImageId,
    annotations: _Rows,
    error: SampleError | None,
    tables: tuple[ImageTable, Keys, Sizes],
) -> Entry | Refused:
    table, keys, sizes = tables
    number, row = table.rows[image]
    if error is not None:
        return _refused(source, _image_place(number, row), error, image)
    try:
        file_name = given_name(_file_name(row), "image")
        size = sizes.of(image, annotations[0])
        key = keys.take(number, file_name)
        raw = table.raw(image, apart=source != about)
        return Entry(key, image, f"images[{number}]", (), size, file_name, raw, *annotations)
    except SampleError as failure:
        return _refused(about, _image_place(number, row), failure, image)


def _refused(source: str, where: str, error: SampleError, image: ImageId) -> Refused:
    return Refused(where, error.at(where).at(source).problem, image_id=image)


def _with_key(refused: Refused, table: ImageTable, keys: Keys) -> Refused:
    """A refused entry with the name of its output, if no other image has that name."""
    assert refused.image_id is not None
    number, row = table.rows[refused.image_id]
    try:
        return replace(refused, key=keys.take(number, given_name(_file_name(row), "image")))
    except SampleError:
        return refused


def _image_place(number: int, image: Image) -> str:
    return row_place(f"images[{number}]", image.id, "" if image.file_name is UNSET else image.file_name)


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


def _repeated_ids(source: str, found: Rows) -> list[Problem]:
    if len({row.id for row in found.rows}) == len(found.rows):
        return []
    seen: dict[int | str, int] = {}
    pairs = zip(found.rows, found.numbers, strict=True)
    twice = [(row.id, n) for row, n in pairs if row.id is not None and seen.setdefault(row.id, n) != n]
    if not twice:
        return []
    first, number = twice[0]
    text = f"annotations[{seen[first]}] and [{number}] both have id {show(first)}"
    repeated = "1 id is" if len(twice) == 1 else f"{len(twice)} ids are"
    return [Problem("id.duplicate", f"{source}: {text} ({repeated} repeated); both are kept")]
