"""Joins the annotations of one photo from two data sets. What both have is kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Raw
from msgspec.structs import replace as with_fields

from cocoseg.codecs.rle import concatenate
from cocoseg.codecs.segmentation import to_coco
from cocoseg.errors import SampleError
from cocoseg.formats.coco.passing import Unread
from cocoseg.formats.coco.rows import with_shapes
from cocoseg.model import Sample

_IDS = ("id", "image_id", "category_id", "iscrowd")
_FIELDS = msgspec.json.Decoder(dict[str, Raw])

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Join:
    """Joins two samples, or two ``Unread``. Segments of the same class, mask and kind are one.

    Those without a pixel are one if all else in their rows is the same.
    """

    def __call__(self, one: Any, other: Any) -> Any:
        """Raises SampleError ``size.mismatch``, and what reading masks raises."""
        assert one is not None
        assert other is not None
        if one.size != other.size:
            here, there = ("{}×{}".format(*sample.size) for sample in (one, other))
            text = f"the image is {here} (height×width), but {there} in {other.place}; they are different photos"
            raise SampleError("size.mismatch", text)
        if isinstance(one, Unread) and isinstance(other, Unread):
            return _unread(one, other)
        read = [sample.read() if isinstance(sample, Unread) else sample for sample in (one, other)]
        return _joined(*read)


def _unread(one: Unread, other: Unread) -> Unread:
    """The rows of both. Masks that are written differently are different here."""
    new = _new(list(_looks_unread(one)), list(_looks_unread(other)))
    other = other.take(new)
    body = [*one.rows, *other.rows]
    entry = with_fields(one.entry, body=body, positions=range(len(body)))
    return Unread(
        entry,
        np.arange(len(body)),
        np.concatenate([one.category_ids, other.category_ids]),
        np.concatenate([one.iscrowd, other.iscrowd]),
        one.place,
        (*one.problems, *other.problems),
    )


def _looks_unread(found: Unread) -> Iterator[tuple[Any, ...]]:
    columns = zip(found.rows, found.category_ids.tolist(), found.iscrowd.tolist(), strict=True)
    for row, category, crowd in columns:
        mask = with_shapes(row).segmentation
        assert row.row is not UNSET
        yield category, crowd, _all_else(row.row) if mask is UNSET else b"".join(bytes(mask).split())


def _all_else(row: Raw) -> frozenset[tuple[str, bytes]]:
    """What tells a row without a pixel from others: its box, its keypoints, whatever it has."""
    return frozenset((name, bytes(value)) for name, value in _FIELDS.decode(row).items() if name not in _IDS)


def _joined(one: Sample, other: Sample) -> Sample:
    """The segments of both samples, those of the second on top. Scores stay only if both have them."""
    new = _new(_looks(one), _looks(other))
    if not len(new):
        return one
    other = other.take(new)
    scored = one.scores is not None and other.scores is not None
    ids = _free(one.ids, other.ids)
    return replace(
        one,
        ids=np.concatenate([one.ids, ids]),
        category_ids=np.concatenate([one.category_ids, other.category_ids]),
        iscrowd=np.concatenate([one.iscrowd, other.iscrowd]),
        shapes=concatenate([one.runs, other.runs]),
        problems=(*one.problems, *other.problems),
        scores=np.concatenate([one.scores, other.scores]) if scored else None,
        rows=None if one.rows is None or other.rows is None else [*one.rows, *other.rows],
    )


def _looks(sample: Sample) -> list[tuple[Any, ...]]:
    strings = [row["counts"] for row in to_coco(sample.runs)]
    rest = [None] * len(strings) if sample.rows is None else sample.rows
    told = [
        None if area or row is None else _all_else(row) for area, row in zip(sample.areas.tolist(), rest, strict=True)
    ]
    return list(zip(sample.category_ids.tolist(), sample.iscrowd.tolist(), strings, told, strict=True))


def _new(one: Sequence[tuple[Any, ...]], other: Sequence[tuple[Any, ...]]) -> Ints:
    """The indices of those in ``other`` that are not in ``one``."""
    known = set(one)
    return np.array([k for k, look in enumerate(other) if look not in known], np.intp)


def _free(taken: npt.NDArray[np.int64], ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The ids, with other numbers in place of those that are taken."""
    clash = np.isin(ids, taken)
    first = max(int(taken.max(initial=0)), int(ids.max(initial=0))) + 1
    return np.where(clash, first + np.cumsum(clash) - 1, ids)
