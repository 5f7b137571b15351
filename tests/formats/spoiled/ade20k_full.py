"""ADE20K's full set with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "ade20k-full"
_PICTURE = "images/training/a/abbey/ADE_train_00000001_seg.png"

CASES = [
    Spoiled("cut-off", cut(_PICTURE), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_PICTURE, "<html>"), "png.corrupt", "web page"),
    Spoiled("git-lfs", write(_PICTURE, "version https://git-lfs"), "png.corrupt", "git lfs pull"),
    Spoiled("jpeg", write(_PICTURE, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("grey", picture(_PICTURE, "L", (3, 6)), "png.mode", "8-bit grey; ADE20K's _seg.png is 8-bit RGB"),
    Spoiled("alpha", picture(_PICTURE, "RGBA", (3, 6)), "png.mode", "8-bit RGBA"),
    Spoiled("unknown-class", paint(_PICTURE, (140, 105, 1)), "id.unknown", r"3689 \(1 pixels\)"),
    Spoiled("huge", huge(_PICTURE, 2), "limit.pixels", "60000×60000"),
    Spoiled("no-such-split", remove(_PICTURE), "file.missing", "'validation'", "source", {"split": "train"}),
]
