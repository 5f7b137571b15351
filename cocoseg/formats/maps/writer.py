"""Class maps as PNG: the index of the class as grey value, or as palette index with the classes' colours.

8 bits while every index and void fit, else 16. The same indices either way: ``PIL.Image.open`` and ``np.array`` give
the class map back.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cocoseg.files.png.write import write_class_map
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Color
from cocoseg.model import Sample
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import Counts, semantic_map

_VERSION = 1  # of the class maps that the same input makes


@dataclass(frozen=True)
class ClassMaps:
    """Samples to class maps under a scheme, with its colours or without."""

    scheme: LabelScheme
    colors: tuple[Color, ...] = ()

    def __call__(self, sample: Sample) -> Converted:
        """The class map, as ``<key>``. Raises SampleError."""
        class_map, pixels, contested = semantic_map(sample, self.scheme)
        return Converted({sample.key: write_class_map(class_map, self.colors)}, Counts(pixels, contested))

    def settings(self) -> bytes:
        """Everything that decides the bytes of a class map."""
        return msgspec.json.encode(("class map", _VERSION, self.scheme.numbers, self.colors))
