"""Encodings of class and instance in the number of a pixel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.codecs.regions import runs
from cocoseg.errors import SampleError
from cocoseg.files import png
from cocoseg.files.png import HEADER_BYTES, Header
from cocoseg.files.png.labels import read_label_header, read_labels
from cocoseg.files.png.runs import PictureRuns, label_runs, rgb_runs, rgba_runs
from cocoseg.formats.maps import channels, mat
from cocoseg.formats.maps.kinds import colors_header, numbers_header, read_colors, read_numbers
from cocoseg.formats.maps.scores import SCORES, read_scores

Numbers = npt.NDArray[Any]
Size = tuple[int, int]

_RGB = (2, 6)
_OPAQUE = 255
_WIDE = 16  # bits
_TINY = 256  # pixels that say nothing
_PHOTO = 0.2  # share of pixels that differ from the one before; label pictures have a few per cent


def no_runs(data: bytes, size: Size | None = None) -> PictureRuns | None:
    """What is never read as runs."""
    return None


def wide_runs(data: bytes, size: Size | None = None) -> PictureRuns | None:
    """Runs of numbers that need 16 bits, or None."""
    found = label_runs(data, size)
    return found if found is None or found.values.dtype == np.uint16 else None


def two_channel_runs(data: bytes, size: Size | None = None) -> PictureRuns | None:
    """Runs of R + 256 G of a 2-channel PNG without alpha, or None."""
    found = rgb_runs(data, size)
    return found if found is None or int(found.values.max()) <= 0xFFFF else None


class Code(NamedTuple):
    """How to read the numbers of a picture, and what they mean.

    ``read(png, size)`` gives the numbers (H, W); ``header(png)`` checks the kind of picture without decoding it.
    ``split(numbers)`` gives the class values (R,) of runs (R,) and their instance numbers (R,), or None if there are
    none. ``zero_is_crowd``: instance number 0 stands for a crowd. ``zero_is_void``: only the number 0 as a whole is
    void, and void has no instances. ``join(classes, numbers)`` gives the numbers of pixels again, if they are ids of
    segments. ``crowd(numbers)`` says which runs (R,) are marked as crowds. ``header`` needs the first ``head`` bytes.
    ``needs`` is a package that comes with an extra. ``runs(png, size)`` gives the runs of those numbers, or None where
    ``read`` has to look at the picture.
    """

    read: Callable[[bytes, Size | None], Numbers]
    header: Callable[[bytes], Header]
    split: Callable[[Numbers], tuple[Numbers, Numbers | None]]
    zero_is_crowd: bool = True
    zero_is_void: bool = False
    join: Callable[[Numbers, Numbers], Numbers] | None = None
    crowd: Callable[[Numbers], npt.NDArray[np.bool_]] | None = None
    head: int = HEADER_BYTES
    needs: str = ""
    runs: Callable[[bytes, Size | None], PictureRuns | None] = no_runs


def read_runs(code: Code, data: bytes, size: Size | None) -> PictureRuns:
    """The numbers of a picture as runs. Raises what ``code.read`` raises."""
    found = code.runs(data, size)
    if found is None:
        picture = code.read(data, size)
        found = PictureRuns((picture.shape[0], picture.shape[1]), *runs(picture.reshape(-1)))
    return found


def plain(values: Numbers) -> tuple[Numbers, None]:
    """The class alone, without instances.

    >>> plain(np.array([7, 11]))
    (array([ 7, 11]), None)
    """
    return values, None


def thousands(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class · 1000 + n, or the class alone for stuff and for groups of things: Cityscapes, IDD.

    >>> thousands(np.array([7, 26, 26000, 26001]))
    (array([ 7, 26, 26, 26]), array([0, 0, 1, 2]))
    """
    one = values >= 1000
    return np.where(one, values // 1000, values), np.where(one, values % 1000 + 1, 0)


def thousands_again(classes: Numbers, numbers: Numbers) -> Numbers:
    """The numbers that ``thousands`` splits, which are the ids of segments in Cityscapes' panoptic pictures.

    >>> thousands_again(np.array([7, 26, 26]), np.array([0, 0, 2]))
    array([    7,    26, 26001])
    """
    return np.where(numbers > 0, classes * 1000 + numbers - 1, classes)


def by_256(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class · 256 + n, where n = 0 is no instance: KITTI.

    >>> by_256(np.array([7 * 256, 26 * 256 + 3]))
    (array([ 7, 26]), array([0, 3]))
    """
    return values >> 8, values & 255


def by_256_from_0(values: Numbers) -> tuple[Numbers, Numbers]:
    """Class · 256 + n, where n = 0 is an instance too: Mapillary Vistas.

    >>> by_256_from_0(np.array([7 * 256, 26 * 256 + 3]))
    (array([ 7, 26]), array([1, 4]))
    """
    return values >> 8, (values & 255) + 1


def two_channel(values: Numbers) -> tuple[Numbers, Numbers]:
    """R is the class, G the instance number of a colour R + 256 G.

    >>> two_channel(np.array([7, 26 + 256 * 3]))
    (array([ 7, 26]), array([0, 3]))
    """
    return values & 255, values >> 8


def read_wide(data: bytes, size: Size | None = None) -> Numbers:
    """A picture of numbers (H, W) with class and instance in one. Raises SampleError: ``png.*``, ``size.*``."""
    wide_header(data)
    return read_labels(data, size)


def wide_header(data: bytes) -> Header:
    """The header of such a picture, whose numbers do not fit 8 bits. Raises SampleError: ``png.*``."""
    header = read_label_header(data)
    if header.bit_depth != _WIDE:
        text = "expected 16-bit grey, as the numbers of class and instance do not fit less"
        raise SampleError("png.mode", f"the PNG is {header.mode}, {text}; get the picture as the data set has it")
    return header


def read_two_channel(data: bytes, size: Size | None = None) -> npt.NDArray[np.uint32]:
    """8-bit RGB whose blue is 0: PNG bytes -> (H, W) uint32, R + 256 G. Raises SampleError: ``png.*``, ``size.*``."""
    two_channel_header(data)
    picture = png.read_picture(data, size)
    if picture.shape[2] == 4 and int(picture[..., 3].min()) < _OPAQUE:
        png.verify_stream(data)  # if the file is damaged, that is the better explanation
        raise _alpha(picture[..., 3])
    pixels = ids_from_rgb(picture)
    if int(pixels.max(initial=0)) > 0xFFFF:
        png.verify_stream(data)  # if the file is damaged, that is the better explanation
        raise _blue(pixels)
    return pixels


def two_channel_header(data: bytes) -> Header:
    """The header of a 2-channel PNG. Raises SampleError: ``png.*``."""
    header = png.read_header(data)
    if header.color_type not in _RGB or header.bit_depth != 8:
        text = "a 2-channel PNG is 8-bit RGB (R the category id, G the instance, B 0); read class maps with"
        raise SampleError("png.mode", f"the PNG is {header.mode}; {text} --from semantic")
    return header


def is_photo(picture: npt.NDArray[np.uint8]) -> bool:
    """Whether a picture of colours (H, W, 3) or (H, W, 4) is a photo: its colours, blue too, change all the time."""
    return bool(picture[..., 2].any()) and is_noisy(ids_from_rgb(picture))


def is_noisy(values: Numbers) -> bool:
    """Whether the values of a picture (H, W) change from pixel to pixel, as in a photo."""
    flat = values.reshape(-1)
    return flat.size > _TINY and int(np.count_nonzero(flat[1:] != flat[:-1])) > _PHOTO * flat.size


def _alpha(alpha: npt.NDArray[np.uint8]) -> SampleError:
    values = np.unique(alpha)
    found = f"the PNG has {len(values)} values of alpha, {values[0]} to {values[-1]}; a 2-channel PNG is opaque"
    advice = (
        "alpha holds part of the instance number in BDD100K's bitmasks: give the panoptic JSON that BDD100K's "
        "to_coco_panseg makes of them; if alpha means nothing here, save the pictures without it"
    )
    return SampleError("png.mode", f"{found}; {advice}")


def _blue(pixels: npt.NDArray[np.uint32]) -> SampleError:
    first = int(pixels[pixels > 0xFFFF][0])
    red, green, blue = (first >> shift & 255 for shift in (0, 8, 16))
    found = f"the PNG has colour ({red}, {green}, {blue}), but blue is 0 in a 2-channel PNG"
    advice = "it looks like a panoptic PNG: give its panoptic JSON instead of the folder"
    if is_noisy(pixels):
        advice = "it looks like a photo: give the folder of the labels"
    return SampleError("png.mode", f"{found}; {advice}")


ALONE = ("plain", "numbers")  # codes of class numbers alone
COLORS = "colors"
CODES = {
    "plain": Code(read_labels, read_label_header, plain, runs=label_runs),
    "numbers": Code(read_numbers, numbers_header, plain, runs=label_runs),
    "numbers-lossy": Code(partial(read_numbers, lossy=True), numbers_header, plain),
    "colors": Code(read_colors, colors_header, plain, runs=rgb_runs),
    "colors-lossy": Code(partial(read_colors, lossy=True), colors_header, plain),
    "thousands": Code(read_wide, wide_header, thousands, join=thousands_again, runs=wide_runs),
    "by-256": Code(read_wide, wide_header, by_256, runs=wide_runs),
    "by-256-from-0": Code(read_wide, wide_header, by_256_from_0, runs=wide_runs),
    SCORES: Code(partial(read_scores, counts=()), numbers_header, plain),
    "ade": Code(channels.read_ade, channels.ade_header, channels.ade, zero_is_crowd=False, runs=rgb_runs),
    "synthia": Code(channels.read_synthia, channels.synthia_header, channels.synthia),
    "bdd": Code(
        channels.read_bdd,
        channels.bdd_header,
        channels.bdd,
        join=channels.bdd_again,
        crowd=channels.bdd_crowd,
        runs=rgba_runs,
    ),
    "mat": Code(mat.read_mat, mat.mat_header, plain, head=mat.MOST_BYTES, needs="scipy"),
    "two-channel": Code(
        read_two_channel,
        two_channel_header,
        two_channel,
        zero_is_crowd=False,
        zero_is_void=True,
        runs=two_channel_runs,
    ),
}
