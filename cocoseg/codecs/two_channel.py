"""The code of panopticapi's 2-channel PNGs: R is the category id, G the instance number, B 0; (0, 0) is void."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import Regions
from cocoseg.errors import SampleError

_MOST = 255


def two_channel(
    regions: Regions, category_ids: npt.NDArray[np.int64], stuff: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """Segments with their category ids (n,), and which are stuff (n,) -> the picture (H, W, 3) uint8.

    Things of a category get the numbers 1, 2 ... in order. Stuff gets 0, so that all stuff of a category is one
    segment. Raises SampleError ``two_channel.range`` for ids not from 1 to 255, and more than 255 things of a category.

    >>> regions = Regions((1, 4), 3, np.array([0, 1, 2, 3]), np.array([1, 1, 1, 1]))
    >>> two_channel(regions, np.array([7, 7, 9]), np.array([False, False, True]))[0].tolist()
    [[7, 1, 0], [7, 2, 0], [9, 0, 0], [0, 0, 0]]
    """
    wrong = category_ids[(category_ids < 1) | (category_ids > _MOST)]
    if wrong.size:
        text = f"category id {wrong[0]} does not fit a 2-channel picture (1 to {_MOST}); renumber the categories"
        raise SampleError("two_channel.range", text)
    numbers = np.where(stuff, 0, _ranks(category_ids, stuff))
    if numbers.size and numbers.max() > _MOST:
        category = category_ids[np.argmax(numbers)]
        text = f"the picture has {numbers.max()} things of category {category}; a 2-channel picture can have {_MOST}"
        raise SampleError("two_channel.range", text)
    codes = regions.paint(category_ids | numbers << 8, outside=0)
    return np.stack([codes & 255, codes >> 8, np.zeros_like(codes)], axis=-1).astype(np.uint8)


def _ranks(category_ids: npt.NDArray[np.int64], stuff: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The rank of each thing in its category, from 1: (n,)."""
    groups = np.where(stuff, 0, category_ids)
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(1, len(groups) + 1) - np.searchsorted(ranked, ranked)
    return ranks
