"""Mapillary Vistas v2.0 with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, remove
from formats.spoiled._pictures import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "mapillary"
WITHIN = "validation/v2.0"

CASES = [
    *faults("validation/v2.0/instances/0aBc.png", 5 * 256, r"5 \(1 pixels\), which is not"),
    Spoiled("config-missing", remove("config_v2.0.json"), "doc.missing_key", "put it there", "source"),
]
