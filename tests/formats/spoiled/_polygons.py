"""The faults that a file of polygons can have."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, write


def faults(file: str) -> list[Spoiled]:
    return [
        Spoiled("cut-off", cut(file), "json.syntax", "not valid JSON"),
        Spoiled("empty", write(file, b""), "json.syntax", "not valid JSON|empty"),
        Spoiled("web-page", write(file, "<html>"), "json.syntax", "web page|not valid JSON"),
        Spoiled("another-encoding", write(file, '{"imgHeight": 3}'.encode("utf-16")), "json.encoding", "UTF"),
        Spoiled("no-height", change(file, '"imgHeight"', '"height"'), "doc.type", "imgHeight"),
        Spoiled("no-objects", change(file, '"objects"', '"shapes"'), "doc.type", "objects"),
        Spoiled("height-of-0", change(file, '"imgHeight": ', '"imgHeight": 0, "was": '), "size.invalid", "0"),
        Spoiled("huge", change(file, '"imgHeight": ', '"imgHeight": 9999999'), "limit.pixels", "pixels"),
        Spoiled("unknown-label", change(file, '"label": "sky"', '"label": "skyy"'), "id.unknown", "'skyy' is not"),
        Spoiled("a-point-of-one", change(file, "[0, 0]", "[0]"), "doc.type", "polygon"),
        Spoiled("a-point-of-text", change(file, "[0, 0]", '[0, "x"]'), "doc.type", "polygon"),
        Spoiled("not-a-number", change(file, "[0, 0]", "[0, NaN]"), "doc.type", "NaN|polygon"),
        Spoiled("far-away", change(file, "[0, 0]", "[0, 1e9]"), "poly.range", r"objects\[\d\]"),
        Spoiled("deep", write(file, b"[" * 100000), "doc.type", "expected"),
    ]
