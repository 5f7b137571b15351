"""IDD with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled
from formats.spoiled._pictures import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "idd"

CASES = [
    *faults("gtFine/val/119/000001_gtFine_instancelevel3Ids.png", 26000, r"26 \(1 pixels\), which is not"),
    Spoiled(
        "split-renamed",
        lambda folder: (folder / "gtFine" / "val").rename(folder / "gtFine" / "vall"),
        "file.missing",
        "no split is called 'val'; the splits are 'train'",
        "source",
        {"split": "val"},
    ),
]
