"""Label pictures as runs of one value, straight from their PNG, where the native part is there (``c/``).

It takes only what is perfect: all checksums, Adler-32 too, and exactly the pixels that the header promises. None stands
for anything else, and says nothing about it: the picture has to be read as ``read_picture`` and ``read_labels`` do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.limits import allowed_pixels
from cocoseg.native import native

_RGB, _RGBA, _ONE_CHANNEL = 1 << 2, 1 << 6, 1 << 0 | 1 << 3  # bits of colour types: grey is 0, a palette 3
_ID = (1 << 24) - 1
_ALL = (1 << 32) - 1


class PictureRuns(NamedTuple):
    """Runs of pixels in the order of rows: ``size`` (height, width), ``lengths`` (R,) intp.

    The value of run r is ``values[numbers[r]]``, or ``values[r]`` where ``numbers`` is None. Values have the dtype that
    the picture itself would have; neighbours differ.
    """

    size: tuple[int, int]
    values: npt.NDArray[Any]
    lengths: npt.NDArray[np.intp]
    numbers: npt.NDArray[np.intp] | None = None

    @property
    def of_runs(self) -> npt.NDArray[Any]:
        """The value of each run (R,)."""
        return self.values if self.numbers is None else self.values[self.numbers]


def id_runs(data: bytes, size: tuple[int, int] | None = None) -> PictureRuns | None:
    """Runs of the colours R + 256 G + 65536 B, uint32, of 8-bit RGB or RGBA. ``size`` is the one expected."""
    return _runs(data, size, _RGB | _RGBA, _ID)


def rgb_runs(data: bytes, size: tuple[int, int] | None = None) -> PictureRuns | None:
    """As ``id_runs``, but of 8-bit RGB alone."""
    return _runs(data, size, _RGB, _ID)


def rgba_runs(data: bytes, size: tuple[int, int] | None = None) -> PictureRuns | None:
    """Runs of the numbers R + 256 G + 65536 B + 2^24 A, uint32, of 8-bit RGBA."""
    return _runs(data, size, _RGBA, _ALL)


def label_runs(data: bytes, size: tuple[int, int] | None = None) -> PictureRuns | None:
    """Runs of the numbers of one channel: uint8, or uint16 where they have 16 bits."""
    return _runs(data, size, _ONE_CHANNEL, _ALL)


def _runs(data: bytes, size: tuple[int, int] | None, kinds: int, kept: int) -> PictureRuns | None:
    if native is None:
        return None
    most = allowed_pixels() if size is None else min(allowed_pixels(), size[0] * size[1])
    found = native.runs(data, kinds, most, kept)
    if found is None or (size is not None and size != found[:2]):
        return None
    height, width, depth, values, numbers, lengths = found
    dtype = np.uint32 if kinds != _ONE_CHANNEL else np.uint16 if depth == 16 else np.uint8
    different = np.frombuffer(values, np.uint32).astype(dtype, copy=False)
    return PictureRuns((height, width), different, np.frombuffer(lengths, np.intp), np.frombuffer(numbers, np.intp))
