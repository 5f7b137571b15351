"""Text: readable on any ground, inside the picture, in letters that the font has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoseg.drawing.text import Text, place, readable, stamp, text, text_size, write

STRANGE = ["</script><img src=x onerror=alert(1)>", "[red]", "\x1b[31m\x00\n", "a" * 10_000, "\u202eabc", "猫", " ", ""]


@pytest.mark.parametrize("ground", [0, 90, 255])
def test_letters_are_white_in_a_dark_halo_on_any_ground(ground: int) -> None:
    words = text("person", 14)
    picture = np.full((*words.size, 3), ground, np.uint8)
    stamp(picture, words, 0, 0)
    assert (picture[words.letters == 255] == 255).all()
    assert (picture[(words.letters == 0) & (words.halo == 255)] == 0).all()
    assert (picture[words.halo == 0] == ground).all()
    assert (words.letters == 255).any()


def test_every_letter_is_surrounded_by_its_halo() -> None:
    words = text("dog", 12)
    grown = np.pad(words.letters, 1)
    around = np.max(
        [grown[1 + y : grown.shape[0] - 1 + y, 1 + x :][:, : words.size[1]] for y in (-1, 0, 1) for x in (-1, 0, 1)],
        axis=0,
    )
    np.testing.assert_array_equal(words.halo, around)
    assert not words.letters[[0, -1]].any()
    assert not words.letters[:, [0, -1]].any()


@pytest.mark.parametrize("name", STRANGE)
def test_any_name_becomes_a_short_line_of_letters_that_the_font_has(name: str) -> None:
    shown = readable(name, 17)
    assert 0 < len(shown) <= 28
    assert shown.replace("…", "").isascii()
    assert shown.isprintable()
    assert text(shown, 12).letters.any()


def test_accents_are_left_out_and_other_scripts_become_numbers() -> None:
    assert readable("Fußgänger", 3) == "3"
    assert readable("Bürgersteig", 3) == "Burgersteig"
    assert readable("歩行者", 9) == "9"


def test_letters_grow_with_the_picture() -> None:
    assert text_size((480, 640)) < text_size((1200, 1600)) < text_size((4000, 6000))
    assert text("dog", 40).size[0] > text("dog", 12).size[0]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(-5, 40), st.integers(-5, 40)), max_size=12),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
def test_texts_are_inside_the_picture_and_do_not_touch(
    rows: list[tuple[int, int, int, int]], size: tuple[int, int]
) -> None:
    texts = [Text(np.zeros(row[:2], np.uint8), np.zeros(row[:2], np.uint8)) for row in rows]
    corners = place(texts, [row[2] for row in rows], [row[3] for row in rows], size)
    taken = np.zeros(size, int)
    for words, (y, x) in zip(texts, corners, strict=True):
        if y >= 0:
            assert y + words.size[0] <= size[0]
            assert x + words.size[1] <= size[1]
            taken[y : y + words.size[0], x : x + words.size[1]] += 1
    assert taken.max(initial=0) <= 1
    if texts and texts[0].size[0] <= size[0] and texts[0].size[1] <= size[1]:
        assert corners[0] != (-1, -1)


def test_what_is_written_past_the_edge_is_left_out() -> None:
    picture = np.full((5, 6, 3), 255, np.uint8)
    write(picture, text("person", 14), 2, 3)
    assert picture.shape == (5, 6, 3)
