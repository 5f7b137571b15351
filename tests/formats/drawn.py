"""What tests of drawn label pictures share: expected numbers, and the segments that a picture must have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import cocoseg
from conftest import FIXTURES

Ints = npt.NDArray[np.int64]


def expected(name: str) -> Ints:
    """The numbers in a text of ``fixtures/expected``: (H, W)."""
    return np.loadtxt(FIXTURES / "expected" / f"{name}.txt", dtype=np.int64, ndmin=2)


def class_map(sample: cocoseg.Sample) -> Ints:
    """The category id of each pixel, 0 where there is none."""
    found = np.zeros(sample.size, np.int64)
    for number, mask in zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True):
        found[mask] = number
    return found


def check_segments(sample: cocoseg.Sample, classes: Ints, numbers: Ints, crowds: Ints | None = None) -> None:
    """Each pair of class and number is a segment; class 0 is none, and number -1 or a mark in ``crowds`` a crowd."""
    marked = numbers < 0 if crowds is None else crowds > 0
    wanted = []
    for number, instance in {(int(c), int(n)) for c, n in zip(classes.flat, numbers.flat, strict=True) if c}:
        mask = (classes == number) & (numbers == instance)
        wanted.append((number, bool(marked[mask].any()), mask.tobytes()))
    found = zip(sample.category_ids.tolist(), sample.iscrowd.tolist(), cocoseg.instance_masks(sample), strict=True)
    assert sorted((number, crowd, mask.tobytes()) for number, crowd, mask in found) == sorted(wanted)
