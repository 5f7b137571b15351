"""What some pictures of a folder hold, by which its format is told: numbers, colours of classes, or two channels."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.regions import runs
from cocoseg.errors import DocumentError, SampleError, show
from cocoseg.files import places, png
from cocoseg.files.arrays import is_array, is_packed
from cocoseg.files.rasters import kind, read_raster
from cocoseg.files.reading import read_file, read_head
from cocoseg.formats.maps.codes import is_noisy
from cocoseg.formats.maps.color_meaning import colors_near
from cocoseg.formats.maps.kinds import read_colors
from cocoseg.formats.maps.look import spread
from cocoseg.formats.maps.scores import SCORES, are_scores

_FIRST = 20  # headers to try if the first pictures are damaged
_HEAD = 1 << 14  # bytes
_SOME = 4  # pictures that are decoded
_COLORED = ("2", "6")
_NUMBERS = "0"
_BLUE = 0xFF0000


def mode_of(folder: str, labels: Sequence[str], files: Sequence[str], given: Container[str]) -> str:
    """``colors`` if a table says what colours mean, ``scores`` for arrays of them, ``equal`` for three equal channels,
    else PNG's colour type.

    ``files`` are all in the folder; ``given`` are the names of the options. Raises DocumentError for damaged pictures.
    """
    if "colors" in given:
        return "colors"
    first = _first_type(folder, labels)
    if first == SCORES:
        return first
    known = colors_near(folder, files)
    if known is not None and (first in _COLORED or _are_listed(folder, labels, known)):
        return "colors"
    if first not in _COLORED:
        return first
    found = list(_colors(folder, labels))
    if found and all(_is_grey(colors) for colors in found) and any(colors.any() for colors in found):
        return "equal"
    blue = any((colors & _BLUE).any() for colors in found)
    return "colors" if blue and "categories" in given and not _are_noisy(found) else first


def _first_type(folder: str, labels: Sequence[str]) -> str:
    """PNG's colour type of the first picture that is whole; that of other files in the same terms."""
    first: SampleError | None = None
    for name in labels[:_FIRST]:
        path = places.join(folder, name)
        try:
            head = read_head(path, _HEAD)
            if is_array(head) and are_scores(read_file(path) if is_packed(head) else head):
                return SCORES
            return _type_of(read_file(path)) if kind(head) else str(png.read_header(head).color_type)
        except SampleError as error:
            first = first or error.at(f"{folder}: {show(name)}")
    assert first is not None
    raise DocumentError(first.category, first.message)


def _type_of(data: bytes) -> str:
    raster = read_raster(data, lossy=True)
    return _COLORED[0] if raster.pixels.ndim == 3 else _NUMBERS


def _are_listed(folder: str, labels: Sequence[str], known: Collection[int]) -> bool:
    """Whether all colours of some pictures are in the table."""
    found = [np.unique(colors) for colors in _colors(folder, labels)]
    return bool(found) and bool(np.isin(np.concatenate(found), list(known)).all())


def _colors(folder: str, labels: Sequence[str]) -> Iterator[npt.NDArray[Any]]:
    """The colours of the runs (R,) of some pictures, but those that can't be read."""
    for name in islice(spread(labels), _SOME):
        try:
            yield runs(read_colors(read_file(places.join(folder, name)), lossy=True).reshape(-1))[0]
        except SampleError:
            continue


def _is_grey(colors: npt.NDArray[Any]) -> bool:
    return bool((colors == (colors & 255) * 0x010101).all())


def _are_noisy(found: Sequence[npt.NDArray[Any]]) -> bool:
    return any(is_noisy(colors) and len(np.unique(colors)) > len(colors) // 2 for colors in found)
