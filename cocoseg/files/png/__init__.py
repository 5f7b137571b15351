"""Reads PNG pictures (W3C PNG specification, third edition); ``write`` writes them.

The header is checked before a pixel is decoded: a picture that is not 8-bit RGB, RGBA or palette, or whose size
differs from the annotation, is refused with a message, and no file can make the decoder reserve more memory than the
annotation's size allows. kornia-rs decodes RGB and RGBA, Pillow palettes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng

from cocoseg.errors import SampleError
from cocoseg.files.pillow import opened
from cocoseg.files.png.chunks import SIGNATURE, check_chunks, chunks
from cocoseg.limits import MOST_PIXELS, allowed_pixels, excess

HEADER_BYTES = 33

_LARGE = 1 << 25  # pixels from which a file is looked through before memory is taken for them
_SUSPICIOUS = 600  # bytes of a picture that a byte of the file unpacks to
_DEFLATE = 1032  # the most that a byte can unpack to
_PIECE = 1 << 18
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE = 3
_RGB = (2, 6)
_MODES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_FOREIGN = {b"\xff\xd8": "a JPEG", b"GIF8": "a GIF", b"BM": "a BMP", b"II*\0": "a TIFF", b"MM\0*": "a TIFF"}
_FOREIGN |= {b"RIFF": "a WebP", b"\0\0\0\x0cjP": "a JPEG 2000"}
# (left, top, step to the right, step down) of each pass
_WHOLE = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class Header(NamedTuple):
    """The first 33 bytes of a PNG. ``size`` is (height, width)."""

    size: tuple[int, int]
    bit_depth: int
    color_type: int

    @property
    def mode(self) -> str:
        """Depth and colour type in words, as in "16-bit grey"."""
        return f"{self.bit_depth}-bit {_MODES.get(self.color_type, 'unknown')}"


def read_header(data: bytes) -> Header:
    """The header of a PNG. Raises SampleError: ``png.corrupt``, ``png.format``, ``limit.pixels``."""
    if not data.startswith(SIGNATURE):
        raise _not_png(data)
    if len(data) < HEADER_BYTES or data[8:16] != b"\0\0\0\x0dIHDR":
        raise SampleError("png.corrupt", "the PNG is cut off in its header; get the file again")
    if zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big"):
        raise SampleError("png.corrupt", "the PNG's header has a wrong checksum; get the file again")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not width or not height:
        raise SampleError("png.corrupt", f"the PNG's header says {height}×{width} pixels; expected at least 1×1")
    if data[26] or data[27] or data[28] > 1:
        raise SampleError("png.corrupt", "the PNG's header names methods that PNG does not have; get the file again")
    if width * height > max(MOST_PIXELS, allowed_pixels()):
        raise SampleError("limit.pixels", f"the PNG's header says {height}×{width} pixels, more than any label picture")
    return Header((height, width), data[24], data[25])


def read_picture(data: bytes, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """A picture of ids: PNG bytes -> (H, W, 3) or (H, W, 4) uint8. ``size`` is that of the annotation, if known.

    Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``.
    """
    header = read_header(data)
    check_picture(header, size, data)
    if header.color_type != _PALETTE and (header.bit_depth != 8 or header.color_type not in _RGB):
        raise SampleError(
            "png.mode", f"the PNG is {header.mode}; a panoptic picture of ids is 8-bit RGB (R + 256·G + 65536·B)"
        )
    if header.color_type == _PALETTE:
        return _decode_palette(data)
    return decode(data, header, "rgb" if header.color_type == 2 else "rgba")


def verify_stream(data: bytes) -> None:
    """Check what the fast decoder does not: the Adler-32 of the pixels and that they are exactly the header's.

    This inflates the picture again, piece by piece, so it is for pictures that look wrong already.
    Raises SampleError ``png.corrupt``.
    """
    try:
        complete = _inflates_to(data, _filtered_bytes(read_header(data), interlaced=bool(data[28])))
    except zlib_ng.error:  # type: ignore[misc]  # its stub takes the class for an instance
        complete = False
    if not complete:
        raise SampleError("png.corrupt", "the PNG's pixels do not agree with its header and checksum; get it again")


def _inflates_to(data: bytes, expected: int) -> bool:
    """Whether the pixels of a PNG are so many bytes, and no more. Raises zlib_ng.error, SampleError ``png.corrupt``."""
    stream, found, rest = zlib_ng.decompressobj(), 0, b"".join(_image_data(data))
    while not stream.eof and found <= expected:
        piece = stream.decompress(rest, min(_PIECE, expected + 1 - found) or 1)
        if not piece and not stream.unconsumed_tail:
            break
        found, rest = found + len(piece), stream.unconsumed_tail
    return stream.eof and found == expected


def check_picture(header: Header, size: tuple[int, int] | None, data: bytes) -> None:
    """Refuse what must not be decoded: chunks of more than one picture, another size than the annotation's, too large
    a size, and a header that promises too much.

    Raises SampleError: ``size.mismatch``, ``limit.pixels``, ``png.corrupt``.
    """
    check_chunks(data)
    height, width = header.size
    if size is not None and size != header.size:
        if height * width <= _LARGE:
            verify_stream(data)
        turned = "; height and width look swapped" if size == (width, height) else ""
        raise SampleError(
            "size.mismatch",
            f"the PNG is {height}×{width} (height×width), the JSON says {size[0]}×{size[1]}{turned}; "
            "one of the two belongs to another image",
        )
    if much := excess(height * width):
        raise SampleError("limit.pixels", f"the PNG has {much}")
    if height * width > _LARGE:
        _check_promise(header, data)


def _check_promise(header: Header, data: bytes) -> None:
    """Refuse a file that can't hold the pixels that its header promises, before memory is taken for them."""
    expected = _filtered_bytes(header, interlaced=bool(data[28]))
    if expected > _DEFLATE * len(data):
        text = f"the PNG's header says {header.size[0] * header.size[1]:,} pixels, which {len(data):,} bytes can't hold"
        raise SampleError("limit.pixels", f"{text}; get the file again")
    if expected > _SUSPICIOUS * len(data):
        verify_stream(data)


