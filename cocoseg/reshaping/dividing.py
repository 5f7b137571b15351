"""Divides images into parts that have their shares of every class (iterative stratification, Sechidis et al. 2011).

K. Sechidis, G. Tsoumakas, I. Vlahavas: On the Stratification of Multi-Label Data, ECML PKDD 2011. Always the class with
the fewest images left is dealt out, each image to the part that lacks most of that class. Where the paper draws lots,
names decide, so that the same images give the same parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cocoseg.model.parts import fraction

Floats = npt.NDArray[np.float64]


def balanced(names: Sequence[str], holdings: Sequence[frozenset[int] | None], shares: Mapping[str, float]) -> list[str]:
    """The part of each image; images with the same group name stay together.

    ``holdings`` are the classes of the images; None counts as none.

    >>> balanced("abcd", [{1}, {1}, {2}, {2}], {"train": 0.5, "val": 0.5}).count("train")
    2
    """
    classes = sorted({label for found in holdings for label in found or ()})
    column = {label: k for k, label in enumerate(classes)}
    groups = {name: k for k, name in enumerate(dict.fromkeys(names))}
    counts = np.zeros((len(groups), len(classes) + 1), np.int64)  # images of a class; all images in the last column
    for name, found in zip(names, holdings, strict=True):
        counts[groups[name], [column[label] for label in found or ()]] += 1
        counts[groups[name], -1] += 1
    order = np.argsort([fraction(name) for name in groups], kind="stable")
    parts = _dealt(counts[order], np.array(list(shares.values()), np.float64))
    part_of = dict(zip((list(groups)[k] for k in order.tolist()), parts, strict=True))
    called = list(shares)
    return [called[part_of[name]] for name in names]


def _dealt(counts: npt.NDArray[np.int64], shares: Floats) -> list[int]:
    """The part of each group (g,), whose images of each class and in all are ``counts`` (g, C + 1)."""
    wanted = shares[:, None] * counts.sum(axis=0)  # (parts, C + 1), what each part still lacks
    parts = np.full(len(counts), -1)
    left = (counts[:, :-1] > 0).sum(axis=0)
    while (left > 0).any():
        rarest = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        for group in np.flatnonzero((parts < 0) & (counts[:, rarest] > 0)).tolist():
            _give(group, rarest, counts, wanted, parts)
            left -= counts[group, :-1] > 0
    for group in np.flatnonzero(parts < 0).tolist():
        _give(group, -1, counts, wanted, parts)
    return [int(part) for part in parts.tolist()]


def _give(group: int, label: int, counts: npt.NDArray[np.int64], wanted: Floats, parts: npt.NDArray[np.int64]) -> None:
    """Give a group to the part that lacks most of a class, of several to the one that lacks most images."""
    most = np.flatnonzero(wanted[:, label] >= wanted[:, label].max() - 1e-9)
    part = most[np.argmax(wanted[most, -1])]
    parts[group] = part
    wanted[part] -= counts[group]
