"""Pictures of where a prediction differs from the truth: what ``cocoseg show --against`` draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from cocoseg.drawing.blend import canvas
from cocoseg.drawing.comparison import colored_on
from cocoseg.drawing.difference import difference
from cocoseg.drawing.files import Drawn, Format, encoded, file_name, photo_of
from cocoseg.drawing.picture import Look, side_by_side
from cocoseg.evaluation.measures import Labels
from cocoseg.runs.writer import Converted

_VERSION = 1  # changes when the same input makes other pictures


@dataclass(frozen=True)
class Differences:
    """Converts pairs to pictures: right grey, missed red, extra blue, one class for another purple.

    With ``side-by-side``, photo, truth and prediction stand in front. ``decided`` is all that the classes depend on.
    """

    labels: Labels
    look: Look
    format: Format
    nearest: bool
    decided: str

    def __call__(self, pair: Any) -> Converted:
        """The picture, as ``<key>`` with the ending of its format. Raises SampleError."""
        pair = pair.of_one_size(self.nearest)
        photo, guessed = photo_of(pair.truth)
        scheme = self.labels.truth
        true, predicted = self.labels.maps(pair)
        background = None if scheme.outside == scheme.void else scheme.outside
        only = next(iter(self.look.only)) if self.look.only else None
        drawn = difference(photo, true, predicted, scheme.void, background=background, only=only, alpha=self.look.alpha)
        if self.look.mode == "side-by-side":
            ground = canvas(photo, pair.truth.size)
            drawn = side_by_side([ground, *(colored_on(ground, one, scheme) for one in (true, predicted)), drawn])
        return Converted(
            {file_name(pair.truth.key, self.format): encoded(drawn, self.format)}, Drawn(photo is not None, guessed)
        )

    def settings(self) -> bytes:
        """All settings that affect the bytes of a picture."""
        look = self.look._replace(only=None), sorted(self.look.only or ())
        return msgspec.json.encode(("difference", _VERSION, self.labels.settings(), look, self.format, self.decided))