def decode(data: bytes, header: Header, mode: str) -> npt.NDArray[Any]:
    """The native decoder: PNG bytes of 8 or 16 bits -> (H, W, 1, 3 or 4) for "mono", "rgb", "rgba".

    Raises SampleError ``png.corrupt``.
    """
    from kornia_rs import io as native

    _reserve(header)
    try:
        call = native.decode_image_png_u16 if header.bit_depth == 16 else native.decode_image_png_u8
        return _as_checked(np.asarray(call(data, header.size, mode)), header)
    except (MemoryError, SampleError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # only a panic of the native decoder concerns the file
        reason = str(error).removeprefix("Failed to decode the png image.").partition(" while ")[0].strip(" .")
        raise SampleError("png.corrupt", f"the PNG can't be decoded ({reason}); get the file again") from None


def _as_checked(picture: npt.NDArray[Any], header: Header) -> npt.NDArray[Any]:
    """What was decoded, if it has the size that was checked. Raises SampleError ``png.corrupt``."""
    if picture.shape[:2] == header.size:
        return picture
    found, expected = ("×".join(map(str, size)) for size in (picture.shape[:2], header.size))
    raise SampleError("png.corrupt", f"the PNG was decoded to {found} pixels, its header says {expected}; get it again")


def _reserve(header: Header) -> None:
    """Raise MemoryError if a large picture does not fit: native code would end the process."""
    if header.size[0] * header.size[1] > _LARGE:
        np.empty((2, *header.size, _SAMPLES[header.color_type], max(1, header.bit_depth // 8)), np.uint8)


def decode_slowly(data: bytes) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Pillow, for what the native decoder can't read: PNG bytes -> grey or indices (H, W), and the palette (n, 3).

    Raises SampleError ``png.corrupt``.
    """
    verify_stream(data)  # Pillow fills rows that are missing
    with opened(data, "PNG", "png.corrupt") as picture:
        colors = np.array(picture.getpalette() or (), np.uint8).reshape(-1, 3)
        return _as_checked(np.asarray(picture), read_header(data)), colors


def _decode_palette(data: bytes) -> npt.NDArray[np.uint8]:
    indices, colors = decode_slowly(data)
    if indices.max() >= len(colors):
        raise SampleError("png.corrupt", f"the PNG's palette has {len(colors)} colours, a pixel wants {indices.max()}")
    return np.take(colors, indices, axis=0)


def _filtered_bytes(header: Header, interlaced: bool) -> int:
    """The bytes of all rows of a picture, each with its filter type."""
    bits = _SAMPLES.get(header.color_type, 1) * header.bit_depth
    total = 0
    for left, top, right, down in _ADAM7 if interlaced else _WHOLE:
        rows, columns = len(range(top, header.size[0], down)), len(range(left, header.size[1], right))
        total += rows * (1 + (columns * bits + 7) // 8) if columns else 0
    return total


def _image_data(data: bytes) -> Iterator[bytes]:
    """The contents of the IDAT chunks. Raises SampleError ``png.corrupt`` for a wrong checksum."""
    for name, start, end in chunks(data):
        if name == b"IDAT":
            if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise SampleError("png.corrupt", "the PNG's pixels have a wrong checksum; get the file again")
            yield data[start + 8 : end - 4]


def _not_png(data: bytes) -> SampleError:
    foreign = next((name for head, name in _FOREIGN.items() if data.startswith(head)), None)
    if foreign:
        return SampleError("png.format", f"the file is {foreign}, expected a PNG; write the ids as PNG")
    if not data:
        return SampleError("png.corrupt", "the file is empty, expected a PNG")
    if data.startswith(b"version https://git-lfs"):
        return SampleError("png.corrupt", "the file is a git-lfs pointer, expected a PNG; run 'git lfs pull'")
    if data.lstrip()[:1] == b"<":
        return SampleError("png.corrupt", "the file is a web page, expected a PNG; the download went wrong")
    return SampleError("png.corrupt", "the file does not start as a PNG does; get it again")
