"""The COCO panoptic colour code: a segment id is R + 256 G + 65536 B (panopticapi ``utils.rgb2id``); 0 is void.

And its rules: an image lists each segment once, with an id from 1 to 2**24 - 1, and lists every id of its picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions, regions_of, runs
from cocoseg.errors import SampleError

VOID = 0
ID_LIMIT = 1 << 24


def ids_from_rgb(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Segment ids of a picture: (H, W, 3) or (H, W, 4) uint8 -> (H, W) uint32. Alpha is ignored.

    >>> ids_from_rgb(np.array([[[1, 0, 0], [2, 1, 1]]], np.uint8)).tolist()
    [[1, 65794]]
    """
    height, width, channels = rgb.shape
    flat = np.ascontiguousarray(rgb).reshape(-1)
    ids = np.empty(height * width, np.uint32)
    if ids.size:
        # One unaligned 4-byte read per pixel includes the next pixel's red, which the mask drops; the last pixel
        # has no next one. This is five times as fast as casts and sums.
        words = np.ndarray((ids.size - 1,), "<u4", flat.data, 0, (channels,)) if ids.size > 1 else ids[:0]
        np.bitwise_and(words, ID_LIMIT - 1, out=ids[:-1])
        red, green, blue = flat[-channels:][:3].tolist()
        ids[-1] = red | green << 8 | blue << 16
    return ids.reshape(height, width)


def rgb_from_ids(ids: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """The picture of segment ids: (H, W) integers below 2**24 -> (H, W, 3) uint8. Ids of any shape become colours.

    >>> rgb_from_ids(np.array([[65794]])).tolist()
    [[[2, 1, 1]]]
    """
    words = np.ascontiguousarray(ids, "<u4").reshape(-1)
    colors = np.empty((words.size, 3), np.uint8)
    # Byte by byte: numpy takes five times as long to copy three of four at a time.
    for channel in range(3):
        colors[:, channel] = words.view(np.uint8)[channel::4]
    return colors.reshape(*ids.shape, 3)


def check_ids(listed: npt.NDArray[np.int64]) -> None:
    """Check the segment ids (n,) that an image lists. Raises SampleError ``id.range``, ``id.duplicate``."""
    if _are_ids(listed.tolist()):
        return
    wrong = (listed <= VOID) | (listed >= ID_LIMIT)
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        why = "0 is void" if listed[index] == VOID else f"a PNG holds ids from 1 to {ID_LIMIT - 1}"
        raise SampleError("id.range", f"segments_info[{index}].id: segment id {listed[index]}, but {why}; renumber it")
    ranked = np.sort(listed)
    twice = np.flatnonzero(ranked[1:] == ranked[:-1])
    if twice.size:
        raise SampleError(
            "id.duplicate",
            f"segments_info: segment id {ranked[twice[0]]} is listed twice; each segment needs a different id",
        )


def _are_ids(listed: list[int]) -> bool:
    """Whether nothing is wrong: of the few ids of an image this takes a fraction of what numpy needs."""
    return not listed or (min(listed) > VOID and max(listed) < ID_LIMIT and len(set(listed)) == len(listed))


def listed_regions(ids: npt.NDArray[Any], listed: npt.NDArray[Any]) -> Regions:
    """A picture of ids (H, W), and the ids listed for it (n,) -> its segments.

    Raises SampleError ``panoptic.unknown_id`` for an id that is not listed.
    """
    return listed_runs((ids.shape[0], ids.shape[1]), *runs(ids.reshape(-1)), listed)


def listed_runs(
    size: tuple[int, int],
    ids: npt.NDArray[Any],
    lengths: npt.NDArray[np.intp],
    listed: npt.NDArray[Any],
    numbers: npt.NDArray[np.intp] | None = None,
) -> Regions:
    """As ``listed_regions``, of a picture that is given as the runs of its rows, as ``regions_of`` takes them."""
    regions, strangers = regions_of(size, ids, lengths, listed, VOID, numbers)
    if strangers.size:
        raise _unlisted(strangers, listed)
    return regions


def _unlisted(strangers: npt.NDArray[Any], listed: npt.NDArray[Any]) -> SampleError:
    some = ", ".join(map(str, strangers[:5].tolist())) + (", ..." if len(strangers) > 5 else "")
    swapped = np.isin(swap_red_and_blue(strangers), listed).all()
    advice = "R and B look swapped: write the PNG in RGB order" if swapped else "list it, or paint it 0 (void)"
    found = f"the PNG has segment id {some} that segments_info does not list"
    return SampleError("panoptic.unknown_id", f"{found}; {advice}")


def swap_red_and_blue(ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The ids (n,) that a picture has after it was written in BGR order: (n,)."""
    return (ids & 255) << 16 | ids & 0xFF00 | ids >> 16 & 255
