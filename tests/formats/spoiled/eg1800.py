"""EG1800 with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, write

from conftest import FIXTURES

SOURCE = FIXTURES / "eg1800"
_LABEL, _LIST = "Labels/00001.png", "eg1800_train.txt"

CASES = [
    Spoiled("cut-off", cut(_LABEL), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_LABEL, "<html>"), "png.corrupt", "web page"),
    Spoiled("empty", write(_LABEL, ""), "png.corrupt", "is empty"),
    Spoiled("jpeg", write(_LABEL, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_LABEL, "RGB", (3, 4)), "png.mode", "8-bit RGB"),
    Spoiled("soft-edges", paint(_LABEL, 128), "id.unknown", r"128 \(1 pixels\)"),
    Spoiled("huge", huge(_LABEL), "limit.pixels", "60000×60000"),
    Spoiled(
        "not-labelled", write(_LIST, "00001.png\n00099.png\n"), "file.missing", "'00099'", "image", {"split": "train"}
    ),
    Spoiled(
        "list-of-other-names", write(_LIST, "x\n"), "file.missing", "is --split right", "source", {"split": "train"}
    ),
    Spoiled("list-is-empty", write(_LIST, "\n"), "doc.empty", "one per line", "source", {"split": "train"}),
]
