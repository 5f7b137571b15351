"""Outlines through the centres of pixels give the mask when OpenCV or Pillow fills them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import cocoseg
from cocoseg.codecs import centres
from cocoseg.codecs.polygon import Rings
from cocoseg.codecs.rle import area, decode, encode, take

Mask = Any
Filler = Callable[[list[Any], tuple[int, int]], Mask]


def by_pillow(rings: list[Any], size: tuple[int, int]) -> Mask:
    picture = Image.new("L", size[::-1])
    for ring in rings:
        ImageDraw.Draw(picture).polygon([tuple(point) for point in ring.astype(int).tolist()], fill=1, outline=1)
    return np.array(picture)


def by_opencv(rings: list[Any], size: tuple[int, int]) -> Mask:
    cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is not installed")
    one_by_one, at_once = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    for ring in rings:
        cv2.fillPoly(one_by_one, [ring.astype(np.int32)], 1)
    cv2.fillPoly(at_once, [ring.astype(np.int32) for ring in rings], 1)
    assert np.array_equal(one_by_one, at_once)
    return one_by_one


FILLERS = pytest.mark.parametrize("filler", [by_pillow, by_opencv])


def rings_of(rings: Rings, number: int) -> list[Any]:
    first, last = rings.mask_offsets[number : number + 2]
    return [rings.points[rings.ring_offsets[k] : rings.ring_offsets[k + 1]] for k in range(first, last)]


def check(masks: Mask, filler: Filler) -> None:
    rings = centres.outline(encode(masks))
    assert np.array_equal(decode(centres.fill(rings, masks.shape[1:])), masks)
    assert (np.diff(rings.ring_offsets) >= 3).all()
    for number, mask in enumerate(masks):
        assert np.array_equal(filler(rings_of(rings, number), mask.shape), mask)


DRAWN = {
    "a pixel": ["#"],
    "a line": ["....", ".##.", "...."],
    "an upright line": [".#.", ".#.", ".#."],
    "a square": ["##", "##"],
    "pixels that touch at a corner": ["#.", ".#"],
    "a cross": [".#.", "###", ".#."],
    "a spike": ["...#", "...#", "####", "####"],
    "a hook": ["###", "#..", "###"],
    "a ring": ["###", "#.#", "###"],
    "a wide ring": ["#####", "#####", "##.##", "#####", "#####"],
    "two holes, one below the other": ["###", "#.#", "###", "#.#", "###"],
    "two holes, side by side": ["#####", "#.#.#", "#####"],
    "holes that touch at a corner": ["####", "#.##", "##.#", "####"],
    "an island in a hole": ["#####", "#...#", "#.#.#", "#...#", "#####"],
    "a ring in a hole": ["#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"],
    "a diamond": ["..#..", ".#.#.", "#...#", ".#.#.", "..#.."],
    "a comb": ["#.#.#", "#.#.#", "#####"],
    "all": ["###", "###"],
}


@FILLERS
@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_drawn_masks(drawn: list[str], filler: Filler) -> None:
    mask = np.array([[cell == "#" for cell in row] for row in drawn])
    turns = [np.rot90(mask, k) for k in range(4)] + [np.rot90(mask.T, k) for k in range(4)]
    for turned in turns:
        check(np.pad(turned, 1)[None], filler)
        check(turned[None], filler)


@FILLERS
@given(st.integers(0, 1 << 30), st.tuples(st.integers(1, 3), st.integers(1, 16), st.integers(1, 16)), st.floats(0, 1))
def test_any_masks(filler: Filler, seed: int, shape: tuple[int, int, int], share: float) -> None:
    check(np.random.default_rng(seed).random(shape) < share, filler)


@FILLERS
@pytest.mark.parametrize("name", ["instances_val2014_100.json", "lvis_val_100.json"])
def test_real_masks_come_back(name: str, filler: Filler, real_data: Path) -> None:
    dataset = cocoseg.read(real_data / "coco_instances" / name)
    for sample in dataset[:25]:
        runs = sample.runs
        drawn = take(runs, np.flatnonzero(~sample.iscrowd & (area(runs) > 0)))
        check(decode(drawn), filler)


def test_points_are_pixels_and_corners_only() -> None:
    rings = centres.outline(encode(np.ones((1, 4, 5), np.bool_)))
    assert sorted(rings.points.tolist()) == [[0, 0], [0, 3], [4, 0], [4, 3]]


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 3, 4)])
def test_of_nothing_there_are_no_rings(shape: tuple[int, int, int]) -> None:
    masks = encode(np.zeros(shape, np.bool_))
    rings = centres.outline(masks)
    assert (len(rings), len(rings.points)) == (shape[0], 0)
    assert decode(centres.fill(rings, shape[1:])).sum() == 0
    assert centres.agreement(rings, masks).tolist() == [1.0] * shape[0]


def test_agreement_is_of_what_is_filled() -> None:
    rings = centres.outline(encode(np.array([[[1, 1, 0, 0]]])))
    assert centres.agreement(rings, encode(np.array([[[1, 1, 1, 1]]]))).tolist() == [0.5]
