from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masks import counts_of, draw, lists_of, packs
from pycocotools import mask as reference

import cocoseg
from cocoseg.codecs import contour, rle
from cocoseg.codecs.contour import agreement, check, outline, to_polygons
from cocoseg.codecs.polygon import Rings, fill
from cocoseg.codecs.segmentation import from_coco
from cocoseg.errors import SampleError

GOLDEN: dict[str, tuple[str, list[list[int]]]] = {
    "nothing": ("... / ...", []),
    "one_pixel_image": ("#", [[0, 0, 1, 0, 1, 1, 0, 1]]),
    "all": ("### / ###", [[0, 0, 3, 0, 3, 2, 0, 2]]),
    "one_row": ("#.##", [[0, 0, 1, 0, 1, 1, 0, 1], [2, 0, 4, 0, 4, 1, 2, 1]]),
    "one_column": ("# / # / .", [[0, 0, 1, 0, 1, 2, 0, 2]]),
    "a_step": ("##. / .#.", [[0, 0, 2, 0, 2, 2, 1, 2, 1, 1, 0, 1]]),
    "touching_at_a_corner": ("#. / .#", [[0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2]]),
    "touching_at_the_other_corner": (".# / #.", [[1, 0, 2, 0, 2, 1, 1, 1], [0, 1, 1, 1, 1, 2, 0, 2]]),
    "one_part_that_touches_itself": (
        "##. / #.# / ###",
        [[0, 0, 2, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 3, 1, 3, 3, 0, 3]],
    ),
    "a_hole": (
        "### / #.# / ###",
        [[0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0, 3, 0, 3, 3, 0, 3]],
    ),
    "two_holes_below_one_edge": (
        "##### / #.#.# / #####",
        [[0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0, 3, 0, 3, 1, 3, 2, 4, 2, 4, 1, 3, 1, 3, 0, 5, 0, 5, 3, 0, 3]],
    ),
    "a_hole_below_a_hole": (
        "### / #.# / ### / #.# / ###",
        [[0, 0, 1, 0, 1, 1, 1, 2, 1, 3, 1, 4, 2, 4, 2, 3, 1, 3, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0, 3, 0, 3, 5, 0, 5]],
    ),
    "a_hole_below_an_outer_corner": (
        ".## / ### / #.# / ###",
        [[1, 0, 1, 2, 1, 3, 2, 3, 2, 2, 1, 2, 1, 0, 3, 0, 3, 4, 0, 4, 0, 1, 1, 1]],
    ),
    "a_hole_below_an_inner_corner": (
        "#.. / ### / #.# / ###",
        [[0, 0, 1, 0, 1, 1, 1, 2, 1, 3, 2, 3, 2, 2, 1, 2, 1, 1, 3, 1, 3, 4, 0, 4]],
    ),
    "an_island_in_a_hole": (
        "##### / #...# / #.#.# / #...# / #####",
        [
            [0, 0, 1, 0, 1, 1, 1, 4, 4, 4, 4, 1, 1, 1, 1, 0, 5, 0, 5, 5, 0, 5],
            [2, 2, 3, 2, 3, 3, 2, 3],
        ],
    ),
}  # fmt: skip


SIDES = [(-1, 0), (1, 0), (0, -1), (0, 1)]
SIDES_AND_CORNERS = [*SIDES, (-1, -1), (-1, 1), (1, -1), (1, 1)]


def parts_of(mask: np.ndarray, ways: list[tuple[int, int]]) -> int:
    """Parts of pixels that share a side (or a corner), found pixel by pixel."""
    left, count = {tuple(pixel) for pixel in np.argwhere(mask).tolist()}, 0
    while left:
        count, todo = count + 1, [left.pop()]
        while todo:
            y, x = todo.pop()
            near = left & {(y + dy, x + dx) for dy, dx in ways}
            left -= near
            todo += near
    return count


def filled_by_reference(polygons: list[list[float]], size: tuple[int, int]) -> list[int]:
    """The counts of the mask that pycocotools fills."""
    if not polygons:
        return [size[0] * size[1]]
    return lists_of(from_coco([reference.merge(reference.frPyObjects(polygons, *size))]))[0]


def hold_the_law(masks: np.ndarray) -> None:
    """Filled by cocoseg and by pycocotools, every mask is the same; each part has one ring, without redundant corners."""
    packed = rle.encode(masks)
    before = packed.counts.copy()
    rings = outline(packed)
    assert (packed.counts == before).all()
    assert lists_of(fill(rings, packed.size)) == lists_of(packed)
    check(rings, packed)
    for mask, polygons in zip(masks, to_polygons(rings), strict=True):
        assert filled_by_reference(polygons, packed.size) == counts_of(mask)
        assert len(polygons) == parts_of(mask, SIDES)
        assert sum(map(signed_area, polygons)) == mask.sum()
        for ring in polygons:
            ways = np.diff([*ring, *ring[:2]][::2]), np.diff([*ring, *ring[:2]][1::2])
            assert ((ways[0] == 0) != (ways[1] == 0)).all()


