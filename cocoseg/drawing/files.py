"""Writes the pictures of ``show``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from cocoseg.codecs.looks import Colors
from cocoseg.drawing.picture import Look, picture
from cocoseg.errors import SampleError
from cocoseg.files.names import stem
from cocoseg.files.pillow import write_jpeg
from cocoseg.files.png.write import write_rgb
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.model.photos import Photographed
from cocoseg.runs.writer import Converted

_VERSION = 1  # changes when the same input makes other pictures

Format = Literal["png", "jpg"]


class Drawn(msgspec.Struct, forbid_unknown_fields=True):
    """What a summary says of a picture: whether no photo is missing, and whether how it is turned was a guess."""

    photo: bool = True
    guessed: bool = False


@dataclass(frozen=True)
class Pictures:
    """Converts samples to pictures under a label scheme."""

    scheme: LabelScheme
    look: Look
    format: Format = "png"

    def __call__(self, sample: Sample) -> Converted:
        """The picture, as ``<key>`` with the ending of its format. Raises SampleError."""
        photo, guessed = photo_of(sample)
        drawn = picture(photo, sample, self.scheme, self.look)
        said = Drawn(photo is not None or self.look.mode == "classes", guessed)
        return Converted({file_name(sample.key, self.format): encoded(drawn, self.format)}, said)

    def settings(self) -> bytes:
        """All settings that affect the bytes of a picture."""
        classes = [(row.name, row.color) for row in self.scheme.table]
        look = self.look._replace(only=None), sorted(self.look.only or ()), self.look.only is None
        return msgspec.json.encode(("picture", _VERSION, self.scheme.numbers, classes, look, self.format))


def photo_of(sample: Sample) -> tuple[Colors | None, bool]:
    """The photo that a sample brings along, if it does, and whether it was turned by a guess. Raises SampleError."""
    if not isinstance(sample, Photographed):
        return None, False
    try:
        return sample.pixels()
    except SampleError as error:
        raise (error.at(sample.place) if sample.place else error) from None


def encoded(picture: Colors, format: Format) -> bytes:
    """A picture (H, W, 3) as a file."""
    return write_rgb(picture) if format == "png" else write_jpeg(picture)


def file_name(key: str, format: Format) -> str:
    """The name of an image's picture.

    >>> file_name("val/a.png", "jpg")
    'val/a.jpg'
    """
    return f"{stem(key)}.{format}"
