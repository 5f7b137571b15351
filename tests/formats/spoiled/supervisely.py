"""Supervisely with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "supervisely"
_STREET, _PARK, _META = "day/ann/street.jpg.json", "day/ann/park.jpg.json", "meta.json"

CASES = [
    Spoiled("cut-off", cut(_STREET), "json.syntax", "may be cut off"),
    Spoiled("not-json", write(_PARK, "<html>"), "json.syntax", "web page"),
    Spoiled("not-utf-8", write(_PARK, b'{"size": "\xff"}'), "json.encoding", "UTF-8"),
    Spoiled("another-json", write(_PARK, "[1]"), "doc.type", "expected an object"),
    Spoiled("no-size", change(_PARK, '"height"', '"h"'), "size.type", "expected .height, width."),
    Spoiled("huge", change(_PARK, '"height": 4', '"height": 999999999'), "limit.pixels", "999999999|999,999,999"),
    Spoiled("unknown-class", change(_PARK, '"person"', '"cat"'), "id.unknown", "label 'cat'"),
    Spoiled("unknown-shape", change(_PARK, '"polygon"', '"star"'), "doc.type", "geometryType is 'star'"),
    Spoiled("no-points", change(_PARK, '"points"', '"dots"'), "doc.missing_key", "without 'points'"),
    Spoiled("not-base64", change(_STREET, '"data": "eJ', '"data": "*'), "seg.type", r"objects\[1\]: the bitmap"),
    Spoiled("not-deflated", change(_STREET, '"data": "eJ', '"data": "AA'), "seg.type", "not base64 of deflated"),
    Spoiled("no-meta", change(_META, '"classes"', '"sorts"'), "doc.type", "classes", "source"),
    Spoiled("meta-cut-off", cut(_META), "json.syntax", "meta.json.*cut off", "source"),
    Spoiled("without-meta", remove(_META), "seg.soft", "unless they are clear", "nothing", {"split": "night"}),
]
