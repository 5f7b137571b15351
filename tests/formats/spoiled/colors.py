"""Label pictures in colours with one fault each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.spoiled import Spoiled, change, cut, huge, paint, picture, remove, write
from PIL import Image

from conftest import FIXTURES

SOURCE = FIXTURES / "colors"
WITHIN = "labels"
OPTIONS = {"suffix": "_label"}
_A, _TABLE = "labels/a_label.png", "class_dict.csv"
_LISTED = r"\(1, 2, 3\) \(1 pixels\), not in 'class_dict.csv'; the nearest is 'background' \(0, 0, 0\)"


def smooth(folder: Path) -> None:
    """Makes borders of many colours."""
    colors = np.linspace(0, 255, 300).astype(np.uint8).reshape(10, 30)
    Image.fromarray(np.stack([colors, colors, colors // 2], axis=-1)).save(folder / _A)


def transparent(folder: Path) -> None:
    Image.new("RGBA", (8, 5), (0, 0, 142, 128)).save(folder / _A)


def as_jpeg(folder: Path) -> None:
    Image.new("RGB", (8, 5), (0, 0, 142)).save(folder / _A, "JPEG")


def as_tiff(folder: Path) -> None:
    pages = [Image.new("RGB", (8, 5)), Image.new("RGB", (8, 5))]
    pages[0].save(folder / _A, "TIFF", save_all=True, append_images=pages[1:])


CASES = [
    Spoiled("strange-colour", paint(_A, (1, 2, 3)), "id.unknown", _LISTED),
    Spoiled("many-strange-colours", smooth, "id.unknown", "anti-aliased, or was a JPEG"),
    Spoiled("too-far", paint(_A, (1, 2, 3)), "id.unknown", "the nearest is", options={"tolerance": 2}),
    Spoiled("tie", paint(_A, (128, 64, 64)), "colors.tie", "as near to 'dog' and 'road'", options={"tolerance": 64}),
    Spoiled("jpeg", as_jpeg, "png.format", "a JPEG.*--tolerance"),
    Spoiled("transparent", transparent, "png.mode", "not opaque"),
    Spoiled("16-bit", picture(_A, "I;16", (5, 8), 700), "png.mode", "colours of 8 bits"),
    Spoiled("two-pages", as_tiff, "image.mode", "2 pages"),
    Spoiled("cut-off", cut(_A), "png.corrupt", "cut off|decoded"),
    Spoiled("huge", huge(_A, 2), "limit.pixels", "60000×60000"),
    Spoiled("a-web-page", write(_A, "<html>"), "png.corrupt", "web page"),
    Spoiled("two-names", change(_TABLE, "128,64,0", "0,0,142"), "colors.shared", "'car' and 'dog' have", "source"),
    Spoiled("colour-of-300", change(_TABLE, "142", "300"), "colors.range", "expected three numbers", "source"),
    Spoiled("a-cell-too-few", change(_TABLE, "car,0,", "car,"), "colors.type", "line 3 has 3 columns", "source"),
    Spoiled("another-table", write(_TABLE, "\0\0"), "colors.type", "expected lines such as", "source"),
    Spoiled("no-table", remove(_TABLE), "doc.missing_key", "--colors", "source", {"source_format": "colors"}),
]
