"""Drawings of what a picture must become: a letter for the class of each pixel."""

from __future__ import annotations

import numpy as np

from cocoseg.codecs.overlap import layers
from cocoseg.codecs.rle import Runs
from cocoseg.model import Dataset, Sample
from conftest import FIXTURES


def drawn(sample: Sample, dataset: Dataset, letters: dict[str, str]) -> list[str]:
    """A sample as rows of letters, later masks over earlier ones."""
    names = {row.id: row.name for row in dataset.categories}
    assert isinstance(sample.shapes, Runs)
    numbers = np.append([letters[names[number]] for number in sample.category_ids.tolist()], ".")
    picture = layers(sample.shapes)[0].paint(np.arange(len(sample.ids)), outside=len(sample.ids))
    return ["".join(row) for row in numbers[picture].tolist()]


def expected(name: str) -> list[str]:
    return (FIXTURES / "expected" / f"{name}.txt").read_text().split()
