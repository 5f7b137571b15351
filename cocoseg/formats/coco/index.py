"""The index of a COCO detection JSON: the annotations of each image, their segmentations left as raw bytes.

An error in one annotation affects only its image: the entry becomes a ``Refused``. An error in the document is raised.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.files import places
from cocoseg.formats.coco.ids import repeated_ids, take_segment_ids, unique_in
from cocoseg.formats.coco.placing import Placed, placed
from cocoseg.formats.coco.rows import OBJECT, Document, Rows, drop_shapes, read_rows
from cocoseg.formats.coco.sizes import Sizes, images_of_rows
from cocoseg.formats.coco_json.categories import mark_roots, name_problems, parse_categories, read_categories, used_ids
from cocoseg.formats.coco_json.images import Image, ImageTable, Keys, Listed, Match, Naming, given_name
from cocoseg.formats.coco_json.lists import read_lists
from cocoseg.model import Category, Entry, ImageId, Refused, row_place
from cocoseg.runs.tally import counted


@dataclass(frozen=True)
class Choices:
    """What is taken of a document: the options of reading that apply to detection files.

    ``images`` and ``categories`` are other files that list them, or the images of another data set. ``keep_fields``:
    annotations keep their rows, and names need not be paths. ``part``: the document is one of many.
    """

    categories: str | os.PathLike[str] | None = None
    images: str | os.PathLike[str] | Listed | None = None
    photos: str | None = None
    match: Match = "id"
    naming: Naming = "path"
    class_name: str | None = None
    min_score: float | None = None
    keep_fields: bool = False
    part: bool = False


class Index(NamedTuple):
    """A document: its categories, an entry per image, its problems, and where its annotation ids are unique.

    ``scored``: whether every annotation has a score. ``grouped``: things of a category are one mask, as in detectron2's
    semantic results. ``source``: its path.
    """

    categories: tuple[Category, ...]
    entries: list[Entry | Refused]
    problems: tuple[Problem, ...]
    ids: Literal["none", "file", "picture"]
    scored: bool
    grouped: bool
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
    described, about, match = _described(source, found, choices)
    match = "file_name" if found.named else match
    categories = mark_roots(_categories(found, described, about, choices), lambda: _used(found, described))
    table = ImageTable(about, described.images or [], found.taken, match)
    keys = Keys(about, "images", choices.naming)
    if found.imageless and choices.images is not None:
        _claim(source, found, table)
    problems = [*found.problems, *_chosen(source, found, choices)]
    scored = _is_scored(found, choices)
    repeated = repeated_ids(source, found)
    picture_ids = take_segment_ids(found.rows)
    grouped, bad, strays = placed(source, found, table)
    sizes = Sizes(choices.photos, table, found.taken)
    entries = [
        _entry(source, about, image, grouped.get(image, ([], [])), bad.get(image), (table, keys, sizes))
        for image in table.rows
    ]
    entries = [_with_key(entry, table, keys) if isinstance(entry, Refused) else entry for entry in entries]
    strays += [Refused("images", problem, stray=True) for problem in table.problems]
    problems += [*keys.problems, *name_problems(about, categories), *repeated, *found.taken.problems]
    problems += found.document.fill_problems(source)
    drop_shapes(found.rows)
    ids = unique_in(found.rows, picture_ids, bool(repeated))
    by_class = found.named and not scored
    return Index(categories, [*entries, *strays], tuple(problems), ids, scored, by_class, described.about, source)


def _check_photos(photos: str | None) -> None:
    if photos is not None and not places.is_folder(photos):
        text = "is not a folder, expected one with the photos"
        raise DocumentError("file.missing", f"{show(photos, 300)} {text}")


def _check_kind(source: str, found: Rows, choices: Choices) -> None:
    # With a list of annotations that is present but empty, the images have no segments.
    images = found.document.images or choices.images
    if not found.rows and not found.refused and not (images and found.document.annotations is not UNSET):
        raise DocumentError(
            "doc.missing_key", f"{source}: no 'annotations', or an empty list; there is nothing to convert"
        )


def _described(source: str, found: Rows, choices: Choices) -> tuple[Document, str, Match]:
    """The document that lists the images, its path, and how they are named. Raises ``doc.missing_key``."""
    if isinstance(choices.images, Listed):
        about, rows, match = choices.images
        own = found.document.images is not UNSET
        return (found.document, source, choices.match) if own else (Document(images=list(rows)), about, match)
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
    return document, about, choices.match


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


def _is_scored(found: Rows, choices: Choices) -> bool:
    """Whether every annotation has a score. Of results about a truth's images, those that lack one are refused."""
    scores = [row.score is not None for row in found.rows]
    if isinstance(choices.images, Listed) and found.document.images is UNSET:
        return any(scores) or not scores
    return bool(scores) and all(scores)


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


def _entry(
    source: str,
    about: str,
    image: ImageId,
    annotations: Placed,
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
