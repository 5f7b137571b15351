"""Cityscapes with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled
from formats.spoiled._pictures import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "cityscapes"

CASES = [
    *faults(
        "gtFine/val/frankfurt/frankfurt_000000_000294_gtFine_instanceIds.png", 34000, r"34 \(1 pixels\), which is not"
    ),
    Spoiled(
        "split-renamed",
        lambda folder: (folder / "gtFine" / "val").rename(folder / "gtFine" / "vall"),
        "file.missing",
        "no split is called 'val'; the splits are 'train'",
        "source",
        {"split": "val"},
    ),
]
