"""The small pictures of a page: a conversion of the chosen images alone, whose pictures stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import msgspec

from cocoseg.drawing.colors import by_category
from cocoseg.drawing.thumbnail import Box, thumbnail
from cocoseg.errors import LabelError, SampleError
from cocoseg.files.pillow import write_webp
from cocoseg.labels import LabelScheme
from cocoseg.model import Sample
from cocoseg.model.photos import Photographed
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally
from cocoseg.runs.writer import Converted

LONGEST = 240  # pixels of the longer side


class Shown(NamedTuple):
    """What a small picture shows of an image: a category alone or all, what is around a box or all of it."""

    category: int | None = None
    box: Box | None = None


class Drawn(msgspec.Struct):
    """The pictures of an image in the order in which they are asked for; empty where one can't be drawn."""

    pictures: list[bytes]


@dataclass(frozen=True)
class Draw:
    """Draws all that is asked for of a sample. ``scheme`` is None where categories have no names."""

    wanted: Mapping[str, Sequence[Shown]]
    scheme: LabelScheme | None
    hatch: bool = True

    def __call__(self, sample: Sample) -> Converted:
        """As ``Conversion`` has it."""
        photo = photo_of(sample)
        return Converted({}, Drawn([self._drawn(photo, sample, shown) for shown in self.wanted[sample.key]]))

    def settings(self) -> bytes:
        """As ``Conversion`` has it; nothing is kept of it."""
        return b""

    def _drawn(self, photo: Any, sample: Sample, shown: Shown) -> bytes:
        scheme = self.scheme or by_category(sample)
        only = None if shown.category is None else {scheme.class_of.get(shown.category, -1)}
        try:
            picture = thumbnail(photo, sample, scheme, LONGEST, only=only, box=shown.box, hatch=self.hatch)
        except (LabelError, SampleError):
            return b""
        return write_webp(picture)


@dataclass
class Thumbnails(Tally):
    """The pictures of images by their key."""

    result: ClassVar[Any] = Drawn

    pictures: dict[str, list[bytes]] = field(default_factory=dict)

    def count(self, row: Row) -> None:
        """Keep the pictures of an image."""
        self.pictures[row.key] = msgspec.json.decode(row.result, type=Drawn).pictures


def photo_of(sample: Sample) -> Any:
    """The photo, or None where it is missing, broken or of another size; the findings say which."""
    try:
        return sample.pixels()[0] if isinstance(sample, Photographed) else None
    except SampleError:
        return None
