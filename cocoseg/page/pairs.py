"""The small pictures of an evaluation: a conversion of the worst pairs alone, whose pictures stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cocoseg.drawing.comparison import marked, side_by_side
from cocoseg.errors import LabelError, SampleError
from cocoseg.evaluation.measures import Labels
from cocoseg.evaluation.pairs import Paired
from cocoseg.files.pillow import write_webp
from cocoseg.page.thumbnails import Drawn, photo_of
from cocoseg.runs.writer import Converted

Cell = tuple[int, int]
WHOLE: Cell = (-1, -1)  # in place of a cell: photo, truth, prediction and difference


@dataclass(frozen=True)
class DrawPairs:
    """Draws what is asked for of a pair: four pictures of ``WHOLE``, one of a cell, in the order of ``wanted``."""

    wanted: Mapping[str, Sequence[Cell]]
    labels: Labels

    def __call__(self, pair: Paired) -> Converted:
        """As ``Conversion`` has it."""
        cells = self.wanted[pair.truth.key]
        try:
            pictures = self._drawn(pair, cells)
        except (LabelError, SampleError):
            pictures = [b""] * sum(4 if cell == WHOLE else 1 for cell in cells)
        return Converted({}, Drawn(pictures))

    def settings(self) -> bytes:
        """As ``Conversion`` has it; nothing is kept of it."""
        return b""

    def _drawn(self, pair: Paired, cells: Sequence[Cell]) -> list[bytes]:
        photo, (true, predicted) = photo_of(pair.truth), self.labels.maps(pair.of_one_size(nearest=True))
        found: list[Any] = []
        for cell in cells:
            if cell == WHOLE:
                found += side_by_side(photo, true, predicted, self.labels.truth)
            else:
                found.append(marked(photo, self._is(true, cell[0]) & self._is(predicted, cell[1])))
        return [write_webp(picture) for picture in found]

    def _is(self, class_map: Any, number: int) -> Any:
        """Where a map has a class, or with one more than the last, void."""
        return class_map == (self.labels.truth.void if number == self.labels.truth.num_classes else number)
