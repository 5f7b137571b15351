"""SYNTHIA with one fault each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.scenes.synthia import png
from formats.spoiled import Spoiled, cut, huge, picture, write

from conftest import FIXTURES

SOURCE = FIXTURES / "synthia"
_LABELS = "GT/LABELS/0000000.png"

CASES = [
    Spoiled("cut-off", cut(_LABELS), "png.corrupt", "cut off|decoded"),
    Spoiled("not-a-picture", write(_LABELS, "<html>"), "png.corrupt", "web page"),
    Spoiled("empty", write(_LABELS, ""), "png.corrupt", "is empty"),
    Spoiled("jpeg", write(_LABELS, b"\xff\xd8\xff\xe0"), "png.format", "JPEG"),
    Spoiled("colours", picture(_LABELS, "RGB", (4, 5)), "png.mode", "8-bit RGB; SYNTHIA's labels are 16-bit RGB"),
    Spoiled("classes-alone", picture(_LABELS, "L", (4, 5)), "png.mode", "8-bit grey"),
    Spoiled("one-channel", picture(_LABELS, "I;16", (4, 5)), "png.mode", "16-bit grey"),
    Spoiled("unknown-class", lambda folder: _unknown(folder / _LABELS), "id.unknown", r"23 \(2 pixels\)"),
    Spoiled("huge", huge(_LABELS, 2, 16), "limit.pixels", "60000×60000"),
]


def _unknown(path: Path) -> None:
    path.write_bytes(png(np.array([[[23, 0, 0], [23, 1, 0], [3, 0, 0]]])))
