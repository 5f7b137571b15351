"""Joins the rings of an object to one, as YOLO-seg wants it: by bridges of no width between the nearest corners."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.polygon import Floats, Rings
from cocoseg.codecs.ragged import offsets_of

_LOOKED_AT = 500  # corners of a ring among which the nearest are looked for

Points = npt.NDArray[np.float64]


def in_one(rings: Rings) -> Rings:
    """Rings of n masks -> one ring for each mask that has any, which fills the same pixels.

    >>> from cocoseg.codecs import contour, rle
    >>> masks = rle.encode(np.array([[[1, 0, 1]]]))
    >>> in_one(contour.outline(masks)).points.astype(int).tolist()
    [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1], [2, 1], [2, 0], [1, 0], [1, 1], [0, 1]]
    """
    if (np.diff(rings.mask_offsets) <= 1).all():
        return rings
    bounds = rings.ring_offsets.tolist()
    parts = [rings.points[start:stop] for start, stop in pairwise(bounds)]
    made = [parts[a:b] for a, b in pairwise(rings.mask_offsets.tolist())]
    joined = [_joined(found) for found in made if found]
    counts = np.array([bool(found) for found in made], np.int64)
    return Rings(np.concatenate(joined), offsets_of(np.array(list(map(len, joined)))), offsets_of(counts))


def _joined(rings: Sequence[Points]) -> Points:
    """A walk along all rings: each goes over to the next at their nearest corners, and comes back."""
    walk = rings[-1]
    for ring, after in reversed(list(pairwise(rings))):
        leave, enter = _nearest(ring, after)
        start = int(np.flatnonzero((walk == enter).all(axis=1))[0])
        around = np.roll(walk, -start, axis=0)
        walk = np.concatenate([ring[: leave + 1], around, around[:1], ring[leave:]])
    return walk


def _nearest(ring: Points, other: Points) -> tuple[int, Floats]:
    """The corner of a ring that is nearest to another ring, by its index, and the corner there."""
    step, beyond = -(-len(ring) // _LOOKED_AT), -(-len(other) // _LOOKED_AT)
    some: npt.NDArray[Any] = ring[::step, None] - other[None, ::beyond]
    one, two = divmod(int((some**2).sum(axis=2).argmin()), some.shape[1])
    return one * step, other[two * beyond]
