"""ADE20K SceneParsing-150 with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "ade20k"
_MAP = "annotations/training/ADE_train_00000001.png"

CASES = [
    Spoiled("cut-off", cut(_MAP), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_MAP, "<html>"), "png.corrupt", "web page"),
    Spoiled("empty", write(_MAP, ""), "png.corrupt", "is empty"),
    Spoiled("jpeg", write(_MAP, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_MAP, "RGB", (3, 6)), "png.mode", "8-bit RGB"),
    Spoiled("unknown-class", paint(_MAP, 151), "id.unknown", r"151 \(1 pixels\)"),
    Spoiled("already-train-ids", paint(_MAP, 255), "id.unknown", r"255 \(1 pixels\)"),
    Spoiled("huge", huge(_MAP), "limit.pixels", "60000×60000"),
    Spoiled("no-such-split", remove(_MAP), "file.missing", "the splits are 'validation'", "source", {"split": "train"}),
]
