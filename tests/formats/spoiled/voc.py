"""Pascal VOC with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "voc"
_CLASS, _OBJECT = "SegmentationClass/2007_000001.png", "SegmentationObject/2007_000001.png"
_LIST = "ImageSets/Segmentation/val.txt"

CASES = [
    Spoiled("cut-off", cut(_CLASS), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_CLASS, "<html>"), "png.corrupt", "web page"),
    Spoiled("jpeg", write(_CLASS, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_CLASS, "RGB", (6, 8)), "png.mode", "8-bit RGB"),
    Spoiled("unknown-class", paint(_CLASS, 21), "id.unknown", r"21 \(1 pixels\)"),
    Spoiled("huge", huge(_CLASS), "limit.pixels", "60000×60000"),
    Spoiled("objects-missing", remove(_OBJECT), "file.missing", "does not exist"),
    Spoiled("objects-of-another-size", picture(_OBJECT, "P", (6, 9)), "size.mismatch", "another image"),
    Spoiled("objects-cut-off", cut(_OBJECT), "png.corrupt", "picture of instance numbers"),
    Spoiled(
        "list-of-other-names", write(_LIST, "a\nb\n"), "file.missing", "is --split right", "source", {"split": "val"}
    ),
    Spoiled("list-is-empty", write(_LIST, "\n"), "doc.empty", "one per line", "source", {"split": "val"}),
]
