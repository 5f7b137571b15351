"""The legend beside a picture: its classes, those with the most pixels first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from cocoseg.codecs.looks import Colors
from cocoseg.drawing.colors import WHITE
from cocoseg.drawing.text import readable, text, write
from cocoseg.labels import LabelScheme

_LEAST = 8  # rows that are shown even where the picture is lower
_FRAME = 140  # the grey of a frame


class Row(NamedTuple):
    """A line of a legend: a name, its pixels, and its colour, or None where it has none."""

    name: str
    pixels: int
    color: tuple[int, int, int] | None


def rows(pixels: Mapping[int, int], scheme: LabelScheme, colors: Colors, only: Collection[int] | None) -> list[Row]:
    """The lines for a class map with so many pixels of each value, in their colours (N, 3).

    What has no class or no colour comes last. With ``only``, other values are left out.
    """
    names = {row.index: readable(row.name, row.index) for row in scheme.table}
    others = {scheme.outside: "no label", scheme.void: "void"}
    shown = [value for value, count in pixels.items() if count and (only is None or value in only)]
    shown.sort(key=lambda value: (value not in names or not colors[value].any(), -pixels[value], value))
    words = {value: str(value) for value in shown} | others | names
    return [Row(words[value], pixels[value], _color(colors[value])) for value in shown]


def beside(picture: Colors, lines: list[Row], size: int) -> Colors:
    """A picture with its legend at its right, in letters of a size: the lines that fit, and how many more there are."""
    pitch = size + size // 2
    fitting = max((picture.shape[0] - size // 2) // pitch, _LEAST)
    shown = lines if len(lines) <= fitting else lines[: fitting - 1]
    total = sum(line.pixels for line in lines) or 1
    texts = [text(f"{line.name}  {_share(line.pixels / total)}", size) for line in shown]
    if len(shown) < len(lines):
        texts.append(text(f"and {len(lines) - len(shown):,} more", size))
    width = 2 * size + pitch + max((drawn.size[1] for drawn in texts), default=0)
    height = max(picture.shape[0], pitch * len(texts) + size // 2)
    whole = np.full((height, picture.shape[1] + width, 3), WHITE, np.uint8)
    whole[: picture.shape[0], : picture.shape[1]] = picture
    panel = whole[:, picture.shape[1] :]
    for k, drawn in enumerate(texts):
        top = size // 2 + k * pitch
        if k < len(shown):
            _swatch(panel[top : top + size, size // 2 : size // 2 + size], shown[k].color)
        write(panel, drawn, top + (size - drawn.size[0]) // 2, 2 * size)
    return whole


def _share(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else "<0.1%"


def _color(color: Colors) -> tuple[int, int, int] | None:
    """A class in black is not coloured."""
    red, green, blue = color.tolist()
    return (red, green, blue) if red or green or blue else None


def _swatch(square: Colors, color: tuple[int, int, int] | None) -> None:
    """Fill a square with a colour in a frame, or with the frame alone."""
    square[:] = _FRAME
    square[1:-1, 1:-1] = WHITE if color is None else color
