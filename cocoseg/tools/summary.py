"""The result of ``to_semantic``, which ``to_onehot`` extends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from cocoseg.labels import LabelScheme
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import Tally
from cocoseg.targets.semantic import Counts

_COUNTS = msgspec.json.Decoder(Counts)


@dataclass
class Summary(Tally):
    """The result of a conversion to class maps.

    ``pixels`` is the number of pixels by value of the class maps, including void; ``class_names`` are the names of
    these values. ``contested`` pixels were claimed by several masks.
    """

    makes: ClassVar[str] = "Class maps"
    result: ClassVar[Any] = Counts

    scheme: LabelScheme = field(kw_only=True)
    pixels: dict[int, int] = field(default_factory=dict)
    contested: int = 0

    @property
    def class_names(self) -> dict[int, str]:
        """The names of the values in ``pixels``."""
        names = {row.index: row.name for row in self.scheme.table}
        names = {self.scheme.outside: "unlabelled"} | names | {self.scheme.void: "void"}
        return {value: names.get(value, "") for value in self.pixels}

    @property
    def void_share(self) -> float:
        """Void pixels among all pixels, 0 to 1."""
        total = sum(self.pixels.values())
        return self.pixels.get(self.scheme.void, 0) / total if total else 0.0

    def count(self, row: Row) -> None:
        """Add an image's pixels."""
        counts = _COUNTS.decode(row.result)
        self.contested += counts.contested
        for value, pixels in counts.pixels.items():
            self.pixels[value] = self.pixels.get(value, 0) + pixels

    def close(self, seconds: float) -> None:
        """Sort the counts, since parts finish in any order."""
        super().close(seconds)
        self.pixels = dict(sorted(self.pixels.items()))

    def results(self) -> dict[str, Any]:
        """The pixels of each class."""
        return {
            "pixels": {str(value): count for value, count in self.pixels.items()},
            "class_names": {str(value): name for value, name in self.class_names.items()},
            "contested": self.contested,
            "void_share": round(self.void_share, 6),
        }

    def remarks(self) -> list[str]:
        """The numbers of contested and of void pixels."""
        contested = [f"{self.contested:,} pixels contested"] if self.contested else []
        return [*contested, f"void {self.void_share:.1%}"]

    def table(self) -> list[tuple[str, ...]]:
        """The classes, those with the most pixels first."""
        names = self.class_names
        total = sum(self.pixels.values()) or 1
        ranked = sorted(self.pixels.items(), key=lambda item: -item[1])
        return [
            ("class", "name", "pixels", "share"),
            *((str(value), names[value], f"{pixels:,}", f"{pixels / total:.1%}") for value, pixels in ranked),
        ]
