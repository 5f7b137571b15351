"""Segment ids as colours near the colour of their category, like those of panopticapi's ``IdGenerator``.

The first segment of a category gets the category's colour. The others get colours that differ from it by at most 30 in
each channel, or by more where these are used up. If stuff and things share a colour, the stuff gets it. Black is void,
so no segment gets it. Random choices depend only on the seed and the segment's index, so that an image has the same ids
in every run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ID_LIMIT, VOID
from cocoseg.errors import SampleError

Ints = npt.NDArray[np.int64]

_NEAR = 30
_ATTEMPTS = 24
_BITS = 21  # random bits for each of three channels


def ids_near(bases: Ints, seed: int, stuff: npt.NDArray[np.bool_] | None = None) -> Ints:
    """The colour of each segment's category, as an id (n,) -> unique ids (n,) int64, none of them 0.

    ``seed`` is any 64-bit number. Segments that are ``stuff`` (n,) choose first. Raises SampleError ``limit.segments``.

    >>> from cocoseg.codecs.panoptic import rgb_from_ids
    >>> person = 220 + 256 * 20 + 65536 * 60
    >>> rgb_from_ids(ids_near(np.array([person, person, 7]), seed=1)).tolist()
    [[220, 20, 60], [210, 17, 65], [7, 0, 0]]
    """
    if len(bases) >= ID_LIMIT:
        text = f"{len(bases):,} segments, but a picture has colours for {ID_LIMIT - 1:,}; leave some out"
        raise SampleError("limit.segments", text)
    ids = np.full(len(bases), VOID, np.int64)
    stuff = np.zeros(len(bases), np.bool_) if stuff is None else stuff
    for some in (stuff, ~stuff):
        ids[some] = _unless_taken(bases[some], ids)
    for attempt in range(_ATTEMPTS):
        indices = np.flatnonzero(ids == VOID)
        if not len(indices):
            return ids
        ids[indices] = _unless_taken(_near(bases[indices], indices, seed, attempt), ids)
    indices = np.flatnonzero(ids == VOID)
    ids[indices] = _free(ids)[: len(indices)]
    return ids


def _free(taken: Ints) -> npt.NDArray[np.intp]:
    """All unused ids, ascending."""
    free = np.ones(ID_LIMIT, np.bool_)
    free[VOID] = False
    free[taken] = False
    return np.flatnonzero(free)


def _unless_taken(wanted: Ints, taken: Ints) -> Ints:
    """The wanted ids (m,); void where one is taken or an earlier segment wants it too."""
    given = np.full(len(wanted), VOID, np.int64)
    _, firsts = np.unique(wanted, return_index=True)
    given[firsts] = wanted[firsts]
    given[np.isin(given, taken)] = VOID
    return given


def _near(bases: Ints, indices: npt.NDArray[np.intp], seed: int, attempt: int) -> Ints:
    """A random colour near each base (m,); later attempts reach farther."""
    reach = _NEAR << max(0, attempt // 4 - 1)
    chance = _chance(indices, seed, attempt)
    ids = np.zeros(len(bases), np.int64)
    for channel in range(3):
        drawn = (chance >> np.uint64(_BITS * channel)).astype(np.int64) & (1 << _BITS) - 1
        step = (drawn * (2 * reach + 1) >> _BITS) - reach
        ids |= np.clip((bases >> 8 * channel & 255) + step, 0, 255) << 8 * channel
    return ids


def _chance(indices: npt.NDArray[np.intp], seed: int, attempt: int) -> npt.NDArray[np.uint64]:
    """64 random bits for each index (m,) in one attempt: SplitMix64's finaliser applied to a counter."""
    counter = indices.astype(np.uint64) * np.uint64(_ATTEMPTS) + np.uint64(attempt + 1)
    bits = counter * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    bits = (bits ^ bits >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ bits >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = bits ^ bits >> np.uint64(31)
    return mixed
