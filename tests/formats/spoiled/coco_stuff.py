"""COCO-Stuff with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "coco-stuff"
_MAP = "stuffthingmaps/train2017/000000000009.png"

CASES = [
    Spoiled("cut-off", cut(_MAP), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_MAP, "<html>"), "png.corrupt", "web page"),
    Spoiled("empty", write(_MAP, ""), "png.corrupt", "is empty"),
    Spoiled("jpeg", write(_MAP, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_MAP, "RGB", (3, 5)), "png.mode", "8-bit RGB"),
    Spoiled("a-pixelmap", paint(_MAP, 182), "id.unknown", r"182 \(1 pixels\)"),
    Spoiled("huge", huge(_MAP), "limit.pixels", "60000×60000"),
    Spoiled("no-such-split", remove(_MAP), "file.missing", "'val2017'", "source", {"split": "train2017"}),
]
