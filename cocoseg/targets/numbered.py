"""A picture of the numbers of segments and their classes, as processors of Hugging Face take it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError
from cocoseg.model import Sample
from cocoseg.targets.segments import panoptic
from cocoseg.targets.semantic import Labels, scheme_for

IGNORED = 255  # the processors' ignore_index


class Numbered(NamedTuple):
    """``numbers`` (H, W) uint8 or uint16, 255 where nothing is to be learnt; ``classes``: number -> class."""

    numbers: npt.NDArray[Any]
    classes: dict[int, int]


def numbered(sample: Sample, labels: Labels) -> Numbered:
    """The segments of a sample by numbers 1, 2 ..., of which none is 255, and the class of each.

    Stuff of one class is one segment. Void, crowds, and what no segment covers are 255. Raises SampleError as
    ``semantic`` does, and ``limit.segments`` for more than 65,534 segments.

    >>> import cocoseg
    >>> numbers, classes = numbered(cocoseg.read("fixtures/panoptic.json")[2], "mask2former")
    >>> numbers.tolist(), classes
    ([[3, 3, 255, 4, 4, 1, 255, 2, 2]], {1: 0, 2: 16, 3: 119, 4: 125})
    """
    found = panoptic(sample, scheme_for(sample, labels))
    kept = np.flatnonzero(~found.iscrowd)
    numbers = np.arange(1, len(kept) + 1)
    numbers[numbers >= IGNORED] += 1
    if len(kept) and numbers[-1] > 65535:
        raise SampleError("limit.segments", f"{sample.place}: {len(kept):,} segments, expected at most 65,534")
    order = np.argsort(found.ids[kept])
    ids = found.ids[kept][order]
    table = np.append(numbers[order], IGNORED).astype(np.uint8 if len(kept) < IGNORED else np.uint16)
    rows = np.searchsorted(ids, found.id_map)
    rows[ids[np.minimum(rows, len(ids) - 1)] != found.id_map if len(ids) else slice(None)] = len(ids)
    return Numbered(table[rows], dict(zip(numbers.tolist(), found.labels[kept].tolist(), strict=True)))
