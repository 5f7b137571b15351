"""Label Studio's run lengths of a brush, a stream of bits::

    32 number of words, 5 bits of a word - 1, four times 4 bits of a run's length - 1
    blocks: 1 repeats?, 2 which of the four, length - 1, then one word if it repeats, else as many as the length

Words are the bytes of a picture (height, width, RGBA), row by row; the mask is its alpha.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.pixels import check_pixels
from cocoseg.errors import SampleError, show

_HEAD = 32 + 5 + 4 * 4
_CHANNELS = 4
_WORD = 8


def read_brush(rle: Sequence[int], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The ``rle`` of a region in an image (height, width) -> (H, W) bool.

    Work and memory are bounded by the image. Raises SampleError: ``rle.type``, ``rle.sum``, ``rle.truncated``,
    ``limit.pixels``.

    >>> rle = [0, 0, 0, 48, 57, 27, 254, 19, 0, 159, 254, 112, 9, 255, 227, 0, 0]
    >>> read_brush(rle, (3, 4)).astype(int)
    array([[0, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 0]])
    """
    check_pixels(size)
    words = size[0] * size[1] * _CHANNELS
    found = b"".join(_blocks(_bytes(rle), words, size))
    picture = np.frombuffer(found, np.uint8).reshape(*size, _CHANNELS)
    mask: npt.NDArray[np.bool_] = picture[..., -1] != 0
    return mask


def _bytes(rle: Sequence[int]) -> bytes:
    try:
        return bytes(rle)
    except (TypeError, ValueError):
        raise SampleError("rle.type", f"rle is {show(rle)}; expected a list of bytes, 0 to 255") from None


def _blocks(data: bytes, words: int, size: tuple[int, int]) -> Iterator[bytes]:
    """The words of each block. Raises SampleError."""
    lengths = _lengths(data, words, size)
    position, left = _HEAD, words
    while left:
        block = _bits(data, position, 3 + lengths[_bits(data, position, 3) & 3])
        width = lengths[_bits(data, position, 3) & 3]
        repeats, length = block >> width + 2, (block & (1 << width) - 1) + 1
        if length > left:
            raise SampleError("rle.sum", f"runs are longer than the {words} values of the image's {size} pixels")
        position += 3 + width
        taken = 1 if repeats else length
        found = _bits(data, position, taken * _WORD).to_bytes(taken, "big")
        yield found * length if repeats else found
        position, left = position + taken * _WORD, left - length


def _lengths(data: bytes, words: int, size: tuple[int, int]) -> list[int]:
    """The bits of a run's length, for each of the four kinds. Raises SampleError ``rle.*``."""
    head = _bits(data, 0, _HEAD)
    found, word = head >> _HEAD - 32, (head >> 16 & 31) + 1
    if found != words:
        text = f"rle has {found:,} values, but {size[0]}×{size[1]} pixels of 4 channels are {words:,}"
        raise SampleError("rle.sum", f"{text}; is it of an image of another size?")
    if word != _WORD:
        raise SampleError("rle.type", f"rle has words of {word} bits, expected {_WORD}")
    return [(head >> shift & 15) + 1 for shift in (12, 8, 4, 0)]


def _bits(data: bytes, start: int, count: int) -> int:
    """The number in these bits. Raises SampleError ``rle.truncated``."""
    end = start + count
    if end > 8 * len(data):
        raise SampleError("rle.truncated", "rle ends in the middle of a run; it was cut off, export it again")
    return int.from_bytes(data[start >> 3 : end + 7 >> 3], "big") >> (-end & 7) & (1 << count) - 1
