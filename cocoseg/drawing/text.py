"""Text on pictures: white letters in a dark halo, which are readable on any ground.

Pillow draws them with its own font, which has the letters of ASCII alone. A name with others loses its accents; if that
does not help, the number of its class stands for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Colors

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_LONGEST = 28  # letters of a name that are shown
_SMALLEST, _LARGEST = 12, 160  # pixels of the letters' size
_SHARE = 40  # of a picture's shorter side


class Text(NamedTuple):
    """A text as it is drawn: how much of each pixel (h, w) uint8 the ``letters`` cover, and they and their ``halo``."""

    letters: npt.NDArray[np.uint8]
    halo: npt.NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.letters.shape[0], self.letters.shape[1]


def text_size(size: tuple[int, int]) -> int:
    """How large letters are in a picture of a size (height, width).

    >>> text_size((480, 640)), text_size((1, 9)), text_size((4000, 6000))
    (12, 12, 100)
    """
    return min(max(min(size) // _SHARE, _SMALLEST), _LARGEST)


@lru_cache(4096)
def text(words: str, size: int) -> Text:
    """A text in letters of a size, in its halo."""
    from PIL import Image, ImageDraw

    font, edge = _font(size), 1 + size // 20
    left, top, right, bottom = font.getbbox(words, anchor="ls")
    ascent = font.getmetrics()[0]
    height, width = int(max(bottom, size // 4) - min(top, -ascent * 3 // 4)), int(right - left)
    picture = Image.new("L", (max(width, 1) + 2 * edge, height + 2 * edge))
    baseline = edge - min(top, -ascent * 3 // 4)
    ImageDraw.Draw(picture).text((edge - left, baseline), words, fill=255, font=font, anchor="ls")
    letters = np.array(picture)
    return Text(letters, _grown(letters, edge))


@lru_cache(4096)
def readable(name: str, number: int) -> str:
    r"""A name as the font can write it, cut where it is long, or else its number.

    >>> readable("café", 3), readable("猫", 4), readable("a" * 99, 5), readable("a\x1b[31m\n b", 6)
    ('cafe', '4', 'aaaaaaaaaaaaaaaaaaaaaaaaaaa…', 'a [31m b')
    """
    head = name[: 8 * _LONGEST]
    spaced = "".join(letter if letter.isprintable() else " " for letter in head)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(letter))
    words = " ".join(plain.split())
    if not words.isascii() or not words:
        return str(number)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def stamp(picture: Colors, drawn: Text, y: int, x: int) -> None:
    """Draw a text into a picture, its upper left corner at (y, x); all of it has to be inside."""
    height, width = drawn.size
    here = picture[y : y + height, x : x + width]
    dark = here.astype(np.uint16) * (255 - drawn.halo[..., None]) // 255
    here[:] = dark + (255 - dark) * drawn.letters[..., None] // 255


def write(picture: Colors, drawn: Text, y: int, x: int, ink: int = 0) -> None:
    """Draw the letters alone, in a grey, as on white; what is outside the picture is left out."""
    here = picture[y : y + drawn.size[0], x : x + drawn.size[1]]
    share = drawn.letters[: here.shape[0], : here.shape[1], None].astype(np.int32)
    here[:] = here + (ink - here.astype(np.int32)) * share // 255


def place(texts: Sequence[Text], ys: Sequence[int], xs: Sequence[int], size: tuple[int, int]) -> list[tuple[int, int]]:
    """The upper left corners of texts in a picture of a size, each about its point, all of it inside the picture.

    Texts are placed in turn. One that would touch an earlier one, or is larger than the picture, gets (-1, -1).

    >>> wide = Text(np.zeros((2, 6), np.uint8), np.zeros((2, 6), np.uint8))
    >>> place([wide, wide, wide], [0, 1, 9], [0, 2, 9], (10, 10))
    [(0, 0), (-1, -1), (8, 4)]
    """
    taken = np.zeros(size, np.bool_)
    corners = []
    for drawn, y, x in zip(texts, ys, xs, strict=True):
        height, width = drawn.size
        top = min(max(y - height // 2, 0), size[0] - height)
        left = min(max(x - width // 2, 0), size[1] - width)
        here = taken[max(top, 0) : top + height, max(left, 0) : left + width]
        fits = top >= 0 and left >= 0 and not here.any()
        here |= fits
        corners.append((top, left) if fits else (-1, -1))
    return corners


@lru_cache
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    font: Any = ImageFont.load_default(size)
    return cast("FreeTypeFont", font)


def _grown(letters: npt.NDArray[np.uint8], edge: int) -> npt.NDArray[np.uint8]:
    """Each pixel as dark as the darkest that is ``edge`` pixels away or less."""
    grown: npt.NDArray[np.uint8] = letters.copy()
    for _ in range(edge):
        for axis in range(2):
            before = grown.copy()
            one, other = (slice(None, -1), slice(1, None)) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
            np.maximum(grown[one], before[other], out=grown[one])
            np.maximum(grown[other], before[one], out=grown[other])
    return grown
