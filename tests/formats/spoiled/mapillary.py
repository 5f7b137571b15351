"""Mapillary Vistas with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, write
from formats.spoiled._pictures import faults

from conftest import FIXTURES

SOURCE = FIXTURES / "mapillary"
_CONFIG = "config_v1.2.json"

CASES = [
    *faults("validation/v1.2/instances/0aBc.png", 4 * 256, r"4 \(1 pixels\), which is not"),
    Spoiled("config-cut-off", write(_CONFIG, '{"labels": [{"na'), "json.syntax", "config_v1.2.json", "source"),
    Spoiled("config-without-labels", write(_CONFIG, "{}"), "doc.type", "labels", "source"),
    Spoiled("config-of-no-labels", write(_CONFIG, '{"labels": []}'), "doc.missing_key", "is empty", "source"),
    Spoiled("config-of-a-wrong-colour", change(_CONFIG, "165", '"red"'), "doc.type", "config_v1.2.json", "source"),
    Spoiled(
        "config-of-another-encoding", write(_CONFIG, '{"labels":'.encode("utf-16")), "json.encoding", "UTF", "source"
    ),
]
