"""Encodings of class and instance in the channels of a picture: ADE20K, SYNTHIA, BDD100K."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.errors import SampleError
from cocoseg.files import png
from cocoseg.files.png import Header

Numbers = npt.NDArray[Any]
Size = tuple[int, int]

_RGB, _RGBA = 2, 6
_IGNORED, _CROWD = 1, 2  # bits of BDD100K's attributes


def ade(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class (R // 10) · 256 + G and instance B of a colour R + 256 G + 65536 B.

    >>> ade(np.array([[110, 162, 5]]) @ [1, 256, 65536])
    (array([2978]), array([5]))
    """
    return (values & 255) // 10 * 256 + (values >> 8 & 255), values >> 16


def read_ade(data: bytes, size: Size | None = None) -> npt.NDArray[np.uint32]:
    """8-bit RGB -> (H, W) uint32, R + 256 G + 65536 B. Raises SampleError: ``png.*``, ``size.*``, ``limit.pixels``."""
    ade_header(data)
    return ids_from_rgb(png.read_picture(data, size))


def ade_header(data: bytes) -> Header:
    """The header of such a picture. Raises SampleError: ``png.*``."""
    return _header(data, _RGB, 8, "ADE20K's _seg.png is 8-bit RGB (class from R and G, instance from B)")


def synthia(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class and instance of class + 65536 · instance.

    >>> synthia(np.array([8 + 65536 * 300, 3]))
    (array([8, 3]), array([300,   0]))
    """
    return values & 0xFFFF, values >> 16


def read_synthia(data: bytes, size: Size | None = None) -> npt.NDArray[np.uint32]:
    """16-bit RGB -> (H, W) uint32, R + 65536 G. Raises SampleError: ``png.*``, ``size.*``, ``limit.pixels``."""
    header = synthia_header(data)
    png.check_picture(header, size, data)
    picture = png.decode(data, header, "rgb")
    numbers: npt.NDArray[np.uint32] = picture[..., 0] | picture[..., 1].astype(np.uint32) << np.uint32(16)
    return numbers


def synthia_header(data: bytes) -> Header:
    """The header of such a picture. Raises SampleError: ``png.*``."""
    text = "SYNTHIA's labels are 16-bit RGB (R the class, G the instance), those in colour are made to be looked at"
    return _header(data, _RGB, 16, text)


def bdd(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class R and instance 256 B + A of a colour R + 256 G + 65536 B + 2^24 A.

    >>> bdd(np.array([35 + 65536 * 1 + 2**24 * 2]))
    (array([35]), array([258]))
    """
    return values & 255, (values >> 16 & 255) << 8 | values >> 24


def bdd_again(classes: Numbers, numbers: Numbers) -> Numbers:
    """The ids that BDD100K's ``to_coco_panseg`` gives: the instance numbers, and for stuff its class.

    >>> bdd_again(np.array([7, 35]), np.array([0, 258]))
    array([  7, 258])
    """
    return np.where(numbers > 0, numbers, classes)


def bdd_crowd(values: Numbers) -> npt.NDArray[np.bool_]:
    """Whether runs (R,) are marked as crowds, or to be ignored, which BDD100K's converters take for crowds too."""
    marked: npt.NDArray[np.bool_] = (values >> 8 & (_IGNORED | _CROWD)) > 0
    return marked


def read_bdd(data: bytes, size: Size | None = None) -> npt.NDArray[np.uint32]:
    """8-bit RGBA -> (H, W) uint32, R + 256 G + 65536 B + 2^24 A. Raises SampleError: ``png.*``, ``size.*``."""
    bdd_header(data)
    picture = np.ascontiguousarray(png.read_picture(data, size))
    return picture.view("<u4")[..., 0].astype(np.uint32, copy=False)


def bdd_header(data: bytes) -> Header:
    """The header of such a picture. Raises SampleError: ``png.*``."""
    text = (
        "BDD100K's bitmasks are 8-bit RGBA (R the class, G attributes, B and A the instance), its colormaps no labels"
    )
    return _header(data, _RGBA, 8, text)


def _header(data: bytes, color_type: int, bit_depth: int, expected: str) -> Header:
    header = png.read_header(data)
    if (header.color_type, header.bit_depth) != (color_type, bit_depth):
        raise SampleError("png.mode", f"the PNG is {header.mode}; {expected}; get the picture as the data set has it")
    return header
