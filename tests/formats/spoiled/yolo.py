"""YOLO-seg with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, huge, write

from conftest import FIXTURES

SOURCE = FIXTURES / "yolo"
WITHIN = "data.yaml"
_TEXT, _PHOTO = "labels/val/turned.txt", "images/val/turned.jpg"

CASES = [
    Spoiled("cut-off", cut(_TEXT, 0.94), "poly.odd", "line 2: 7 numbers.*pairs"),
    Spoiled("box", write(_TEXT, "0 .5 .5 .2 .2\n"), "seg.box", "line 1 is a box"),
    Spoiled("box-with-score", write(_TEXT, "0 .5 .5 .2 .2 .9\n"), "seg.box", "line 1 is a box"),
    Spoiled("two-points", write(_TEXT, "0 .5 .5\n"), "poly.short", "2 numbers after the class"),
    Spoiled("score-at-the-end", write(_TEXT, "0 0 0 1 0 1 1 .9\n"), "poly.odd", "may be a score"),
    Spoiled("unknown-class", write(_TEXT, "3 0 0 1 0 1 1\n"), "id.unknown", "class 3 is not among the 3 classes, 0 to"),
    Spoiled("negative-class", write(_TEXT, "-1 0 0 1 0 1 1\n"), "id.unknown", "class -1"),
    Spoiled("half-a-class", write(_TEXT, "0.5 0 0 1 0 1 1\n"), "yolo.syntax", "whole number"),
    Spoiled("name-of-a-class", write(_TEXT, "cat 0 0 1 0 1 1\n"), "yolo.syntax", "in numbers"),
    Spoiled("pixels", write(_TEXT, "0 0 0 30 0 30 30\n"), "poly.range", "look like pixels"),
    Spoiled("outside", write(_TEXT, "0 0 0 1.02 0 1 1\n"), "poly.range", "a share, 0 to 1$"),
    Spoiled("not-a-number", write(_TEXT, "0 0 0 nan 0 1 1\n"), "poly.nonfinite", "nan"),
    Spoiled("binary", write(_TEXT, b"\xff\xfe\x00"), "yolo.syntax", "UTF-8"),
    Spoiled("twice", write(_TEXT, "0 0 0 1 0 1 1\n" * 3), "seg.left_out", "2 lines repeat", "nothing"),
    Spoiled("photo-is-no-photo", write(_PHOTO, "<html>"), "image.corrupt", "cannot be read as an image"),
    Spoiled("photo-missing", write("labels/val/b.txt", ""), "yolo.stray", "1 label files have no photo", "nothing"),
    Spoiled("huge-photo", huge(_PHOTO), "image.corrupt", "exceeds limit"),
    Spoiled("two-photos", write("images/val/turned.png", b""), "path.collision", "both give 'val/turned.png'"),
    Spoiled("nc", change("data.yaml", "nc: 3", "nc: 4"), "doc.type", "nc is 4, but there are 3 names", "source"),
    Spoiled("twice-named", change("data.yaml", "val:", "train:"), "yaml.syntax", "'train' stands twice", "source"),
    Spoiled("no-yaml", write("data.yaml", "names: [b"), "yaml.syntax", "not valid YAML", "source"),
    Spoiled("a-list", write("data.yaml", "- names"), "doc.type", "the file is a list", "source"),
    Spoiled(
        "objects", write("data.yaml", "names: !!python/object:os.system {}\ntrain: no"), "file.missing", "", "source"
    ),
    Spoiled("keypoints", change("data.yaml", "nc: 3", "kpt_shape: [17, 3]"), "doc.kind", "keypoints", "source"),
    Spoiled("path", change("data.yaml", "path: .", "path: /nowhere"), "yolo.path", "found beside", "nothing"),
    Spoiled("no-photos", change("data.yaml", "images/val", "images/x"), "file.missing", "are left out", "nothing"),
]
