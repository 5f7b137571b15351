"""The result of conversions of class maps for the stacks that people train with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from cocoseg.formats.parquet import RowCounts
from cocoseg.formats.stacks import Counts
from cocoseg.runs.journal import Row
from cocoseg.runs.tally import counted
from cocoseg.tools.summary import Summary


@dataclass
class StackSummary(Summary):
    """The result of ``to_hf`` and ``to_voc``: a ``Summary``, and the numbers of ``segments`` and lost ``crowds``."""

    result: ClassVar[Any] = Counts
    decoder: ClassVar[msgspec.json.Decoder[Counts]] = msgspec.json.Decoder(Counts)

    segments: int = 0
    crowds: int = 0

    def count(self, row: Row) -> None:
        """Add an image's pixels and segments."""
        counts = self.decoder.decode(row.result)
        self.contested += counts.contested
        self.segments += counts.segments
        self.crowds += counts.crowds
        for value, pixels in counts.pixels.items():
            self.pixels[value] = self.pixels.get(value, 0) + pixels

    def results(self) -> dict[str, Any]:
        """The pixels of each class, and the numbers of segments."""
        return super().results() | {"segments": self.segments, "crowds": self.crowds}

    def remarks(self) -> list[str]:
        """The numbers of segments, of contested and of void pixels."""
        segments = [counted(self.segments, "segment")] if self.segments else []
        return [*segments, *self._crowds(), *super().remarks()]

    def _crowds(self) -> list[str]:
        return []


@dataclass
class HfSummary(StackSummary):
    """The result of ``to_hf``. Crowds are void in pictures of segments."""

    makes: ClassVar[str] = "Images, labels, metadata.jsonl, id2label.json"

    def _crowds(self) -> list[str]:
        return [f"{counted(self.crowds, 'crowd')} void"] if self.crowds else []


@dataclass
class ParquetSummary(HfSummary):
    """The result of ``to_hf`` with ``parquet``."""

    makes: ClassVar[str] = "Parquet files, id2label.json"
    result: ClassVar[Any] = RowCounts
    decoder: ClassVar[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(RowCounts)


@dataclass
class VocSummary(StackSummary):
    """The result of ``to_voc``. A crowd is an object, as VOC has none."""

    makes: ClassVar[str] = "Pictures, lists"

    def _crowds(self) -> list[str]:
        return [f"{counted(self.crowds, 'crowd')} written as one object each"] if self.crowds else []
