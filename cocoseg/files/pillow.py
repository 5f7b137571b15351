"""Opens pictures with Pillow, where no decoder of our own reads them, and writes JPEG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError

if TYPE_CHECKING:
    import PIL.Image


@contextmanager
def opened(data: bytes, kind: str, category: str) -> Iterator[PIL.Image.Image]:
    """Open a picture of a kind that Pillow knows, without its limit of pixels, as readers have their own.

    Raises SampleError of this category if the picture can't be decoded, in the block too.
    """
    from PIL import Image

    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=[kind]) as picture:
                yield picture
    except (MemoryError, SampleError):
        raise
    except Exception as error:
        raise SampleError(category, f"the {kind} can't be decoded ({error}); get the file again") from None
    finally:
        Image.MAX_IMAGE_PIXELS = before


def write_jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    r"""A picture of colours (H, W, 3) uint8 -> JPEG bytes; colours are as sharp as brightness.

    >>> write_jpeg(np.zeros((2, 3, 3), np.uint8))[:2]
    b'\xff\xd8'
    """
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=90, subsampling=0)
    return data.getvalue()


def write_webp(picture: npt.NDArray[np.uint8]) -> bytes:
    r"""A picture of colours (H, W, 3) uint8 -> a small WebP, for a page.

    >>> write_webp(np.zeros((2, 3, 3), np.uint8))[8:12]
    b'WEBP'
    """
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(picture).save(data, "WEBP", quality=72, method=4)
    return data.getvalue()


def resized(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """A picture of colours (H, W, 3) uint8 in another size (h, w): means of pixels, or a curve through them.

    >>> resized(np.full((4, 6, 3), 7, np.uint8), (2, 3)).shape
    (2, 3, 3)
    """
    from PIL import Image

    how = Image.Resampling.BOX if size[0] < picture.shape[0] else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(picture).resize(size[::-1], how))


def photo_ending(data: bytes) -> str:
    r"""The ending of a photo that is made of another one: that of PNG if this loses nothing, else that of JPEG.

    >>> photo_ending(b"\xff\xd8\xff"), photo_ending(b"BM")
    ('.jpg', '.png')
    """
    lossy = data.startswith(b"\xff\xd8") or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    return ".jpg" if lossy else ".png"


def write_photo(picture: PIL.Image.Image, ending: str) -> bytes:
    """A photo as PNG, which loses nothing, or as JPEG of quality 95; its colour profile stays, its EXIF does not.

    Raises SampleError ``image.mode`` for more bits than the file holds.
    """
    if picture.mode[0] in "IF" and (ending != ".png" or picture.mode not in _OF_PNG):
        text = f"the photo is a picture of mode {picture.mode}, with more than 8 bits"
        raise SampleError("image.mode", f"{text}; convert it to 8 bits, or to PNG of 16 bits")
    data, profile = io.BytesIO(), picture.info.get("icc_profile")
    if ending == ".png":
        plain = picture if picture.mode in _OF_PNG else picture.convert("RGB")
        plain.save(data, "PNG", icc_profile=profile, exif=b"")
    else:
        plain = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
        plain.save(data, "JPEG", quality=95, subsampling=0, icc_profile=profile, exif=b"")
    return data.getvalue()


_OF_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16")
