"""Samples in a notebook: a small picture, cheaply, and never an error."""

from __future__ import annotations

import io
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import encode
from cocoseg.model import Sample
from conftest import FIXTURES


def sample(masks: np.ndarray, key: str = "a.png", **more: object) -> Sample:
    count = len(masks)
    ids = np.arange(count)
    columns = {"category_ids": ids % 3, "iscrowd": np.zeros(count, bool), "shapes": encode(masks)}
    return Sample(key, 1, ids, **(columns | more))  # type: ignore[arg-type]


def shown(found: Sample) -> np.ndarray:
    png = found._repr_png_()
    assert png is not None
    return np.array(Image.open(io.BytesIO(png)))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3000, 7), (480, 640), (401, 401)])
@pytest.mark.parametrize("count", [0, 1, 300])
def test_it_is_small(size: tuple[int, int], count: int) -> None:
    drawn = shown(sample(np.zeros((count, *size), bool)))
    assert max(drawn.shape[:2]) <= 400
    assert (drawn == 255).all()


def test_segments_are_pale_with_an_outline() -> None:
    masks = np.zeros((2, 200, 200), bool)
    masks[0, 20:80, 20:80] = masks[1, 100:180, 100:180] = True
    drawn = shown(sample(masks))
    assert drawn[50, 50].tolist() == [192, 128, 128]
    assert drawn[20, 50].tolist() == [128, 0, 0]
    assert drawn[140, 140].tolist() == [128, 192, 128]
    assert drawn[0, 0].tolist() == [255, 255, 255]


def test_the_higher_score_is_on_top() -> None:
    masks = np.ones((2, 200, 200), bool)
    first, last = ([192, 128, 128], [128, 192, 128])
    assert shown(sample(masks))[100, 100].tolist() == last
    assert shown(sample(masks, scores=np.array([0.9, 0.1])))[100, 100].tolist() == first


def test_pictures_and_masks_are_shown_alike() -> None:
    found = cocoseg.read(FIXTURES / "panoptic.json")[0]
    assert isinstance(found.shapes, Regions)
    np.testing.assert_array_equal(shown(found), shown(replace(found, shapes=found.runs)))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_has_the_picture_and_a_line_about_it() -> None:
    page = _Page()
    page.feed(cocoseg.read(FIXTURES / "panoptic.json")[0]._repr_html_())
    assert page.tags == ["figure", "img", "figcaption"]
    assert page.text == "touching.png: 6 × 8 pixels, 3 segments"


def test_strange_names_stay_text() -> None:
    page = _Page()
    page.feed(sample(np.zeros((1, 2, 2), bool), key='"><script>alert(1)</script>')._repr_html_())
    assert page.tags == ["figure", "img", "figcaption"]
    assert "<script>" in page.text


def test_a_sample_too_large_to_paint_has_words_only() -> None:
    found = replace(sample(np.zeros((1, 20, 20), bool)), max_pixels=100)
    assert found._repr_png_() is None
    assert "<img" not in found._repr_html_()
    assert "20 × 20" in found._repr_html_()
