"""Reads PNG pictures of numbers: one channel, grey of 1 to 16 bits or the indices of a palette, never its colours.

kornia-rs decodes grey of 8 and 16 bits only, several times as fast as Pillow, and Pillow stretches grey of 2 and 4 bits
to 0..255. Deflated rows look alike whatever the picture is, so the decoder gets all of them as grey: a palette's
indices under a header that says grey, and rows of 1 to 4 bits as bytes, which are unpacked here. Only interlaced
pictures of so few bits go to Pillow.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cocoseg.errors import SampleError
from cocoseg.files.png import Header, check_picture, decode, decode_slowly, read_header
from cocoseg.files.png.chunks import SIGNATURE, chunks
from cocoseg.files.png.write import chunk

_GREY, _PALETTE = 0, 3
_WRONG = {
    2: "if its colours are segment ids, read it with its panoptic JSON; if R is the category and G the instance, with "
    "--from two-channel; if they stand for classes, name the table of the colours with --colors",
    4: "drop the alpha",
    6: "alpha and colours are not class numbers",
}


def read_labels(data: bytes, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """A picture of numbers: PNG bytes -> (H, W) uint8, or uint16 where it has 16 bits, exactly as they are stored.

    ``size`` is the expected size, if known. ``png.verify_stream`` checks what this does not.
    Raises SampleError: ``png.*``, ``size.mismatch``, ``limit.pixels``.

    >>> from cocoseg.files.png.write import write_class_map
    >>> read_labels(write_class_map(np.array([[7, 300]], np.uint16)))
    array([[  7, 300]], dtype=uint16)
    """
    header = read_label_header(data)
    check_picture(header, size, data)
    if header.bit_depth >= 8:
        return decode(_as_grey(data, header), header, "mono").reshape(header.size)
    return _decode_interlaced(data, header) if data[28] else _decode_bits(data, header)


def read_label_header(data: bytes) -> Header:
    """The header of a picture of numbers, which has one channel. Raises SampleError: ``png.*``, ``limit.pixels``."""
    if data.startswith(b"\xff\xd8"):
        text = "the file is a JPEG, whose compression changes numbers, so they are not labels"
        raise SampleError("png.format", f"{text}; get them as PNG, or take the nearest listed ones with --tolerance")
    header = read_header(data)
    depths = {_GREY: (1, 2, 4, 8, 16), _PALETTE: (1, 2, 4, 8)}.get(header.color_type, ())
    if header.bit_depth not in depths:
        advice = _WRONG.get(header.color_type, "PNG has no such mode")
        raise SampleError("png.mode", f"the PNG is {header.mode}, expected one channel (grey or palette); {advice}")
    return header


def _decode_bits(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    """Numbers of 1, 2 or 4 bits, whose rows are bytes."""
    height, width = header.size
    wide = Header((height, (width * header.bit_depth + 7) // 8), 8, _GREY)
    packed = decode(_as_grey(data, wide), wide, "mono").reshape(height, -1, 1)
    shifts = np.arange(8 - header.bit_depth, -1, -header.bit_depth, dtype=np.uint8)
    values = packed >> shifts & np.uint8((1 << header.bit_depth) - 1)
    return np.ascontiguousarray(values.reshape(height, -1)[:, :width])


def _as_grey(data: bytes, header: Header) -> bytes:
    """The picture's rows under a grey header, without chunks that would change them."""
    sides = b"".join(side.to_bytes(4, "big") for side in header.size[::-1])
    head = chunk(b"IHDR", sides + bytes([header.bit_depth, _GREY, 0, 0, data[28]]))
    return b"".join([SIGNATURE, head, *_rows(data)])


def _rows(data: bytes) -> Iterator[bytes]:
    """The chunks that hold the pixels, and the end."""
    for name, start, end in chunks(data):
        if name in (b"IDAT", b"IEND"):
            yield data[start:end]


def _decode_interlaced(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    values, _ = decode_slowly(data)
    stretched = header.color_type == _GREY and header.bit_depth > 1
    factor = 255 // ((1 << header.bit_depth) - 1) if stretched else 1
    return np.asarray(values.astype(np.uint8) // np.uint8(factor))
