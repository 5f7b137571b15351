"""Puts annotations to their images, and finds those that belong to none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cocoseg.errors import DocumentError, Problem, SampleError, show
from cocoseg.formats.coco.rows import Annotation, Rows, annotation_name
from cocoseg.formats.coco_json.images import ImageTable
from cocoseg.model import ImageId, Refused
from cocoseg.runs.tally import counted

Placed = tuple[list[Annotation], list[int]]  # annotations of an image, and their positions in the document

_NAMED = 5  # lost rows that are named


def placed(
    source: str, found: Rows, table: ImageTable
) -> tuple[dict[ImageId, Placed], dict[ImageId, SampleError], list[Refused]]:
    """Annotations by image; the errors of images with an unusable one; and what belongs to no image.

    Raises DocumentError ``id.unknown`` if not a single annotation belongs to a listed image.
    """
    grouped: dict[ImageId, Placed] = {}
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
