"""Masks drawn by hand and by chance, and the run-by-run oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from pycocotools import mask as reference

from cocoseg.codecs import rle


def draw(*pictures: str) -> np.ndarray:
    """``draw("##. / .#.", ...)`` -> (n, H, W) bool."""
    return np.array([[[c == "#" for c in row] for row in picture.split(" / ")] for picture in pictures])


def counts_of(mask: np.ndarray) -> list[int]:
    """One run after the other, in plain Python."""
    counts, value = [0], False
    for pixel in mask.T.reshape(-1).tolist():
        if bool(pixel) != value:
            counts.append(0)
            value = not value
        counts[-1] += 1
    return counts


def lists_of(packed: rle.Runs) -> list[list[int]]:
    return [
        packed.counts[start:stop].tolist() for start, stop in zip(packed.offsets[:-1], packed.offsets[1:], strict=True)
    ]


def dicts_of(masks: np.ndarray) -> list[dict[str, Any]]:
    """pycocotools' own encoding of (n, H, W)."""
    return [reference.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]


@st.composite
def packs(draw: Any, most: int = 5, least: int = 1) -> np.ndarray:
    """(n, H, W) bool: noise, blocks, all, nothing or stripes; sizes down to 1×n and n×1."""
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return np.array(
        [_mask(draw(st.integers(0, 4)), height, width, rng) for _ in range(draw(st.integers(least, most)))],
        np.bool_,
    ).reshape(-1, height, width)


def _mask(kind: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    if kind == 0:
        return rng.random((height, width)) < rng.random()
    if kind == 1:
        (top, bottom), (left, right) = np.sort(rng.integers(0, [[height + 1], [width + 1]], (2, 2)))
        mask[top:bottom, left:right] = True
    if kind == 2:
        mask[:] = True
    if kind == 3:
        mask.T.reshape(-1)[::2] = True
        mask = (np.arange(height * width).reshape(width, height).T + rng.integers(2)) % 2 == 0
    return mask
