"""A folder of masks for each class, with one fault each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from formats.spoiled import Spoiled, cut, huge, paint, picture, write
from PIL import Image

from conftest import FIXTURES

SOURCE = FIXTURES / "class-folders"
OPTIONS = {"source_format": "class-folders"}
_A = "dog/a.png"


def npy(array: np.ndarray) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def colored(folder: Path) -> None:
    Image.new("RGB", (8, 5), (1, 2, 3)).save(folder / _A)


CASES = [
    Spoiled("cut-off", cut(_A), "png.corrupt", "'dog/a.png'"),
    Spoiled("another-value", paint(_A, 7), "mask.values", "2 values besides 0"),
    Spoiled("another-size", picture(_A, "L", (5, 9)), "size.mismatch", "5×9.*5×8"),
    Spoiled("huge", huge(_A), "limit.pixels", "60000×60000"),
    Spoiled("colours", colored, "png.mode", "the picture has colours"),
    Spoiled("jpeg", write(_A, b"\xff\xd8\xff\xe0"), "image.corrupt", "JPEG"),
    Spoiled("a-web-page", write(_A, "<html>"), "png.corrupt", "web page"),
    Spoiled("an-array-of-floats", write(_A, npy(np.zeros((5, 8)))), "npy.shape", "float64"),
    Spoiled("an-array-cut-off", write(_A, npy(np.zeros((5, 8), np.uint8))[:-3]), "npy.corrupt", "37 bytes"),
    Spoiled("a-name-with-control-characters", write("dog/\x07.png", "x"), "path.invalid", "control", "image"),
]
