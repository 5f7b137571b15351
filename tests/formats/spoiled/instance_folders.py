"""A folder for each image with one fault each."""

from __future__ import annotations

from pathlib import Path

from formats.spoiled import Spoiled, cut, huge, paint, picture, write

from conftest import FIXTURES

SOURCE = FIXTURES / "instance-folders"
OPTIONS = {"source_format": "instance-folders"}
_A = "a/masks/aaaaaaaa.png"


def another_kind(folder: Path) -> None:
    for path in folder.rglob("masks"):
        path.rename(path.parent / "objects")


def without_photo(folder: Path) -> None:
    (folder / "a" / "images" / "a.png").unlink()


CASES = [
    Spoiled("cut-off", cut(_A), "png.corrupt", "'masks/aaaaaaaa.png'"),
    Spoiled("another-value", paint(_A, 7), "mask.values", "2 values besides 0"),
    Spoiled("another-size", picture(_A, "L", (5, 9)), "size.mismatch", "5×8.*5×9"),
    Spoiled("huge", huge(_A), "limit.pixels", "60000×60000"),
    Spoiled("colours", picture(_A, "RGB", (5, 8), (1, 2, 3)), "png.mode", "the picture has colours"),
    Spoiled("a-web-page", write(_A, "<html>"), "png.corrupt", "web page"),
    Spoiled("a-gif", write(_A, "GIF89a"), "png.format", "a GIF"),
    Spoiled("empty-file", write(_A, ""), "png.corrupt", "empty"),
    Spoiled("other-folders", another_kind, "doc.empty", "folders called 'masks'", "source"),
    Spoiled("no-photo", without_photo, "maps.photos", "1 images have no photo", "nothing"),
]
