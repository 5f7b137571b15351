"""BDD100K's bitmasks with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "bdd100k"
_BITMASK = "labels/pan_seg/bitmasks/train/0a0a0b1a.png"

CASES = [
    Spoiled("cut-off", cut(_BITMASK), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_BITMASK, "<html>"), "png.corrupt", "web page"),
    Spoiled("empty", write(_BITMASK, ""), "png.corrupt", "is empty"),
    Spoiled("jpeg", write(_BITMASK, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colormap", picture(_BITMASK, "RGB", (4, 4)), "png.mode", "8-bit RGB; BDD100K's bitmasks are 8-bit RGBA"),
    Spoiled("grey", picture(_BITMASK, "L", (4, 4)), "png.mode", "8-bit grey"),
    Spoiled("unknown-class", paint(_BITMASK, (41, 0, 0, 9)), "id.unknown", r"41 \(1 pixels\)"),
    Spoiled("huge", huge(_BITMASK, 6), "limit.pixels", "60000×60000"),
    Spoiled("no-such-split", remove(_BITMASK), "file.missing", "the splits are 'val'", "source", {"split": "train"}),
]
