"""Samples in another size, against painted pictures that Pillow resizes, or numpy.

Where a centre lies on the border of two pixels, Pillow's sums of floats take either.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.codecs import rle
from cocoseg.codecs.nearest import cuts, resize_regions, source
from cocoseg.codecs.regions import Regions, find_regions
from cocoseg.errors import SampleError, UsageError
from cocoseg.model import Sample
from cocoseg.targets.resized import resized
from cocoseg.targets.semantic import semantic
from training import SCHEMES, TOWN, masks_of, samples

SIDES = st.integers(1, 40)
SIZES = st.tuples(SIDES, SIDES)


def on_border(old: int, new: int) -> bool:
    return bool(((2 * np.arange(new) + 1) * old % (2 * new) == 0).any())


def by_pillow(pixels: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.NEAREST))


def nearest(pixels: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    """A picture in another size, pixel by pixel in fractions; Pillow's where no centre is on a border."""
    if not any(map(on_border, pixels.shape, size)):
        return by_pillow(pixels, size)
    rows, columns = (
        [floor(Fraction(2 * k + 1, 2) * old / new) for k in range(new)]
        for old, new in zip(pixels.shape, size, strict=True)
    )
    return pixels[rows][:, columns]


@st.composite
def regions(draw: Any) -> Regions:
    """Runs across the ends of lines, empty ones, neighbours of one segment, void, along rows or down columns."""
    height, width = draw(SIZES)
    bounds = sorted(draw(st.lists(st.integers(0, height * width), max_size=30)))
    lengths = np.diff([0, *bounds, height * width])
    segments = np.array(draw(st.lists(st.integers(0, 5), min_size=len(lengths), max_size=len(lengths))))
    void = (segments == 5) & np.array(draw(st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths))))
    return Regions((height, width), 5, segments, lengths, draw(st.booleans()), draw(st.sampled_from([void, None])))


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_cut_counts_the_new_pixels_that_take_one_before_it(old: int, new: int) -> None:
    sources = source(np.arange(new), old, new)
    assert cuts(old, new).tolist() == np.searchsorted(sources, np.arange(old + 1)).tolist()


@given(regions(), SIZES)
def test_regions_become_what_nearest_makes_of_the_picture(drawn: Regions, size: tuple[int, int]) -> None:
    values = np.arange(5, dtype=np.uint8)
    picture = drawn.fill(drawn.values(values, outside=100, void=255))
    found = resize_regions(drawn, size)
    assert found.size == size
    assert found.lengths.sum() == size[0] * size[1]
    assert np.array_equal(found.fill(found.values(values, outside=100, void=255)), nearest(picture, size))


@given(samples(), SIZES)
def test_masks_become_what_nearest_makes_of_each(sample: Sample, size: tuple[int, int]) -> None:
    masks = [nearest(mask, size) for mask in masks_of(sample)]
    found = resized(replace(sample, shapes=sample.runs), size)
    assert [mask.tolist() for mask in masks_of(found)] == [mask.tolist() for mask in masks]
    assert isinstance(found.shapes, rle.Runs)
    again = rle.encode(np.stack(masks)) if masks else found.shapes
    assert np.array_equal(found.shapes.counts, again.counts)  # the shortest form
    assert np.array_equal(found.shapes.offsets, again.offsets)
    assert np.array_equal(found.ids, sample.ids)


@given(samples(), SIZES, st.sampled_from(SCHEMES))
def test_the_class_map_is_that_of_the_picture_resized(sample: Sample, size: tuple[int, int], scheme: Any) -> None:
    if isinstance(sample.shapes, Regions):
        assert np.array_equal(semantic(resized(sample, size), scheme), nearest(semantic(sample, scheme), size))


@given(samples(), SIZES)
def test_segments_that_lose_all_pixels_leave_a_picture_and_are_counted(sample: Sample, size: tuple[int, int]) -> None:
    found = resized(sample, size)
    kept = [nearest(mask, size).any() or not mask.any() for mask in masks_of(sample)]
    expected = sample.ids[kept] if isinstance(sample.shapes, Regions) else sample.ids
    assert found.ids.tolist() == expected.tolist()
    assert len(found.ids) == len(found.category_ids) == len(found.iscrowd) == len(found.areas)
    assert [row.message.split()[0] for row in found.problems] == ([str(kept.count(False))] if not all(kept) else [])


def test_a_picture_says_what_it_lost() -> None:
    picture = np.array([[1, 2, 2, 2]])
    columns = {"category_ids": np.array([7, 3]), "iscrowd": np.zeros(2, np.bool_), "scores": np.array([0.5, 0.25])}
    sample = Sample("a", 1, np.array([1, 2]), shapes=find_regions(picture, np.array([1, 2]))[0], **columns)
    found = resized(sample, (1, 2))
    assert found.problems == (("resize.lost", "1 of its segments have no pixel left at 1×2 (height×width)", None),)
    assert (found.ids.tolist(), found.category_ids.tolist(), found.scores.tolist()) == ([2], [3], [0.25])
    assert semantic(found, TOWN).tolist() == [[2, 2]]


def test_pillow_agrees_at_sizes_of_photos() -> None:
    generator = np.random.default_rng(5)
    picture = generator.integers(0, 256, (427, 641), np.uint8)  # odd sides: no centre is on a border
    drawn = find_regions(picture, np.arange(1, 256, dtype=np.uint8))[0]
    for size in [(120, 160), (480, 640), (1024, 2048), *map(tuple, generator.integers(1, 1200, (20, 2)).tolist())]:
        found = resize_regions(drawn, size).paint(np.arange(1, 256, dtype=np.uint8), outside=0)
        assert np.array_equal(found, by_pillow(picture, size))


@pytest.mark.parametrize("size", [(0, 3), (3,), "ab", (2.5, 1), None])
def test_refuses_what_is_no_size(size: Any) -> None:
    with pytest.raises(UsageError, match="expected \\(height, width\\) in pixels") as caught:
        resized(cocoseg.read("fixtures/panoptic.json")[0], size)
    assert caught.value.category == "usage.size"


def test_refuses_more_pixels_than_the_sample_allows() -> None:
    sample = replace(cocoseg.read("fixtures/panoptic.json")[0], max_pixels=1000)
    assert resized(sample, (25, 40)).size == (25, 40)
    with pytest.raises(SampleError, match="--max-pixels") as caught:
        resized(sample, (25, 41))
    assert caught.value.category == "limit.pixels"


def test_the_same_size_is_the_same_sample() -> None:
    sample = cocoseg.read("fixtures/panoptic.json")[0]
    assert resized(sample, sample.size) is sample
