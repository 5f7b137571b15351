"""Mask PNGs, many of one image, into one pack of runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cocoseg.codecs import rle
from cocoseg.codecs.rle import Runs
from cocoseg.errors import SampleError
from cocoseg.files.png import read_mask


def decode_masks(pictures: Mapping[str, bytes], size: tuple[int, int]) -> Runs:
    """PNGs by their names -> Runs, one mask after the other, so that no more than one is held.

    Raises SampleError, its message beginning with the name.
    """
    packs = [_decode(name, data, size) for name, data in pictures.items()]
    none = rle.pack(np.zeros(0, np.int64), np.zeros(1, np.int64), size)
    return rle.concatenate([none, *packs])


def _decode(name: str, data: bytes, size: tuple[int, int]) -> Runs:
    try:
        return rle.encode(read_mask(data, size)[None])
    except SampleError as error:
        raise error.at(name) from None
