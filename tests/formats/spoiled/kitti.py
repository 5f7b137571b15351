"""KITTI semantics with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, write
from formats.spoiled._pictures import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "kitti"

CASES = [
    *faults("training/instance/000030_10.png", 34 * 256, r"34 \(1 pixels\), which is not"),
    Spoiled("class-map-broken", write("training/semantic/000030_10.png", b"x"), "", "", "nothing"),
]
