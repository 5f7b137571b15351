"""The chunks that a PNG is made of: what they are, and that they are those of one picture (PNG specification, 5.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocoseg.errors import SampleError, show

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_ONCE = {b"IHDR": "headers", b"PLTE": "palettes"}
_ANCILLARY = 0x20  # the bit of a name's first letter that lets decoders pass over the chunk


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk of a PNG up to its end, and its start and end, with length and checksum."""
    start, name = len(SIGNATURE), b""
    while name != b"IEND" and start + 8 <= len(data):
        name, end = data[start + 4 : start + 8], start + 12 + int.from_bytes(data[start : start + 4], "big")
        yield name, start, end
        start = end


def check_chunks(data: bytes) -> None:
    """Refuse a PNG whose chunks decoders understand differently: each would make another picture of it.

    Raises SampleError ``png.corrupt``.
    """
    *others, (last, _, end) = chunks(data)
    if last != b"IEND" or end > len(data):
        raise SampleError("png.corrupt", "the PNG is cut off: its end is missing; get the file again")
    if wrong := _disorder([name for name, _, _ in others]):
        raise SampleError("png.corrupt", f"the PNG {wrong}, so that decoders disagree about it; get the file again")


def _disorder(names: Sequence[bytes]) -> str:
    """What is wrong with the number and the order of a picture's chunks, if anything is."""
    if twice := next((name for name in _ONCE if names.count(name) > 1), None):
        return f"has {names.count(twice)} {_ONCE[twice]}, expected one"
    if unknown := next((name for name in names if name not in _NEEDED and not name[0] & _ANCILLARY), None):
        return f"needs a chunk {show(unknown.decode('latin-1'))}, which PNG does not have"
    first, count = names.index(b"IDAT") if b"IDAT" in names else 0, names.count(b"IDAT")
    if names[first : first + count].count(b"IDAT") < count:
        return "has other chunks among its pixels"
    return "has its palette behind its pixels" if b"PLTE" in names[first + count :] and count else ""
