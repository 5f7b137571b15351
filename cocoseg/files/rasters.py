"""Label pictures that are not PNGs: TIFF, BMP and JPEG through Pillow, ``.npy`` and ``.npz`` through numpy.

The header is checked before memory is taken for pixels. JPEG, and TIFF that is packed as JPEG, changes numbers and
colours, so it is read only where the caller will take the nearest ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError
from cocoseg.files.arrays import Stored, check_length, is_array, read_array, stored
from cocoseg.files.pillow import opened
from cocoseg.limits import MOST_PIXELS, allowed_pixels, excess

if TYPE_CHECKING:
    import PIL.Image

Kind = Literal["TIFF", "BMP", "JPEG", "npy", "npz"]

_HEADS: dict[bytes, Kind] = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"\xff\xd8\xff": "JPEG",
    b"\x93NUMPY": "npy",
    b"PK\3\4": "npz",
}
_NUMBERS = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")
_COLORS = ("RGB", "RGBA", "LA")
_MOST = (1 << 16) - 1
_LARGE = 1 << 25  # pixels from which a file must be large too
_PACKED = 4096  # more pixels than any of TIFF's usual packings puts into a byte
_WHITE_IS_ZERO, _FLOAT = 0, 3
_SUBFILE, _BITS, _PHOTOMETRIC, _ORIENTATION, _FORMAT = 254, 258, 262, 274, 339  # tags of TIFF
_SMALLER = 1 | 4  # a page of fewer pixels, or one that masks another
_JPEG = ("jpeg", "tiff_jpeg", "webp", "jpeg2000")
_PAGES = 64  # that are looked at


class Raster(NamedTuple):
    """Numbers (H, W) uint8 or uint16, or colours (H, W, 3) uint8; a palette's colours (n, 3) lie beside its indices."""

    pixels: npt.NDArray[Any]
    palette: npt.NDArray[np.uint8] | None = None


def kind(data: bytes) -> Kind | None:
    """Which of these a file is, by its first bytes; None for any other.

    >>> kind(b"BM6"), kind(b"GIF8")
    ('BMP', None)
    """
    return next((name for head, name in _HEADS.items() if data.startswith(head)), None)


def raster_size(data: bytes) -> tuple[int, int]:
    """(height, width) from the header of a whole file. Raises as ``read_raster`` does."""
    if is_array(data):
        height, width = _array_header(data).shape
        return height, width
    with opened(data, str(kind(data)), "image.corrupt") as picture:
        return picture.height, picture.width


def read_raster(data: bytes, size: tuple[int, int] | None = None, lossy: bool = False) -> Raster:
    """The pixels of a file; ``size`` is the expected size, if known. ``lossy`` takes what JPEG has changed.

    Raises SampleError: ``image.corrupt``, ``image.mode``, ``png.format`` for a JPEG, ``npy.*``, ``npz.*``,
    ``size.mismatch``, ``limit.pixels``.
    """
    if is_array(data):
        return Raster(_read_array(data, size))
    with opened(data, str(kind(data)), "image.corrupt") as picture:
        _check_size((picture.height, picture.width), size, len(data))
        _check_losses(picture, lossy)
        if picture.format == "TIFF":
            _check_tiff(picture)
        return _decoded(picture)


def _check_size(found: tuple[int, int], expected: tuple[int, int] | None, length: int) -> None:
    height, width = found
    if expected is not None and found != expected:
        text = f"the picture is {height}×{width} (height×width), the JSON says {expected[0]}×{expected[1]}"
        raise SampleError("size.mismatch", f"{text}; one of the two belongs to another image")
    if height * width > max(MOST_PIXELS, allowed_pixels()):
        text = f"the picture's header says {height}×{width} pixels, more than any label picture"
        raise SampleError("limit.pixels", text)
    if much := excess(height * width):
        raise SampleError("limit.pixels", f"the picture has {much}")
    if height * width > _LARGE and height * width > _PACKED * length:
        text = f"the picture's header says {height * width:,} pixels, which {length:,} bytes can't hold"
        raise SampleError("limit.pixels", f"{text}; get the file again")


def _check_losses(picture: PIL.Image.Image, lossy: bool) -> None:
    inside = picture.format == "TIFF" and picture.info.get("compression") in _JPEG
    if not lossy and (inside or picture.format == "JPEG"):
        text = f"the file is a {'TIFF packed as JPEG' if inside else 'JPEG'}, whose compression changes numbers"
        advice = "so they are not labels; get them as PNG, or take the nearest listed ones with --tolerance"
        raise SampleError("png.format", f"{text}, {advice}")


