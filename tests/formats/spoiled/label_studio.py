"""Label Studio with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, write

from conftest import FIXTURES

SOURCE = FIXTURES / "label_studio"
_JSON = "project.json"

CASES = [
    Spoiled("cut-off", cut(_JSON, 0.9), "json.syntax", "may be cut off", "source"),
    Spoiled("not-utf-8", cut(_JSON, 0), "doc.empty", "found only", "source"),
    Spoiled("an-object", write(_JSON, '{"was_cancelled": 1}'), "doc.type", "is an object, expected a list", "source"),
    Spoiled(
        "no-annotation",
        write(_JSON, '[{"data": {"image": "a.jpg"}, "was_cancelled": 0}]'),
        "doc.empty",
        "no task has an annotation",
        "source",
    ),
    Spoiled(
        "no-image",
        change(_JSON, '"image": "/data/upload/3/6f3a-street.jpg"', '"image": 5'),
        "doc.missing_key",
        r"tasks\[0\]: no path of an image among its data",
    ),
    Spoiled(
        "brush-of-another-size",
        change(_JSON, '"original_width": 10', '"original_width": 11'),
        "rle.sum",
        "8×11 pixels of 4 channels",
    ),
    Spoiled("huge", change(_JSON, '"original_width": 10', '"original_width": 99999999'), "limit.pixels", "99999999"),
    Spoiled("no-size", change(_JSON, '"original_width": 10', '"width": 10'), "size.type", "expected .height, width."),
    Spoiled(
        "brush-cut-off",
        change(_JSON, '"rle": [0, 0, 1, 64,', '"rle": [0, 0, 1, 64], "more": [0,'),
        "rle.truncated",
        "cut off",
    ),
    Spoiled("brush-of-text", change(_JSON, '"rle": [', '"rle": "a", "x": ['), "doc.type", r"result\[0\]"),
    Spoiled("turned", change(_JSON, '"image_rotation": 0', '"image_rotation": 180'), "photo.orientation", "180"),
    Spoiled("odd-point", change(_JSON, '"points": [[60.0, 12.5]', '"points": [[60.0]'), "poly.odd", "not .x, y."),
    Spoiled("not-closed", change(_JSON, '"closed": true', '"closed": false'), "poly.short", "not closed"),
    Spoiled("box-without-x", change(_JSON, '"x": 90, ', ""), "doc.missing_key", "no 'x' and 'y'"),
    Spoiled("name-leads-out", change(_JSON, "/data/upload/3/6f3a-street.jpg", ".."), "path.invalid", "names no file"),
]
