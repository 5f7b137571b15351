"""The text of a photo: a line ``class x1 y1 x2 y2 ...`` for each object, in shares of width and height.

Ultralytics takes what lies up to 1 % outside the picture (``verify_image_label``); here the fill ends at its edge.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

import msgspec
import numpy as np

from cocoseg.errors import Problem, SampleError, show
from cocoseg.files.photo import photo_size
from cocoseg.formats.shapes.shape import Shape, Size, sample
from cocoseg.model import Entry, Sample

OUTSIDE = 0.01  # how far outside the picture a point may lie
_BOX = (5, 6)  # words of a box, without and with its score


class Line(NamedTuple):
    """An object: the number of its line, its class, and its outline in shares."""

    number: int
    label: int
    ring: list[float]


@dataclass(frozen=True)
class Outlines:
    """Makes samples of a photo's text and, as the last file, its size. ``known`` are the numbers of the classes."""

    known: frozenset[int] = field(hash=False)
    photos: str

    def __call__(self, entry: Entry, files: Sequence[bytes], place: str) -> Sample:
        """Raises SampleError."""
        rows, repeated = read_lines(files[0], self.known) if entry.files else ([], 0)
        size = msgspec.json.decode(files[-1], type=tuple[int, int])
        made = sample(entry, place, size, shapes(rows, size), {str(number): number for number in self.known})
        if not repeated:
            return made
        said = Problem("seg.left_out", f"{place}: {repeated} lines repeat others and were left out")
        return replace(made, problems=(said, *made.problems))

    def measured(self, entry: Entry) -> bytes:
        """The size of an entry's photo as JSON. Raises SampleError."""
        return msgspec.json.encode(self.size(entry))

    def size(self, entry: Entry) -> Size:
        """(height, width) of the photo, turned as its EXIF says. Raises SampleError."""
        return photo_size(os.path.join(self.photos, entry.file_name)).turned


def shapes(rows: Sequence[Line], size: Size) -> list[Shape]:
    """The outlines in pixels."""
    height, width = size
    numbers = np.array(list(chain.from_iterable(row.ring for row in rows)), np.float64).reshape(-1, 2)
    pixels, start, found = (numbers * (width, height)).reshape(-1).tolist(), 0, []
    for row in rows:
        stop = start + len(row.ring)
        found.append(Shape(str(row.label), [pixels[start:stop]], f"line {row.number}"))
        start = stop
    return found


def read_lines(data: bytes, known: Collection[int] | None) -> tuple[list[Line], int]:
    """The objects in a text, and how many lines repeat others. ``known`` are the classes, None for any.

    Raises SampleError: ``yolo.syntax``, ``seg.box``, ``poly.*``, ``id.unknown``.
    """
    lines = [(number, text) for number, line in enumerate(_text(data).split("\n"), 1) if (text := line.strip())]
    first = {text: number for number, text in reversed(lines)}
    rows = [_line(number, text.split()) for number, text in lines if first[text] == number]
    for row in rows:
        if known is not None and row.label not in known:
            raise SampleError("id.unknown", f"line {row.number}: class {row.label} is not among {_range(known)}")
        if not _is_inside(row.ring):
            raise _outside(row)
    return rows, len(lines) - len(rows)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SampleError("yolo.syntax", f"the label file is not UTF-8 text ({error.reason})") from None


def _line(number: int, words: list[str]) -> Line:
    if len(words) in _BOX:
        text = f"line {number} is a box ({len(words) - 1} numbers after the class), which has no mask"
        raise SampleError("seg.box", f"{text}; expected the outline, x and y of 3 points or more")
    try:
        label, *ring = map(float, words)
    except ValueError:
        text = f"line {number}: {show(' '.join(words))} is not 'class x1 y1 x2 y2 ...' in numbers"
        raise SampleError("yolo.syntax", text) from None
    if label != label or label % 1:
        raise SampleError("yolo.syntax", f"line {number}: the class is {words[0]}, expected a whole number")
    if len(ring) < 6:
        text = f"{len(ring)} numbers after the class; expected x and y of 3 points or more"
        raise SampleError("poly.short", f"line {number}: {text}")
    if len(ring) % 2:
        pairs = f"{len(ring)} numbers after the class; x and y come in pairs"
        raise SampleError("poly.odd", f"line {number}: {pairs} (a last number may be a score: leave it out)")
    return Line(number, int(label), ring)


def _is_inside(ring: Sequence[float]) -> bool:
    total = sum(ring)  # NaN if a number is
    return total == total and min(ring) >= -OUTSIDE and max(ring) <= 1 + OUTSIDE


def _outside(row: Line) -> SampleError:
    value = next(value for value in row.ring if not -OUTSIDE <= value <= 1 + OUTSIDE)
    if value != value or value in (float("inf"), float("-inf")):
        return SampleError("poly.nonfinite", f"line {row.number}: a coordinate is {value}; expected a share, 0 to 1")
    pixels = "; these look like pixels: divide them by width and height" if value > 2 else ""
    return SampleError("poly.range", f"line {row.number}: a coordinate is {value:g}, expected a share, 0 to 1{pixels}")


def _range(known: Collection[int]) -> str:
    if len(known) == max(known) + 1:
        return f"the {len(known)} classes, 0 to {max(known)}"
    return f"the {len(known)} classes: {', '.join(map(str, sorted(known)[:10]))}"
