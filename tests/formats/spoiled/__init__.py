"""Data sets with one fault each: a module for each format, with the data set's folder and its ``CASES``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple


class Spoiled(NamedTuple):
    """A fault: what it does to the data set's folder, and what the answer must be.

    ``costs`` says whether the fault costs one image, the whole source, or ``nothing`` (a warning, if ``category``).
    ``says`` is a pattern that the sentence must match. ``options`` are those of the conversion.
    """

    name: str
    spoil: Callable[[Path], Any]
    category: str
    says: str
    costs: Literal["image", "source", "nothing"] = "image"
    options: dict[str, Any] = {}


def cut(name: str, share: float = 0.5) -> Callable[[Path], Any]:
    """Cuts a file off."""

    def spoil(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return spoil


def write(name: str, data: bytes | str) -> Callable[[Path], Any]:
    """Replaces a file."""
    return lambda folder: (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def change(name: str, old: str, new: str) -> Callable[[Path], Any]:
    """Replaces a text in a file, once."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return spoil


def remove(name: str) -> Callable[[Path], Any]:
    """Removes a file."""
    return lambda folder: (folder / name).unlink()


def paint(name: str, value: Any, at: tuple[int, int] = (0, 0)) -> Callable[[Path], Any]:
    """Gives a pixel of a picture another value; a palette stays."""

    def spoil(folder: Path) -> None:
        from PIL import Image

        with Image.open(folder / name) as picture:
            picture.load()
        picture.putpixel(at[::-1], value)
        picture.save(folder / name)

    return spoil


def picture(name: str, mode: str, size: tuple[int, int], colour: Any = 0) -> Callable[[Path], Any]:
    """Puts a picture of one colour in the place of a file; ``size`` is (height, width)."""

    def spoil(folder: Path) -> None:
        from PIL import Image

        Image.new(mode, size[::-1], colour).save(folder / name)

    return spoil


def huge(name: str, color_type: int = 0, depth: int = 8) -> Callable[[Path], Any]:
    """Puts a PNG of 60,000 × 60,000 pixels in the place of a file, which has hardly any bytes."""

    def spoil(folder: Path) -> None:
        from cocoseg.files.png.chunks import SIGNATURE
        from cocoseg.files.png.write import chunk

        side = (60_000).to_bytes(4, "big")
        head = chunk(b"IHDR", side + side + bytes([depth, color_type, 0, 0, 0]))
        palette = chunk(b"PLTE", bytes(6)) if color_type == 3 else b""
        (folder / name).write_bytes(b"".join([SIGNATURE, head, palette, chunk(b"IDAT", b"x"), chunk(b"IEND", b"")]))

    return spoil
