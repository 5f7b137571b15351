"""Arrays of scores, as models put them out: for each pixel and class a probability or a logit, .npy or .npz."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.pixels import check_pixels
from cocoseg.codecs.scores import best_classes
from cocoseg.errors import SampleError
from cocoseg.files.arrays import Stored, is_array, is_packed, read_array, stored
from cocoseg.files.reading import read_file, read_head
from cocoseg.formats.maps.classes import NUMBERS, Values
from cocoseg.limits import allowed_pixels

Size = tuple[int, int]

SCORES = "scores"  # the code, the format and the sign
KNOWN = ("logits", "scores", "probs", "probabilities", "softmax", "arr_0")  # names of arrays in a .npz

_ONE_HOT = "onehot.npy"
_HEAD = 1 << 14  # bytes
_BYTES = 12  # for each allowed pixel, as for pictures
_TYPES = (2, 4, 8)  # bytes of a float
_SAVE = "save an array (C, H, W) for each image"


def read_scores(data: bytes, size: Size | None, counts: tuple[int, ...]) -> npt.NDArray[Any]:
    """Scores (C, H, W), (H, W, C), or one of them in a batch of one -> class numbers (H, W) uint8 or uint16.

    ``counts`` are the numbers of classes that there may be; without any, the array's sides tell them. ``size`` is the
    image's, if known. Raises SampleError: ``scores.*``, ``npy.corrupt``, ``npz.*``, ``size.mismatch``,
    ``limit.pixels``.
    """
    if not is_array(data):
        raise SampleError("scores.type", f"the file is no .npy or .npz, beside arrays of scores; {_SAVE}")
    header = stored(data, KNOWN)
    axis, found = _planes(header, counts)
    if size is not None and found != size:
        text = "the scores are {}×{} (height×width), the JSON says {}×{}".format(*found, *size)
        raise SampleError("size.mismatch", f"{text}; resize them as the model's evaluation does, then save them")
    array = read_array(data, header)
    return best_classes(np.moveaxis(array.reshape(array.shape[-3:]), axis, 0))


def scores_size(path: str, counts: tuple[int, ...]) -> Size:
    """(height, width) of a file. Raises as ``read_scores`` does, and ``file.*``."""
    head = read_head(path, _HEAD)
    return _planes(stored(read_file(path) if is_packed(head) else head, KNOWN), counts)[1]


def are_scores(data: bytes) -> bool:
    """Whether an array, by the beginning of a .npy or by a whole .npz, is one of scores. Raises SampleError."""
    header = stored(data, KNOWN)
    return header.dtype.kind == "f" and len(header.shape) > 2


def counts_of(values: Values) -> tuple[int, ...]:
    """The numbers of channels that scores may have for these values: one for each, or for void behind them too.

    >>> counts_of(Values("class", ((0, 0), (1, 1)), (2, 255), (7, 8), (None, None)))
    (2, 3)
    """
    if not values.rows:
        return ()
    most = max(value for value, _ in values.rows) + 1
    return (most, *(value + 1 for value in _silent_from(most, values)))


def _silent_from(first: int, values: Values) -> Iterator[int]:
    return takewhile(lambda value: value in values.silent, range(first, NUMBERS))


def _planes(header: Stored, counts: tuple[int, ...]) -> tuple[int, Size]:
    """The axis of the classes in the last three, and the size of the picture. Raises SampleError."""
    shape = _checked_shape(header)
    axis = _axis(header, shape, counts)
    size = (shape[1], shape[2]) if axis == 0 else (shape[0], shape[1])
    check_pixels(size)
    if header.bytes > _BYTES * allowed_pixels():
        text = f"{header}, {header.bytes:,} bytes, more than the {_BYTES * allowed_pixels():,} allowed"
        raise SampleError("limit.pixels", f"{text}; save them as float16, or allow more with --max-pixels")
    return axis, size


def _checked_shape(header: Stored) -> tuple[int, int, int]:
    dtype, shape = header.dtype, header.shape
    if header.member == _ONE_HOT:
        text = f"{header}, one-hot labels in which void is 0 everywhere, which scores can't tell from class 0"
        raise SampleError("scores.type", f"{text}; read the labels that it was made from")
    if dtype.kind != "f" or dtype.itemsize not in _TYPES:
        raise SampleError("scores.type", f"{header}, expected float16, float32 or float64; convert it, and save it")
    if len(shape) == 4 and shape[0] > 1:
        raise SampleError("scores.batch", f"{header}, a batch of {shape[0]} images; {_SAVE}")
    shape = shape[1:] if len(shape) == 4 else shape
    if len(shape) != 3 or min(shape) < 1:
        raise SampleError("scores.shape", f"{header}, expected (C, H, W) or (H, W, C); {_SAVE}")
    return shape[0], shape[1], shape[2]


def _axis(header: Stored, shape: tuple[int, int, int], counts: tuple[int, ...]) -> int:
    """The axis of the classes, 0 or 2. Raises SampleError ``scores.axis``, ``scores.classes``, ``scores.one``."""
    first, middle, last = shape
    if counts:
        found = [axis for axis in (0, 2) if shape[axis] in counts]
    else:
        found = [0] * (first < min(middle, last)) + [2] * (last < min(first, middle))
    if 1 in (first, last) and (not counts or not found):
        text = f"{header}, one score for each pixel, and the threshold that makes it a mask is not known"
        raise SampleError("scores.one", f"{text}; save a map of class numbers, 0 and 1, instead")
    if counts and not found:
        text = f"{header}, and no side is {counts[0]}, the number of classes of the labels"
        raise SampleError("scores.classes", f"{text}; name the labels that the model was trained with")
    if len(found) != 1 or shape[found[0]] > NUMBERS:
        text = f"{header}, and it is not clear which side is that of the classes"
        raise SampleError("scores.axis", f"{text}; save it as a class map (H, W) of whole numbers")
    return found[0]
