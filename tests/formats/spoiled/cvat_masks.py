"""CVAT's masks with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "cvat-masks"
_CLASS, _OBJECT, _TABLE = "SegmentationClass/a.png", "SegmentationObject/a.png", "labelmap.txt"

CASES = [
    Spoiled("strange-colour", paint(_CLASS, (9, 0, 142)), "id.unknown", r"\(9, 0, 142\).*the nearest is 'car'"),
    Spoiled("cut-off", cut(_CLASS), "png.corrupt", "cut off|decoded"),
    Spoiled("objects-cut-off", cut(_OBJECT), "png.corrupt", "picture of instance numbers"),
    Spoiled("objects-missing", remove(_OBJECT), "file.missing", "does not exist"),
    Spoiled("objects-of-another-size", picture(_OBJECT, "RGB", (5, 9)), "size.mismatch", "another image"),
    Spoiled("huge", huge(_CLASS, 2), "limit.pixels", "60000×60000"),
    Spoiled("jpeg", write(_CLASS, b"\xff\xd8\xff\xe0"), "image.corrupt", "JPEG"),
    Spoiled("one-colour", change(_TABLE, "0,0,142", "0,0,0"), "colors.shared", "'background' and 'car'", "source"),
    Spoiled("no-colour", change(_TABLE, "0,0,142", ""), "colors.type", "line 3 is 'car:::'", "source"),
    Spoiled("wrong-encoding", write(_TABLE, b"caf\xe9:1,2,3::"), "colors.type", "UTF-8", "source"),
]
