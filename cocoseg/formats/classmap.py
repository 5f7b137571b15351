"""Class maps as PNG: the index of the class as grey value, or as palette index with the classes' colours.

8 bits while every index and void fit, else 16. The same indices either way: ``PIL.Image.open`` and ``np.array`` give
the class map back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from cocoseg.errors import Problem, SampleError
from cocoseg.files.png import write_class_map
from cocoseg.files.writing import Folder
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Color
from cocoseg.model import Dataset, Sample
from cocoseg.parallel import stopping
from cocoseg.targets import semantic_map


class Row(msgspec.Struct, gc=False):
    """What became of one image: the pixels of each class value, those that several masks claimed, or the failure."""

    pixels: dict[int, int] = {}
    contested: int = 0
    problems: tuple[Problem, ...] = ()
    failure: Problem | None = None


@dataclass(frozen=True)
class ClassMapWriter:
    """Writes the class maps of a part: ``writer(part) -> rows``. Without a folder all is done but the writing."""

    folder: Folder | None
    scheme: LabelScheme
    colors: tuple[Color, ...] = ()
    overwrite: bool = False
    stop_on_error: bool = False

    def __call__(self, part: Dataset) -> list[Row]:
        """A row per image, in order."""
        return list(self._rows(part))

    def _rows(self, part: Dataset) -> Iterator[Row]:
        for entry in part.entries:
            if stopping():
                return
            row = self._row(part, entry)
            yield row
            if row.failure and self.stop_on_error:
                return

    def _row(self, part: Dataset, entry: Any) -> Row:
        try:
            return self._convert(part.load(entry))
        except SampleError as error:
            return Row(failure=error.problem)
        except MemoryError:
            place = f"{part.source}: {entry.place}"
            return Row(failure=Problem("limit.memory", f"{place}: not enough memory for the class map"))

    def _convert(self, sample: Sample) -> Row:
        class_map, pixels, contested = semantic_map(sample, self.scheme)
        self._write(sample, write_class_map(class_map, self.colors))
        return Row(pixels, contested, sample.problems)

    def _write(self, sample: Sample, data: bytes) -> None:
        if self.folder is None:
            return
        try:
            self.folder.write(sample.key, data, overwrite=self.overwrite)
        except SampleError as error:
            raise error.at(sample.place) from None


def lost(part: Dataset) -> list[Row]:
    """The rows of images at which a worker died."""
    text = "the worker process died at this image (killed from outside, or out of memory)"
    return [Row(failure=Problem("worker.died", f"{part.source}: {entry.place}: {text}")) for entry in part.entries]
