"""LabelMe with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, write

from conftest import FIXTURES

SOURCE = FIXTURES / "labelme"
_SHAPES, _ROUND, _OLD = "shapes.json", "sub/round.json", "old.json"

CASES = [
    Spoiled("cut-off", cut(_SHAPES), "json.syntax", "cut off"),
    Spoiled("a-page", write(_SHAPES, "<html>"), "json.syntax", "web page"),
    Spoiled("no-shapes", change(_SHAPES, '"shapes"', '"forms"'), "doc.type", "shapes"),
    Spoiled("no-label", change(_SHAPES, '"label": "dog"', '"name": "dog"'), "doc.type", "label"),
    Spoiled(
        "unknown-label", change(_SHAPES, '"dog"', '"cow"'), "id.unknown", "shapes.2.: the label 'cow' is not among"
    ),
    Spoiled("background", change(_SHAPES, '"dog"', '"_background_"'), "id.unknown", "what no shape covers"),
    Spoiled("strange-shape", change(_SHAPES, '"rectangle"', '"star"'), "doc.type", "'star', expected one of polygon"),
    Spoiled(
        "three-corners", change(_SHAPES, '"rectangle"', '"oriented_rectangle"'), "poly.short", "2 points, expected 4"
    ),
    Spoiled("two-points", change(_SHAPES, '"rectangle"', '"polygon"'), "poly.short", "a ring has 2 points"),
    Spoiled("not-a-number", change(_SHAPES, "8,\n          3", "NaN,\n          3"), "doc.type", "points"),
    Spoiled("size", change(_SHAPES, '"imageHeight": 5', '"imageHeight": 0'), "size.invalid", "at least 1"),
    Spoiled("huge", change(_SHAPES, '"imageHeight": 5', '"imageHeight": 90000000000'), "limit.pixels", ""),
    Spoiled("mask-is-no-base64", change(_ROUND, '"mask": "', '"mask": "*'), "seg.type", "'mask' is not base64"),
    Spoiled("mask-is-no-png", change(_ROUND, '"mask": "iVBOR', '"mask": "AAAAA'), "png.corrupt", "its mask"),
    Spoiled(
        "photo-is-no-base64", change(_OLD, '"imageData": "', '"imageData": "*'), "seg.type", "imageData is not base64"
    ),
    Spoiled("photo-is-none", change(_OLD, '"imageData": "iVBOR', '"imageData": "AAAAA'), "image.corrupt", "the photo"),
    Spoiled("labels-empty", write("labels.txt", "\n"), "doc.type", "no names", "source"),
]
