"""Writes class maps as PNG: class indices as grey values, or as palette indices with the colours of the classes.

The PNG has 8 bits if every index and void fit, otherwise 16. With and without colours, ``PIL.Image.open`` and
``np.array`` give the class indices.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cocoseg.files.png.write import write_class_map, write_class_runs
from cocoseg.labels import LabelScheme
from cocoseg.labels.scheme import Color
from cocoseg.model import Sample
from cocoseg.native import native
from cocoseg.runs.writer import Converted
from cocoseg.targets.semantic import Counts, class_runs, semantic_map

_VERSION = 1  # changes when the same input makes other class maps


@dataclass(frozen=True)
class ClassMaps:
    """Converts samples to class maps under a label scheme, with or without colours."""

    scheme: LabelScheme
    colors: tuple[Color, ...] = ()

    def __call__(self, sample: Sample) -> Converted:
        """The class map, as ``<key>``. Raises SampleError."""
        if native is None:
            class_map, pixels, contested = semantic_map(sample, self.scheme)
            png = write_class_map(class_map, self.colors)
        else:
            regions, values, pixels, contested = class_runs(sample, self.scheme)
            png = write_class_runs(values, regions.lengths, regions.size, self.colors, regions.by_column)
        return Converted({sample.key: png}, Counts(pixels, contested))

    def settings(self) -> bytes:
        """All settings that affect the bytes of a class map."""
        return msgspec.json.encode(("class map", _VERSION, self.scheme.numbers, self.colors))
