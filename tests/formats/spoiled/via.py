"""VIA with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, huge, remove, write

from conftest import FIXTURES

SOURCE = FIXTURES / "via"
WITHIN = "via_region_data.json"
_PHOTO = "one.png"


def region(old: str, new: str):  # type: ignore[no-untyped-def]
    return change(WITHIN, old, new)


CASES = [
    Spoiled("cut-off", cut(WITHIN), "json.syntax", "cut off", "source"),
    Spoiled("utf-16", write(WITHIN, '{"shape_attributes": 1}'.encode("utf-16")), "json.encoding", "UTF-8", "source"),
    Spoiled("a-number-for-x", region('"x": 5', '"x": "five"'), "doc.type", "expected float"),
    Spoiled("no-width", region('"width": 2, ', ""), "doc.missing_key", "a rect has no 'width'"),
    Spoiled("strange-shape", region('"rect"', '"star"'), "doc.type", "'star', expected one of polygon, rect, circle"),
    Spoiled("one-y-less", region("[1, 1, 3, 3, 1]", "[1, 1, 3, 3]"), "poly.odd", "5 x and 4 y"),
    Spoiled("not-a-number", region('"r": 2', '"r": NaN'), "json.nonfinite", "NaN"),
    Spoiled("far", region('"x": 5', '"x": 1e30'), "poly.range", ""),
    Spoiled("no-class", region('{"kind": "cat"}', "{}"), "via.label", "'kind' is missing, expected the name"),
    Spoiled("empty-class", region('{"kind": "cat"}', '{"kind": " "}'), "via.label", "expected the name"),
    Spoiled("two-classes", region('"cat"', '{"cat": true, "dog": true}'), "via.label", "2 boxes ticked: 'cat', 'dog'"),
    Spoiled("photo-missing", remove(_PHOTO), "file.missing", "no photo 'one'"),
    Spoiled("photo-is-a-page", write(_PHOTO, "<html>"), "image.corrupt", "cannot be read"),
    Spoiled("huge-photo", huge(_PHOTO), "image.corrupt", "exceeds limit"),
    Spoiled(
        "same-photo-twice", region('"filename": "round.png"', '"filename": "one.png"'), "path.collision", "one.png"
    ),
    Spoiled("two-keys", region('{"kind": "cat"}', '{"kind": "cat", "age": "2"}'), "via.key", "--label-key", "source"),
    Spoiled(
        "name-leads-out", region('"filename": "one.png"', '"filename": "../../one.png"'), "seg.left_out", "", "nothing"
    ),
]
