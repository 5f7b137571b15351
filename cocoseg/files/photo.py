"""Finds the photo of an image, which annotation files name but do not contain, and reads its size."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError, show
from cocoseg.files.names import relative_name, stem

if TYPE_CHECKING:
    import PIL.Image

ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG", ".webp", ".bmp", ".tif", ".tiff")
_OF_FORMATS = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}
_ORIENTATION = 0x0112  # EXIF's tag
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_BYTES = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}  # of the types of whole numbers in EXIF
_BACK = {6: 8, 8: 6}  # the others undo themselves


class PhotoSize(NamedTuple):
    """The size (height, width) of a photo as it is ``stored``, and its EXIF ``orientation``, 1 to 8.

    1 is upright. 2, 3 and 4 mirror the picture or turn it by 180 degrees; 5 to 8 swap its height and width.

    >>> PhotoSize((6, 8), 6).turned
    (8, 6)
    """

    stored: tuple[int, int]
    orientation: int = 1

    @property
    def fits_both(self) -> bool:
        """Whether the orientation changes the picture but not its size, which then does not tell if it is obeyed."""
        return self.orientation != 1 and self.stored == self.turned

    @property
    def turned(self) -> tuple[int, int]:
        """(height, width) as most viewers and annotation tools show the photo, which obey the orientation."""
        return self.stored[::-1] if self.orientation > 4 else self.stored


def find_photo(folder: str | os.PathLike[str], key: str, file_name: str = "") -> str:
    """The path of an image's photo in a folder on this machine.

    ``file_name`` is the photo's name in the annotation file, and ``key`` that of the labels. The photo has the former,
    or either of them with one of ``ENDINGS``. Names that lead out of the folder are not tried. Raises SampleError
    ``file.missing``.
    """
    for name in _names(key, file_name):
        path = os.path.join(os.fspath(folder), name)
        if os.path.isfile(path):
            return path
    names = " or ".join(dict.fromkeys(show(stem(name)) for name in (file_name or key, key)))
    text = f"no photo {names} with one of the endings {', '.join(ENDINGS)} in {show(folder, 300)}"
    raise SampleError("file.missing", f"{text}; is it the folder of the photos?")


def photo_size(path: str | os.PathLike[str]) -> PhotoSize:
    """The size of a photo on this machine, from its header; no pixel is decoded.

    Raises SampleError: ``file.missing``, ``image.corrupt``.
    """
    with open_photo(path) as photo:
        return size_in_header(photo)


def ending_of(name: str, format: str) -> str:
    """The ending by which a photo, of one of Pillow's formats, is read everywhere: that of its name if it is usual.

    >>> ending_of("a.JPG", "JPEG"), ending_of("a", "JPEG"), ending_of("1.2.840.3", "PNG"), ending_of("a.gif", "GIF")
    ('.JPG', '.jpg', '.png', '.gif')
    """
    ending = os.path.splitext(name)[1]
    return ending if ending.lower() in ENDINGS else _OF_FORMATS.get(format, f".{format.lower()}")


@contextmanager
def open_photo(photo: str | os.PathLike[str] | io.BytesIO) -> Iterator[PIL.Image.Image]:
    """Open a photo with Pillow, by its path or from its bytes.

    Raises SampleError: ``file.missing``; ``image.corrupt``, in the block too.
    """
    import PIL.Image

    name = "the photo" if isinstance(photo, io.BytesIO) else show(os.fspath(photo), 300)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)  # its annotation has such a size
            opened = PIL.Image.open(photo)
        with opened:
            yield opened
    except FileNotFoundError:
        raise SampleError("file.missing", f"{name} does not exist") from None
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        if isinstance(error, SampleError):
            raise
        why = type(error).__name__ if "_io.BytesIO" in str(error) else error  # whose address differs in each run
        raise SampleError("image.corrupt", f"{name} cannot be read as an image ({why})") from None


def size_in_header(photo: PIL.Image.Image) -> PhotoSize:
    """The size of a photo that Pillow has opened but not loaded."""
    width, height = photo.size
    if photo.format == "TIFF":  # the size may be the turned one already
        tags = vars(photo)["tag_v2"]
        width, height = tags[256], tags[257]
    return PhotoSize((height, width), orientation_of(photo))


def oriented(photo: PIL.Image.Image, orientation: int, turned: bool) -> PIL.Image.Image:
    """A photo's pixels, turned by the ``orientation`` that its header had, or as they are stored."""
    photo.load()
    is_turned = orientation_of(photo) != orientation  # Pillow turns TIFF by itself
    if turned == is_turned or orientation == 1:
        return photo
    return photo.transpose(_turn(orientation if turned else _BACK.get(orientation, orientation)))


