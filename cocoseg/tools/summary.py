"""What a conversion did, added up as its parts get done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cocoseg.errors import Problem
from cocoseg.formats.classmap import Row
from cocoseg.labels import LabelScheme


@dataclass
class Summary:
    """The result of a conversion.

    ``listed`` images stand in the annotation file, ``images`` were converted; ``pixels`` counts the pixels of each
    value of the class maps, void included, ``contested`` those that several masks claimed; ``failures`` and
    ``problems`` (which cost nothing) are in the file's order.
    """

    scheme: LabelScheme
    listed: int
    images: int = 0
    seconds: float = 0.0
    pixels: dict[int, int] = field(default_factory=dict)
    contested: int = 0
    failures: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _failed: int = field(default=0, repr=False)
    _places: dict[int, list[Row]] = field(default_factory=dict, repr=False)

    @property
    def failed(self) -> int:
        """Images that could not be converted, so far."""
        return self._failed

    @property
    def images_per_second(self) -> float:
        """Images converted a second, all workers together."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def void_share(self) -> float:
        """Void pixels among all pixels, 0 to 1."""
        total = sum(self.pixels.values())
        return self.pixels.get(self.scheme.void, 0) / total if total else 0.0

    def add(self, place: int, rows: Sequence[Row]) -> None:
        """Count the rows of the part at ``place``."""
        for row in rows:
            self.images += row.failure is None
            self._failed += row.failure is not None
            self.contested += row.contested
            for value, pixels in row.pixels.items():
                self.pixels[value] = self.pixels.get(value, 0) + pixels
        if odd := [Row(problems=row.problems, failure=row.failure) for row in rows if row.failure or row.problems]:
            self._places[place] = odd

    def close(self, seconds: float) -> None:
        """Put failures and problems in the file's order, however the parts came in."""
        self.seconds = seconds
        rows = [row for place in sorted(self._places) for row in self._places[place]]
        self.failures += [row.failure for row in rows if row.failure]
        self.problems += [problem for row in rows for problem in row.problems]
        self.pixels = dict(sorted(self.pixels.items()))

    def as_dict(self) -> dict[str, Any]:
        """The summary as strict JSON holds it, less what differs from run to run."""
        return {
            "images": {"listed": self.listed, "converted": self.images, "failed": len(self.failures)},
            "pixels": {str(value): count for value, count in self.pixels.items()},
            "contested": self.contested,
            "void_share": round(self.void_share, 6),
            "failures": [problem._asdict() for problem in self.failures],
            "warnings": [problem._asdict() for problem in self.problems],
        }
