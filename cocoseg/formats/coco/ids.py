"""The ids of annotations: what they are unique in, and whether they repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cocoseg.codecs.panoptic import ID_LIMIT, VOID
from cocoseg.errors import Problem, show
from cocoseg.formats.coco.rows import Annotation, Rows


def take_segment_ids(rows: Sequence[Annotation]) -> bool:
    """Uses ``segment_id`` as the id if all annotations have a usable one, and returns whether they do."""
    if not rows or not all(type(row.segment_id) is int and VOID < row.segment_id < ID_LIMIT for row in rows):
        return False
    if len({(row.image_id, row.segment_id) for row in rows}) < len(rows):
        return False
    for row in rows:
        row.id, row.exact = row.segment_id, False
    return True


def _is_id(row: Annotation) -> bool:
    """Whether an annotation has a usable id; to some tools 0 means none."""
    return isinstance(row.id, int) and row.id > 0


def repeated_ids(source: str, found: Rows) -> list[Problem]:
    """A problem if annotations share an id, which is harmless here."""
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


def unique_in(rows: Sequence[Annotation], of_picture: bool, repeated: bool) -> Literal["none", "file", "picture"]:
    """What the ids of the annotations are unique in."""
    if of_picture:
        return "picture"
    return "file" if not repeated and all(map(_is_id, rows)) else "none"
