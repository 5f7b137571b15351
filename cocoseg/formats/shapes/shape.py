"""A shape that somebody drew, and the sample of an image's shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs import overlap
from cocoseg.codecs.rle import Runs, concatenate, take
from cocoseg.codecs.segmentation import read_segmentations
from cocoseg.errors import Problem, SampleError, show
from cocoseg.model import Entry, Sample

Size = tuple[int, int]


class Shape(NamedTuple):
    """A shape with its label.

    * ``value``: a list of rings ``[[x, y, ...], ...]``, or RLE ``{"size", "counts"}``, as COCO's segmentations.
    * ``where``: its position, as ``shapes[3]``, for messages.
    * ``group``: shapes of one label and group are one object; None is an object of its own.
    * ``holes``: rings that are cut out of it.
    * ``score``: how certain a prediction is.
    """

    label: str
    value: Any
    where: str
    group: int | str | None = None
    holes: Sequence[Sequence[float]] = ()
    iscrowd: bool = False
    score: float | None = None


def sample(
    entry: Entry, place: str, size: Size, shapes: Sequence[Shape], ids: Mapping[str, int], file_name: str = ""
) -> Sample:
    """The shapes of an image (height, width), whose labels have these category ``ids``; the first lies below.

    Raises SampleError ``id.unknown`` for other labels, and what ``read_segmentations`` raises.
    """
    _check_labels(shapes, ids)
    drawn = _masks(shapes, size)
    owners = _owners(shapes)
    firsts, masks = _objects(owners, drawn)
    rows = [shapes[first] for first in firsts.tolist()]
    scores = [row.score for row in rows if row.score is not None]
    return Sample(
        entry.key,
        entry.image_id,
        np.arange(1, len(rows) + 1, dtype=np.int64),
        category_ids=np.array([ids[row.label] for row in rows], np.int64),
        iscrowd=np.array([row.iscrowd for row in rows], np.bool_),
        shapes=masks,
        place=place,
        problems=(*_empty(rows, masks, place), *_restacked(owners, drawn, masks, place)),
        scores=np.array(scores, np.float64) if rows and len(scores) == len(rows) else None,
        file_name=file_name or entry.file_name,
        row=entry.row,
    )


def _check_labels(shapes: Sequence[Shape], ids: Mapping[str, int]) -> None:
    unknown = sorted({row.label for row in shapes} - ids.keys())
    if unknown:
        first = next(row for row in shapes if row.label == unknown[0])
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        text = f"{first.where}: the label {show(unknown[0])}{more} is not among the categories; add it to them"
        raise SampleError("id.unknown", text)


def _masks(shapes: Sequence[Shape], size: Size) -> Runs:
    """A mask for each shape, without its holes."""
    masks = read_segmentations([row.value for row in shapes], size, lambda k: shapes[k].where)
    with_holes = np.array([k for k, row in enumerate(shapes) if row.holes], np.intp)
    if not len(with_holes):
        return masks
    holes = read_segmentations([shapes[k].holes for k in with_holes], size, lambda k: shapes[with_holes[k]].where)
    cut = overlap.difference(take(masks, with_holes), holes)
    order = np.arange(len(shapes))
    order[with_holes] = len(shapes) + np.arange(len(with_holes))
    return take(concatenate([masks, cut]), order)


def _owners(shapes: Sequence[Shape]) -> npt.NDArray[np.int64]:
    """(k,) int64: the number of each shape's object; objects are numbered as their first shapes lie."""
    names = [(row.label, row.group) if row.group is not None else k for k, row in enumerate(shapes)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


def _objects(owners: npt.NDArray[np.int64], masks: Runs) -> tuple[npt.NDArray[np.intp], Runs]:
    """The index of each object's first shape (n,), and the masks of the n objects."""
    firsts = np.unique(owners, return_index=True)[1]
    if len(firsts) == len(owners):
        return firsts, masks
    return firsts, overlap.merge(masks, owners, len(firsts))


def _restacked(owners: npt.NDArray[np.int64], drawn: Runs, masks: Runs, place: str) -> tuple[Problem, ...]:
    """A problem if a group lies below and above another object, which masks of whole objects can't show."""
    if (owners[1:] >= owners[:-1]).all():
        return ()
    tops = overlap.layers(drawn)[0], overlap.layers(masks)[0]
    stops = [np.cumsum(one.lengths) for one in tops]
    ends = np.union1d(*stops)
    shapes, objects = (one.segments[np.searchsorted(stop, ends)] for one, stop in zip(tops, stops, strict=True))
    pixels = int(np.diff(ends, prepend=0)[np.append(owners, len(masks))[shapes] != objects].sum())
    if not pixels:
        return ()
    text = f"a group lies below and above other objects; all of it lies where its first shape does: {pixels} pixels"
    return (Problem("overlap.group", f"{place}: {text} change hands"),)


def _empty(rows: Sequence[Shape], masks: Runs, place: str) -> tuple[Problem, ...]:
    from cocoseg.codecs.rle import area

    empty = np.flatnonzero(area(masks) == 0).tolist()
    if not empty:
        return ()
    more = f" ({len(empty)} shapes have none)" if len(empty) > 1 else ""
    return (Problem("seg.empty", f"{place}: {rows[empty[0]].where} has no pixel in the image{more}"),)
