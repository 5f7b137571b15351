"""Samples drawn by chance, for what training loops are given, and the loops that everybody writes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from masks import packs

from cocoseg.codecs import rle
from cocoseg.codecs.regions import find_regions
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Sample

CATEGORIES = (7, 23, 3, 50, 99)
# 7 and 23 are stuff, 3 and 4 things, 50 is void; 99 is unknown, and void too.
TOWN = LabelScheme(
    "town",
    (
        LabelClass(0, "road", (7,), False),
        LabelClass(1, "sky", (23,), False),
        LabelClass(2, "car", (3,), True),
        LabelClass(4, "dog", (4,), True),
    ),
    ignored=(50,),
    unknown="void",
)
SCHEMES = [
    LabelScheme("background", TOWN.classes[1:], unlabelled=0, unknown="drop", overlap="area"),
    LabelScheme("no crowds", TOWN.classes, crowd="drop", unknown="void", overlap="void"),
    LabelScheme("things", TOWN.classes, crowd="void", things="merge", unknown="void"),
    LabelScheme("wide", (*TOWN.classes, LabelClass(300, "far", (99,), True)), void=65535, ignored=(50,)),
    TOWN,
]


@st.composite
def samples(draw: Any) -> Sample:
    """A picture of ids or masks that overlap; crowds, unknown categories, empty masks, no segments at all."""
    masks = draw(packs(least=0)) if draw(st.booleans()) else draw(packs(most=60, least=50))
    count = len(masks)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = masks.shape[1:] if count else (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    masks = masks.reshape(count, *size)
    ids = rng.permutation(1000)[:count].astype(np.int64) + 1
    categories = rng.choice([*CATEGORIES, 4], count).astype(np.int64)
    crowd = rng.random(count) < 0.3
    if draw(st.booleans()):
        shapes: Any = rle.encode(masks)
    else:
        picture = np.zeros(size, np.int64)
        for mask, id in zip(masks, ids, strict=True):
            picture[mask] = id
        shapes = find_regions(picture, ids)[0]
    return Sample("a/b.png", 7, ids, category_ids=categories, iscrowd=crowd, shapes=shapes)


def masks_of(sample: Sample) -> np.ndarray:
    """(n, H, W) bool, one mask after the other."""
    if isinstance(sample.shapes, rle.Runs):
        return rle.decode(sample.shapes)
    return np.array([sample.id_map == id for id in sample.ids]).reshape(len(sample.ids), *sample.size)


def one_hot_loop(class_map: np.ndarray, num_classes: int, void: int | None) -> np.ndarray:
    """(H, W) -> (C, H, W) uint8, a pixel at a time."""
    rows = np.zeros((num_classes, *class_map.shape), np.uint8)
    for y, x in np.ndindex(class_map.shape):
        value = int(class_map[y, x])
        if 0 <= value < num_classes and value != void:
            rows[value, y, x] = 1
    return rows


def drawn_sample(masks: np.ndarray) -> Sample:
    """Masks (n, H, W) as a sample of cars."""
    count = len(masks)
    ids = np.arange(1, count + 1)
    return Sample(
        "a.png",
        1,
        ids,
        category_ids=np.full(count, 3),
        iscrowd=np.zeros(count, np.bool_),
        shapes=rle.encode(masks),
    )
