"""The faults that a picture of class and instance in one number can have, in any layout."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, write


def faults(file: str, unknown: int, says: str) -> list[Spoiled]:
    """Faults of a 16-bit picture; ``unknown`` is a number of no class, and ``says`` what is said of it."""
    return [
        Spoiled("cut-off", cut(file), "png.corrupt", "cut off|decoded"),
        Spoiled("empty", write(file, b""), "png.corrupt", "empty|0 bytes"),
        Spoiled("not-a-picture", write(file, "<html>"), "png.corrupt", "web page"),
        Spoiled("jpeg", write(file, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
        Spoiled("colours", picture(file, "RGB", (6, 8)), "png.mode", "8-bit RGB"),
        Spoiled("of-8-bits", picture(file, "L", (6, 8)), "png.mode", "expected 16-bit grey"),
        Spoiled("unknown-class", paint(file, unknown), "id.unknown", says),
        Spoiled("huge", huge(file, depth=16), "limit.pixels", "60000×60000"),
    ]
