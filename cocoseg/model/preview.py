"""A small picture of a sample for notebooks. It needs no photo and no label scheme: colours follow category ids."""

from __future__ import annotations

from base64 import b64encode
from html import escape

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.looks import default_color, edges, segment_colors
from cocoseg.codecs.overlap import layers
from cocoseg.codecs.regions import Regions
from cocoseg.codecs.rle import Runs
from cocoseg.files.png.write import write_rgb

_MOST, _LEAST = 400, 120  # pixels of the longer side
_COLORS = 511  # colours before they repeat


def preview(
    shapes: Regions | Runs, category_ids: npt.NDArray[np.int64], scores: npt.NDArray[np.float64] | None
) -> bytes:
    """The masks of a sample as a PNG: pale on white, with outlines. Raises SampleError ``limit.pixels``."""
    regions = _flat(shapes, scores)
    count = regions.count
    numbers = _resized(regions.paint(np.arange(count, dtype=np.min_scalar_type(count)), outside=count))
    categories, classes = np.unique(category_ids % _COLORS, return_inverse=True)
    table = np.array([default_color(one) for one in categories.tolist()], np.uint8).reshape(-1, 3)
    full = segment_colors(classes, np.ones(count, np.bool_), table)
    pale = np.concatenate([full // 2 + np.uint8(128), np.full((1, 3), 255, np.uint8)])
    picture = pale[numbers]
    outline = edges(numbers) & (numbers < count)
    picture[outline] = full[numbers[outline]]
    return write_rgb(picture)


def captioned(png: bytes | None, words: str) -> str:
    """HTML of a picture, if there is one, above a line of words.

    >>> captioned(None, "<a>.png")
    '<figure style="margin:0"><figcaption>&lt;a&gt;.png</figcaption></figure>'
    """
    words = escape(words)
    image = f'<img alt="{words}" src="data:image/png;base64,{b64encode(png).decode()}">' if png else ""
    return f'<figure style="margin:0">{image}<figcaption>{words}</figcaption></figure>'


def _flat(shapes: Regions | Runs, scores: npt.NDArray[np.float64] | None) -> Regions:
    """One picture of the masks; the highest score is on top where there are scores, else the last."""
    if isinstance(shapes, Regions):
        return shapes
    return layers(shapes, None if scores is None else np.argsort(scores, kind="stable"))[0]


def _resized(numbers: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.unsignedinteger]:
    """Every k-th pixel of a large picture, or every pixel k times in a small one."""
    side = max(numbers.shape)
    step, times = -(-side // _MOST), max(1, _LEAST // side)
    return numbers[::step, ::step].repeat(times, axis=0).repeat(times, axis=1)
