"""Compares the boxes that annotations state with those of their masks.

They differ where a mask is not what its writer meant: runs along rows instead of columns, coordinates as shares of the
size, height and width swapped, an object outside the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Raw, UnsetType

from cocoseg.codecs.rle import Runs, bbox, take
from cocoseg.errors import Problem

_AGREE = 0.5  # intersection over union
_NEAR = 2.0  # pixels; sides this close agree however small the box is
_BOXES = msgspec.json.Decoder(list[tuple[float, float, float, float]])
_BOX = msgspec.json.Decoder(tuple[float, float, float, float])


def check_boxes(
    stated: Sequence[Raw | UnsetType], masks: Runs, name: Callable[[int], str], place: str
) -> tuple[Problem, ...]:
    """A problem if boxes (n,), as JSON, share less than half with those of the masks (n,).

    Boxes that are missing or broken and masks without a pixel are passed over.
    """
    doubtful = _doubtful(stated, masks)
    if not doubtful:
        return ()
    boxes = _decoded([stated[k] for k in doubtful])  # type: ignore[misc]
    found = bbox(take(masks, np.array(doubtful))).astype(np.float64)
    usable = np.isfinite(boxes).all(1) & (boxes != 0).any(1) & (found[:, 2:] > 0).all(1)
    strange = np.flatnonzero(usable & ~_agree(boxes, found)).tolist()
    if not strange:
        return ()
    first = strange[0]
    what = f"{name(doubtful[first])} has bbox {_text(boxes[first])}, but its mask's box is {_text(found[first])}"
    more = f" ({len(strange)} annotations differ)" if len(strange) > 1 else ""
    return (Problem("seg.bbox", f"{place}: {what}{more}; is the mask right?"),)


def _doubtful(stated: Sequence[Raw | UnsetType], masks: Runs) -> list[int]:
    """The masks whose stated box is not, within a pixel, that of the polygon they were filled from.

    Most boxes are, and to see that takes a tenth of the time that boxes of masks take.
    """
    given = [k for k, box in enumerate(stated) if box is not UNSET]
    if masks.outlines is None or len(given) < len(stated):
        return given
    try:
        boxes = _BOXES.decode(b"[%b]" % b",".join(map(bytes, stated)))  # type: ignore[arg-type]
    except msgspec.MsgspecError:
        return given
    outlines = masks.outlines.tolist()
    return [k for k in given if not _is_near(boxes[k], outlines[k], masks.size)]


def _is_near(box: Sequence[float], outline: Sequence[float], size: tuple[int, int]) -> bool:
    """Whether a box is that of an outline, within a pixel, and inside the picture."""
    x, y, wide, high = box
    left, top, right, bottom = outline
    if x + wide <= 1 and y + high <= 1:  # perhaps shares of the size
        return False
    inside = left >= -1 and top >= -1 and right <= size[1] + 1 and bottom <= size[0] + 1
    same = -1 <= left - x <= 1 and -1 <= top - y <= 1
    return inside and same and -1 <= right - x - wide <= 1 and -1 <= bottom - y - high <= 1


def _decoded(raws: Sequence[Raw]) -> npt.NDArray[np.float64]:
    """Boxes (n, 4); those that are not four numbers become NaN."""
    try:
        return np.array(_BOXES.decode(b"[%b]" % b",".join(map(bytes, raws))), np.float64).reshape(-1, 4)
    except msgspec.MsgspecError:
        return np.array([_one(raw) for raw in raws], np.float64).reshape(-1, 4)


def _one(raw: Raw) -> tuple[float, ...]:
    try:
        return _BOX.decode(raw)
    except msgspec.MsgspecError:
        return (np.nan,) * 4


def _agree(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether boxes (n, 4) as x, y, width, height have an IoU of at least a half, or almost the same sides: (n,)."""
    with np.errstate(all="ignore"):
        ends, others = one[:, :2] + one[:, 2:], other[:, :2] + other[:, 2:]
        common = np.clip(np.minimum(ends, others) - np.maximum(one[:, :2], other[:, :2]), 0, None).prod(1)
        union = one[:, 2:].prod(1) + other[:, 2:].prod(1) - common
        near = (np.abs(one[:, :2] - other[:, :2]) <= _NEAR).all(1) & (np.abs(ends - others) <= _NEAR).all(1)
        shares = (one[:, :2] >= 0).all(1) & (ends <= 1).all(1) & (one[:, 2:] < 1).any(1)
        agree: npt.NDArray[np.bool_] = (near | (common >= _AGREE * union)) & ~shares
    return agree


def _text(box: npt.NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{side:g}" for side in box) + "]"
