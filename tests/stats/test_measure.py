"""What is measured in one image: twins, digests, stated areas and photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import Raw
from PIL import Image

from cocoseg.codecs.regions import Regions, find_regions
from cocoseg.codecs.rle import encode
from cocoseg.model import Sample
from cocoseg.stats.facts import ImageFacts
from cocoseg.stats.measure import Measure

SQUARES = np.zeros((3, 8, 9), np.bool_)
SQUARES[0, :4, :4] = SQUARES[2, :4, :4] = True
SQUARES[1, :4, 4:8] = True


def sample(shapes: Any, categories: list[int] | None = None, **more: Any) -> Sample:
    count = shapes.count if isinstance(shapes, Regions) else len(shapes)
    numbers = np.arange(1, count + 1)
    category_ids = numbers if categories is None else np.array(categories, np.int64)
    return Sample(
        "a.png",
        1,
        numbers,
        category_ids=category_ids,
        iscrowd=np.zeros(count, np.bool_),
        shapes=shapes,
        file_name="a.jpg",
        **more,
    )


def facts(*args: Any, measure: Measure = Measure(), **more: Any) -> ImageFacts:  # noqa: B008
    return measure.facts(sample(*args, **more))


def test_equal_masks_are_twins_of_the_first() -> None:
    assert facts(encode(SQUARES)).twins == [(0, 2)]
    assert facts(encode(SQUARES[[0, 2, 0, 1]])).twins == [(0, 1), (0, 2)]
    assert facts(encode(SQUARES[:2])).twins == []


def test_masks_without_a_pixel_are_no_twins() -> None:
    assert facts(encode(np.zeros((3, 8, 9), np.bool_))).twins == []


def test_masks_of_equal_box_and_area_are_twins_only_if_they_are_equal() -> None:
    masks = np.zeros((2, 4, 4), np.bool_)
    masks[0] = np.eye(4)
    masks[1] = np.eye(4)[::-1]
    assert facts(encode(masks)).twins == []


def test_a_label_has_the_same_digest_however_its_runs_are_cut() -> None:
    picture = np.array([[1, 1, 2], [2, 0, 0]])
    regions, _ = find_regions(picture, np.array([1, 2]))
    cut = replace(regions, segments=np.array([0, 0, 1, 1, 1, 2]), lengths=np.array([1, 1, 0, 1, 1, 2]))
    assert facts(regions).label == facts(cut).label


def test_a_label_with_another_size_category_or_mask_has_another_digest() -> None:
    digests = {
        facts(encode(SQUARES)).label,
        facts(encode(SQUARES), [1, 2, 4]).label,
        facts(encode(SQUARES[[1, 0, 2]])).label,
        facts(encode(SQUARES.swapaxes(1, 2))).label,
        facts(encode(SQUARES[:2])).label,
    }
    assert len(digests) == 5


NO_AREAS = ["null", '"many"', "true", "1e999", "9" * 400, "[" * 5000, "[1]", "16", "31", "48", "-5"]


@pytest.mark.parametrize("text", NO_AREAS)
def test_areas_that_are_near_or_no_number_are_not_off(text: str) -> None:
    assert facts(encode(SQUARES[:1]), stated=[Raw(text.encode())]).off == []


@pytest.mark.parametrize("area", [30, 63])
def test_areas_that_are_far_from_the_mask_are_off(area: int) -> None:
    mask = np.zeros((1, 20, 20), np.bool_)
    mask[0, :13, :10] = True
    assert facts(encode(mask), stated=[Raw(b"%d" % area)]).off == [(0, area)]


def test_a_photo_is_read_where_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (9, 8)).save(tmp_path / "a.jpg")
    photo = facts(encode(SQUARES), measure=Measure(str(tmp_path))).photo
    assert photo is not None
    assert (photo.stored, photo.turned, len(photo.digest)) == ((8, 9), (8, 9), 16)


def test_a_photo_that_is_missing_or_broken_has_its_problem(tmp_path: Path) -> None:
    missing = facts(encode(SQUARES), measure=Measure(str(tmp_path))).photo
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    broken = facts(encode(SQUARES), measure=Measure(str(tmp_path))).photo
    assert missing is not None
    assert broken is not None
    assert [row.problem.category for row in (missing, broken) if row.problem] == ["file.missing", "image.corrupt"]


def test_void_is_what_the_picture_marks_or_what_nothing_covers() -> None:
    regions, _ = find_regions(np.array([[1, 1, 0, 2]]), np.array([1, 2]))
    marked = regions.take(np.array([0]))
    assert [facts(marked, measure=Measure(background=on)).void for on in (True, False)] == [1, 2]
