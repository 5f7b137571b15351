"""Label pictures of any kind of file, PNG, TIFF, BMP or .npy, as numbers (H, W) or as colours (H, W).

Index maps that were saved as three equal channels are index maps. A colour is R + 256 G + 65536 B, as in panoptic PNGs;
grey is the colour of three equal channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from cocoseg.codecs.panoptic import ids_from_rgb
from cocoseg.errors import SampleError
from cocoseg.files import png
from cocoseg.files.png import HEADER_BYTES, Header, read_header
from cocoseg.files.png.chunks import SIGNATURE, chunks
from cocoseg.files.png.labels import read_label_header, read_labels
from cocoseg.files.rasters import Raster, kind, raster_size, read_raster
from cocoseg.files.reading import read_file, read_head

Numbers = npt.NDArray[Any]
Size = tuple[int, int]

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_GREYS = 0x010101  # times a grey value is its colour
_BYTE = 8
_COLORED = (
    "if a colour stands for each class, name the table of the colours with --colors; if R is the category and G the "
    "instance, read it with --from two-channel; if its colours are segment ids, with its panoptic JSON"
)


def read_numbers(data: bytes, size: Size | None = None, lossy: bool = False) -> Numbers:
    """A picture of numbers: (H, W) uint8 or uint16. ``lossy`` takes a JPEG.

    Raises SampleError: ``png.*``, ``image.*``, ``npy.*``, ``size.mismatch``, ``limit.pixels``, ``id.range``.
    """
    if kind(data):
        return _one_channel(read_raster(data, size, lossy))
    header = numbers_header(data)
    if header.color_type in (_GREY, _PALETTE):
        return read_labels(data, size)
    png.check_picture(header, size, data)
    return _equal(_channels(data, header))


def numbers_header(data: bytes) -> Header:
    """The header of a PNG of numbers, which may have several channels. Raises SampleError: ``png.*``."""
    if not data.startswith(SIGNATURE):
        return read_label_header(data)
    header = read_header(data)
    several = header.color_type in (_RGB, _GREY_ALPHA, _RGBA) and header.bit_depth == _BYTE
    return header if several else read_label_header(data)


def read_colors(data: bytes, size: Size | None = None, lossy: bool = False) -> npt.NDArray[np.uint32]:
    """A picture of colours: (H, W) uint32. Raises as ``read_numbers`` does."""
    if kind(data):
        return _colors_of(read_raster(data, size, lossy))
    header = colors_header(data)
    if header.color_type == _PALETTE:
        return _looked_up(read_labels(data, size), palette_of(data))
    if header.color_type == _GREY:
        return _of_grey(read_labels(data, size) * np.uint8(255 // ((1 << header.bit_depth) - 1)))
    png.check_picture(header, size, data)
    return ids_from_rgb(_channels(data, header))


def colors_header(data: bytes) -> Header:
    """The header of a PNG of colours. Raises SampleError: ``png.*``."""
    header = numbers_header(data)
    if header.bit_depth > _BYTE:
        text = f"the PNG is {header.mode}, expected colours of 8 bits"
        raise SampleError("png.mode", f"{text}; if it holds class numbers, read it with --from semantic")
    return header


def picture_size(path: str, header: Callable[[bytes], Header], length: int = HEADER_BYTES) -> Size:
    """(height, width) of a picture, of a PNG from its ``header`` of this length. Raises as
    these do, and ``file.*``.
    """
    head = read_head(path, length)
    return raster_size(read_file(path)) if kind(head) else header(head).size


def is_turned(data: bytes) -> bool:
    """Whether a palette PNG shows 0 as white and 1 as black, as programs of images may save a mask."""
    return has_palette(data) and palette_of(data)[:2].tobytes() == b"\xff\xff\xff\0\0\0"


def has_palette(head: bytes) -> bool:
    """Whether a file that begins so is a PNG of palette indices. Raises SampleError ``png.*``."""
    return head.startswith(SIGNATURE) and read_header(head).color_type == _PALETTE


def verify(data: bytes) -> None:
    """Check of a PNG what its fast decoder does not. Raises SampleError ``png.corrupt``."""
    if data.startswith(SIGNATURE):
        png.verify_stream(data)


def _channels(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    """A PNG of 8-bit RGB, RGBA or grey with alpha: (H, W, 3 or 4). Raises SampleError ``png.mode`` if not opaque."""
    if header.color_type == _RGB:
        found: npt.NDArray[np.uint8] = png.decode(data, header, "rgb")
        return found
    pixels = png.decode(data, header, "rgba") if header.color_type == _RGBA else png.decode_slowly(data)[0]
    if int(pixels[..., -1].min(initial=255)) < 255:
        png.verify_stream(data)  # if the file is damaged, that is the better explanation
        text = "alpha may be a part of its numbers; if it means nothing, drop the alpha and save it again"
        raise SampleError("png.mode", f"the PNG is {header.mode} and not opaque; {text}")
    return np.repeat(pixels[..., :1], 3, axis=2) if header.color_type == _GREY_ALPHA else pixels


def _one_channel(raster: Raster) -> Numbers:
    return raster.pixels if raster.pixels.ndim == 2 else _equal(raster.pixels)


def _equal(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The one channel (H, W) of three that are equal (H, W, 3). Raises SampleError ``png.mode``."""
    first = np.ascontiguousarray(pixels[..., 0])
    if not (np.array_equal(first, pixels[..., 1]) and np.array_equal(first, pixels[..., 2])):
        text = "the picture has colours, expected one channel (grey or palette) or three that are equal"
        raise SampleError("png.mode", f"{text}; {_COLORED}")
    return first


def _colors_of(raster: Raster) -> npt.NDArray[np.uint32]:
    if raster.pixels.ndim == 3:
        return ids_from_rgb(raster.pixels)
    return _of_grey(raster.pixels) if raster.palette is None else _looked_up(raster.pixels, raster.palette)


def _of_grey(values: Numbers) -> npt.NDArray[np.uint32]:
    """The colours of grey values. Raises SampleError ``id.range`` above 255."""
    if values.dtype != np.uint8 and int(values.max(initial=0)) > 255:
        raise SampleError("id.range", f"the picture has grey {values.max()}, expected a colour of 8 bits")
    return np.asarray(values * np.uint32(_GREYS))


def _looked_up(indices: Numbers, palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    highest = int(indices.max(initial=0))
    if highest >= len(palette):
        raise SampleError("png.corrupt", f"the palette has {len(palette)} colours, a pixel wants {highest}")
    return np.asarray(ids_from_rgb(palette[None])[0][indices])


def palette_of(data: bytes) -> npt.NDArray[np.uint8]:
    """The colours of a palette PNG: (n, 3)."""
    found = next((data[start + 8 : end - 4] for name, start, end in chunks(data) if name == b"PLTE"), b"")
    return np.frombuffer(found[: len(found) // 3 * 3], np.uint8).reshape(-1, 3)
