"""Small pictures of a prediction beside the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import Colors, edges
from cocoseg.drawing.blend import blend, canvas, fill
from cocoseg.drawing.colors import class_colors
from cocoseg.drawing.difference import difference
from cocoseg.drawing.thumbnail import fitting, nearest
from cocoseg.files.pillow import resized
from cocoseg.labels import LabelScheme

_MARKED = (230, 25, 35)


def side_by_side(
    photo: Colors | None,
    truth: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    scheme: LabelScheme,
    longest: int = 240,
) -> list[Colors]:
    """Photo, truth, prediction and difference, each (h, w, 3); maps (H, W) are of the scheme's classes."""
    size = fitting((truth.shape[0], truth.shape[1]), longest)
    ground = canvas(None if photo is None else resized(photo, size), size)
    true, found = nearest(truth, size), nearest(predicted, size)
    background = None if scheme.outside == scheme.void else scheme.outside
    apart = difference(ground, true, found, scheme.void, background=background)
    return [ground, *(colored_on(ground, one, scheme) for one in (true, found)), apart]


def marked(photo: Colors | None, where: npt.NDArray[np.bool_], longest: int = 240) -> Colors:
    """A photo, grey and pale, with some pixels (H, W) in red: (h, w, 3)."""
    size = fitting((where.shape[0], where.shape[1]), longest)
    ground = canvas(None if photo is None else resized(photo, size), size)
    grey = ground.mean(axis=2, dtype=np.float32)[..., None] * 0.6 + 255 * 0.4
    pale: Colors = np.repeat(grey.astype(np.uint8), 3, axis=2)
    numbers = np.where(nearest(where, size), 0, 1).astype(np.uint8)
    return blend(pale, numbers, np.array([_MARKED], np.uint8), 0.85)


def colored_on(ground: Colors, numbers: npt.NDArray[Any], scheme: LabelScheme) -> Colors:
    """A class map over a photo; void, and classes in black, as the background of VOC, are left without colour."""
    table = class_colors(scheme)
    table[scheme.void] = 0
    shown = table.any(axis=1)
    places = np.where(shown, np.cumsum(shown) - 1, shown.sum())
    drawn, colors = places[numbers].astype(np.min_scalar_type(len(table))), table[shown]
    picture = blend(ground, drawn, colors, 0.6)
    fill(picture, edges(drawn), drawn, colors)
    return picture