def _check_tiff(picture: PIL.Image.Image) -> None:
    """Refuse what tools read differently. Raises SampleError ``image.mode``."""
    tags = vars(picture)["tag_v2"]
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO and picture.mode not in _COLORS:
        raise SampleError(
            "image.mode", "in this TIFF 0 is white, so tools disagree on its numbers; save it with 0 as black"
        )
    if tags.get(_ORIENTATION, 1) != 1:
        raise SampleError("image.mode", "the TIFF is to be turned by its orientation; save it upright")
    if picture.mode in _COLORS and max(tags.get(_BITS, (8,))) != 8:
        raise SampleError("image.mode", f"the TIFF has colours of {max(tags[_BITS])} bits, expected 8; save it as PNG")
    if pages := _pages(picture):
        text = f"the TIFF has {pages + 1} pages or more, expected one"
        raise SampleError("image.mode", f"{text}; save each as a file of its own")
    picture.seek(0)


def _pages(picture: PIL.Image.Image) -> int:
    """How many of the first pages are neither the first nor a smaller form of another."""
    found = 0
    for page in range(1, _PAGES):
        try:
            picture.seek(page)
        except EOFError:
            break
        found += not vars(picture)["tag_v2"].get(_SUBFILE, 0) & _SMALLER
    return found


def _decoded(picture: PIL.Image.Image) -> Raster:
    mode, bits = picture.mode, _bits(picture)
    if mode not in (*_NUMBERS, *_COLORS):
        text = f"the {picture.format} is a picture of mode {mode}, expected whole numbers, a palette, or RGB"
        raise SampleError("image.mode", f"{text}; save it as PNG")
    picture.load()
    if mode in _COLORS:
        return Raster(_opaque(np.asarray(picture)))
    if mode == "P":
        colors = np.array(picture.getpalette("RGB") or (), np.uint8).reshape(-1, 3)
        return Raster(np.asarray(picture), colors)
    pixels = np.asarray(picture)
    # Pillow stretches grey of 2 and 4 bits to 0..255
    return Raster(_small(pixels // np.uint8(255 // ((1 << bits) - 1)) if mode == "L" and bits in (2, 4) else pixels))


def _bits(picture: PIL.Image.Image) -> int:
    return int(vars(picture)["tag_v2"].get(_BITS, (1,))[0]) if picture.format == "TIFF" else 8


def _opaque(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The colours (H, W, 3) of a picture with or without alpha. Raises SampleError ``image.mode``."""
    if pixels.shape[2] in (2, 4) and int(pixels[..., -1].min(initial=255)) < 255:
        raise SampleError("image.mode", "the picture has pixels that are not opaque; save it without alpha")
    return np.repeat(pixels[..., :1], 3, axis=2) if pixels.shape[2] == 2 else np.ascontiguousarray(pixels[..., :3])


def _small(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers (H, W) as uint8 or uint16. Raises SampleError ``id.range``."""
    low, high = (int(pixels.min()), int(pixels.max())) if pixels.size else (0, 0)
    if low < 0 or high > _MOST:
        text = f"the picture holds {low if low < 0 else high}, expected 0 to {_MOST}"
        raise SampleError("id.range", f"{text}; write void as 255, and other numbers as they are listed")
    narrow = high <= 255 and pixels.dtype.itemsize != 2
    return pixels.astype(np.uint8 if narrow or pixels.dtype == np.bool_ else np.uint16, copy=False)


def _array_header(data: bytes) -> Stored:
    """The header of a map of numbers. Raises SampleError ``npy.*``, ``npz.*``."""
    header = stored(data)
    if len(header.shape) != 2 or header.dtype.kind not in "iub" or min(header.shape) < 1:
        text = f"{header}, expected whole numbers or bool of the shape (H, W)"
        raise SampleError("npy.shape", f"{text}; save one map of class numbers in each file")
    return header


def _read_array(data: bytes, size: tuple[int, int] | None) -> npt.NDArray[Any]:
    header = _array_header(data)
    check_length(data, header)
    _check_size((header.shape[0], header.shape[1]), size, len(data))
    return np.ascontiguousarray(_small(read_array(data, header)))