def signed_area(ring: list[float]) -> float:
    x, y = np.array(ring).reshape(-1, 2).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def bridges(mask: np.ndarray) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Edges that a ring passes in both directions, each direction once in the list."""
    found = []
    for ring in to_polygons(outline(rle.encode(mask[None])))[0]:
        corners = [tuple(ring[index : index + 2]) for index in range(0, len(ring), 2)]
        edges = set(zip(corners, corners[1:] + corners[:1], strict=True))
        found += [edge for edge in edges if edge[::-1] in edges]
    return found


@pytest.mark.parametrize(("picture", "polygons"), GOLDEN.values(), ids=GOLDEN)
def test_drawn(picture: str, polygons: list[list[int]]) -> None:
    masks = draw(picture)
    hold_the_law(masks)
    assert to_polygons(outline(rle.encode(masks))) == [polygons]


def test_whole_numbers_are_ints_in_json() -> None:
    polygons = to_polygons(outline(rle.encode(draw("##. / .#."))))
    assert json.dumps(polygons) == "[[[0, 0, 2, 0, 2, 2, 1, 2, 1, 1, 0, 1]]]"
    half = Rings(np.array([[0, 0], [2, 0], [2, 1.5]]), np.array([0, 3]), np.array([0, 0, 1]))
    assert json.dumps(to_polygons(half)) == "[[], [[0.0, 0.0, 2.0, 0.0, 2.0, 1.5]]]"


def test_no_masks_and_masks_of_nothing() -> None:
    hold_the_law(np.zeros((3, 2, 4), np.bool_))
    none = outline(rle.Runs((2, 3), np.zeros(0, np.int64), np.zeros(1, np.int64)))
    assert len(none) == 0
    assert to_polygons(none) == []


@settings(max_examples=600, deadline=None)
@given(packs())
def test_by_chance(masks: np.ndarray) -> None:
    hold_the_law(masks)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 1), st.integers(1, 4), st.integers(1, 4))
def test_blocks_with_holes_and_islands_in_them(seed: int, share: float, tall: int, wide: int) -> None:
    rng = np.random.default_rng(seed)
    masks = rng.random((3, *rng.integers(1, 14, 2))) < share
    hold_the_law(masks.repeat(tall, axis=1).repeat(wide, axis=2))


@settings(max_examples=200, deadline=None)
@given(packs(most=1))
def test_a_bridge_for_each_hole(masks: np.ndarray) -> None:
    mask = masks[0]
    outside = np.pad(~mask, 1, constant_values=True)
    # Holes are parts of the background joined at corners too, all but the one around the picture.
    holes = parts_of(outside, SIDES_AND_CORNERS) - 1
    assert len(bridges(mask)) == 2 * holes


def large_scenes() -> dict[str, np.ndarray]:
    y, x = np.mgrid[:480, :640]
    rng = np.random.default_rng(4)
    return {
        "all": x >= 0,
        "disc": (x - 300) ** 2 + (y - 250) ** 2 < 200**2,
        "rings_in_rings": np.hypot(x - 320, y - 240) % 20 < 9,
        "nested_squares": np.maximum(abs(x - 320), abs(y - 240)) % 2 == 0,
        "checkerboard": ((x + y) % 2 == 0) & (x > 599) & (y > 449),
        "holes_in_rows": (x % 2 == 0) | (y % 2 == 0),
        "noise": rng.random((480, 640)) < 0.8,
        "diagonal_line": abs(x - y) < 1,
        "frame": (x % 639 == 0) | (y % 479 == 0),
    }


@pytest.mark.parametrize("name", large_scenes())
def test_large(name: str) -> None:
    mask = large_scenes()[name]
    packed = rle.encode(mask[None])
    rings = outline(packed)
    assert filled_by_reference(to_polygons(rings)[0], packed.size) == counts_of(mask)


def test_a_mask_is_outlined_alike_among_others_and_alone() -> None:
    masks = np.random.default_rng(5).random((30, 12, 9)) < np.linspace(0, 1, 30)[:, None, None]
    together = to_polygons(outline(rle.encode(masks)))
    assert together == [to_polygons(outline(rle.encode(mask[None])))[0] for mask in masks]


def test_check_names_the_mask_that_differs() -> None:
    packed = rle.encode(draw("##. / .#.", "... / .##"))
    other = outline(rle.encode(draw("##. / .#.", "... / ..#")))
    with pytest.raises(SampleError, match="the rings of mask 1 are not its outline") as caught:
        check(other, packed)
    assert caught.value.category == "poly.inexact"


def test_check_fills_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = rle.encode(draw("##. / .#."))
    monkeypatch.setattr(contour, "fill", lambda rings, size: rle.encode(draw("##. / ...")))
    with pytest.raises(SampleError, match="mask 0"):
        check(outline(packed), packed)


def test_agreement_is_intersection_over_union() -> None:
    one = outline(rle.encode(draw("##. / ##.", "### / ###", "... / ...", "... / ...", "#.. / ...")))
    other = rle.encode(draw(".## / .##", "### / ###", "... / ...", "#.. / ...", "... / ..#"))
    assert agreement(one, other).tolist() == [2 / 6, 1, 1, 0, 0]


def test_other_numbers_of_masks_are_refused() -> None:
    packed = rle.encode(draw("#", "#"))
    with pytest.raises(SampleError) as caught:
        check(outline(rle.encode(draw("#"))), packed)
    assert caught.value.category == "list.length"


REAL = {
    "coco_instances/instances_val2014_100.json": 839,
    "coco_instances/lvis_val_100.json": 977,
    "coco_stuff/stuff_examples.json": 17,
    "taco/annotations.json": 4784,
}


@pytest.mark.parametrize("source", REAL)
def test_real_masks_come_back(source: str, real_data: Path) -> None:
    annotations = 0
    for sample in cocoseg.read(real_data / source):
        masks = sample.shapes
        assert isinstance(masks, rle.Runs)
        rings = outline(masks)
        check(rings, masks)
        annotations += len(masks)
        polygons = to_polygons(rings)
        assert [filled_by_reference(parts, masks.size) for parts in polygons] == lists_of(masks)
    assert annotations == REAL[source]