def fits_turned(name: str, found: PhotoSize, size: tuple[int, int], prefer: bool = True) -> tuple[bool, bool]:
    """Whether a photo is to be turned by its orientation for an annotation of a size (height, width).

    The second value is true if the sizes agree both ways, so that ``prefer`` decided. ``name`` is for messages.
    Raises SampleError ``size.mismatch``.
    """
    if size not in (found.stored, found.turned):
        raise SampleError("size.mismatch", _mismatch(name, found, size))
    return (prefer, True) if found.fits_both else (size != found.stored, False)


def rgb_pixels(photo: PIL.Image.Image, name: str, found: PhotoSize, turned: bool) -> npt.NDArray[np.uint8]:
    """The pixels of a photo, turned by its orientation or not: (H, W, 3) uint8. Raises SampleError ``image.mode``."""
    mode, pixels = photo.mode, np.array(oriented(photo, found.orientation, turned).convert("RGB"))
    if mode[0] in "IF":  # Pillow has clipped the values at 255
        text = f"{name} is a picture of mode {mode}, with more than 8 bits"
        raise SampleError("image.mode", f"{text}; convert it to 8 bits")
    return pixels


def _mismatch(name: str, found: PhotoSize, size: tuple[int, int]) -> str:
    (height, width), (annotated, across) = found.stored, size
    text = f"{name} has {height}×{width} pixels (height × width)"
    if found.turned != found.stored:
        text += f", {width}×{height} when turned by its EXIF orientation"
    return f"{text}, its annotation {annotated}×{across}; they belong to different images"


def _turn(orientation: int) -> PIL.Image.Transpose:
    from PIL.Image import Transpose

    return Transpose[_TURNS[orientation]]


def orientation_of(photo: PIL.Image.Image) -> int:
    """What EXIF says in the header, or 1; loading turns a TIFF, which is then upright."""
    if photo.format == "TIFF":
        found = vars(photo)["tag_v2"].get(_ORIENTATION, 1)
    else:
        found = _orientation_in(photo.info.get("exif") or _late_exif(photo))
    return found if found in range(1, 9) else 1


def _orientation_in(exif: bytes) -> int:
    """The orientation that EXIF holds; 0 if there is none, or if it is damaged, which no pixel is the worse for."""
    data = exif.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    first = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[first : first + 2], order)
    for start in range(first + 2, min(first + 2 + 12 * count, len(data) - 11), 12):
        tag, kind = (int.from_bytes(data[at : at + 2], order) for at in (start, start + 2))
        if tag == _ORIENTATION:
            return int.from_bytes(data[start + 8 : start + 8 + _BYTES.get(kind, 0)], order)
    return 0


def _late_exif(photo: PIL.Image.Image) -> bytes:
    """The EXIF of a PNG that stands behind the pixels; the file's position stays."""
    file = getattr(photo, "fp", None)
    if photo.format != "PNG" or file is None:
        return b""
    position = file.tell()
    try:
        return _exif_chunk(file)
    finally:
        file.seek(position)


def _exif_chunk(file: IO[bytes]) -> bytes:
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"eXIf":
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
    return file.read(int.from_bytes(head[:4], "big")) if len(head) == 8 else b""


def _names(key: str, file_name: str) -> Iterator[str]:
    """Names to try, the likeliest first; a ``file_name`` that equals the key may be the name of the labels."""
    named = _inside(file_name)
    if named and named != key:
        yield named
    for name in filter(None, (named, key)):
        yield from (stem(name) + ending for ending in ENDINGS)


def _inside(name: str) -> str | None:
    """The name as a relative path, or None where it leads out of the folder."""
    try:
        return relative_name(name)
    except SampleError:
        return None
