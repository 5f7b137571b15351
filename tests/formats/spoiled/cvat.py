"""CVAT with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, write

from conftest import FIXTURES

SOURCE = FIXTURES / "cvat"
_XML = "annotations.xml"
_OPTIONS = {"source_format": "cvat"}

CASES = [
    Spoiled("cut-off", cut(_XML, 0.8), "xml.syntax", "not valid XML .*cut off", "source"),
    Spoiled("empty", write(_XML, ""), "doc.empty", "found only 'annotations.xml'", "source"),
    Spoiled(
        "entities",
        change(_XML, "<annotations>", '<!DOCTYPE a [<!ENTITY x "y">]>\n<annotations>'),
        "xml.doctype",
        "has a DOCTYPE",
        "source",
    ),
    Spoiled(
        "tracks",
        change(_XML, "</annotations>", "<track id='0' label='car'/></annotations>"),
        "doc.kind",
        "holds tracks of a video",
        "source",
    ),
    Spoiled("unknown-class", change(_XML, 'mask label="person"', 'mask label="cat"'), "id.unknown", "label 'cat'"),
    Spoiled("unknown-shape", change(_XML, "<tag ", "<star/><tag "), "doc.type", r"star\[6\]: found <star>, expected"),
    Spoiled("no-label", change(_XML, '<mask label="person"', "<mask"), "doc.missing_key", r"mask\[1\]: has no 'label'"),
    Spoiled("runs-too-long", change(_XML, "1, 7, 1, 1", "1, 8, 1, 1"), "rle.sum", "13, but the mask is 4×3"),
    Spoiled("runs-of-words", change(_XML, "1, 7, 1, 1", "one"), "rle.type", "whole numbers"),
    Spoiled("huge-mask", change(_XML, 'width="3"', 'width="9999999"'), "rle.sum", "but the mask is 4×9999999"),
    Spoiled("huge-image", change(_XML, 'width="12"', 'width="999999999"'), "limit.pixels", "more than"),
    Spoiled("no-size", change(_XML, 'width="12" height="8"', ""), "doc.missing_key", "has no 'height'"),
    Spoiled("size-of-words", change(_XML, 'width="12"', 'width="wide"'), "poly.type", "width is 'wide'"),
    Spoiled("odd-points", change(_XML, "1.00,3.00;5.00,3.00", "1.00;5.00,3.00"), "poly.odd", "expected x,y;x,y"),
    Spoiled("two-points", change(_XML, "1.00,3.00;5.00,3.00;5.00,6.00;", "1.00,3.00;"), "poly.short", "2 points"),
    Spoiled("far-away", change(_XML, "1.00,3.00;5.00", "1e99,3.00;5.00"), "poly.range", "expected a position"),
    Spoiled("nan", change(_XML, 'xtl="9.00"', 'xtl="nan"'), "poly.range", "xtl is 'nan'"),
    Spoiled("name-leads-out", change(_XML, 'name="street.jpg"', 'name="../street.jpg"'), "path.escape", "leads out"),
    Spoiled("same-name", change(_XML, 'name="sub/park.jpg"', 'name="street.jpg"'), "path.collision", "both give"),
    Spoiled("z-order", change(_XML, 'z_order="-1"', 'z_order="top"'), "poly.type", "z_order is 'top'"),
]
