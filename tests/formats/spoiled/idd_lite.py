"""IDD-Lite with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, cut, huge, paint, picture, write

from conftest import FIXTURES

SOURCE = FIXTURES / "idd-lite"
_FILE = "gtFine/val/119/000001_label.png"

CASES = [
    Spoiled("cut-off", cut(_FILE), "png.corrupt", "cut off|decoded"),
    Spoiled("empty", write(_FILE, b""), "png.corrupt", "empty|0 bytes"),
    Spoiled("not-a-picture", write(_FILE, "<html>"), "png.corrupt", "web page"),
    Spoiled("jpeg", write(_FILE, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_FILE, "RGB", (4, 7)), "png.mode", "8-bit RGB"),
    Spoiled("unknown-class", paint(_FILE, 7), "id.unknown", r"7 \(1 pixels\)"),
    Spoiled("huge", huge(_FILE), "limit.pixels", "60000×60000"),
    Spoiled("second-picture-broken", write("gtFine/val/119/000001_inst_label.png", b"x"), "", "", "nothing"),
]
