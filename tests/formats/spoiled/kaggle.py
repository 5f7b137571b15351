"""A CSV of run lengths with one fault each."""

from __future__ import annotations

from formats.spoiled import Spoiled, change, cut, write

from conftest import FIXTURES

SOURCE = FIXTURES / "kaggle"
OPTIONS = {"size": "6x8"}
_CSV = "train.csv"

CASES = [
    Spoiled("cut-off", change(_CSV, "47 2", "47"), "rle.truncated", "a start or a length is missing"),
    Spoiled("cut-off-in-a-name", cut(_CSV, 0.95), "csv.syntax", "fewer than the first line; was the file", "source"),
    Spoiled("not-utf-8", write(_CSV, b"ImageId,EncodedPixels\n\xff,1 1\n"), "csv.syntax", "UTF-8", "source"),
    Spoiled("zeros", write(_CSV, b"ImageId,EncodedPixels\n\0"), "csv.syntax", "not valid CSV|cells", "source"),
    Spoiled("no-rows", write(_CSV, "ImageId,EncodedPixels\n"), "doc.empty", "no image in the CSV", "source"),
    Spoiled("no-images", change(_CSV, "ImageId", "Row"), "doc.kind", "the columns are 'Row'", "source"),
    Spoiled("unsorted", change(_CSV, "14 3 20 3", "20 3 14 3"), "rle.order", "line 2: starts do not rise"),
    Spoiled("from-0", change(_CSV, "1 2", "0 2"), "rle.negative", "starts count from 1"),
    Spoiled("another-size", change(_CSV, "47 2", "470 2"), "rle.sum", "ends? at pixel 471, .* 6×8 = 48; is the size"),
    Spoiled("words", change(_CSV, "14 3 20 3", "14-3 20-3"), "rle.type", "expected numbers"),
    Spoiled("no-class", change(_CSV, ",4,36", ",,36"), "doc.missing_key", "line 3: a mask without a class"),
    Spoiled("name-leads-out", change(_CSV, "plain.jpg", "../plain.jpg"), "path.escape", "leads out"),
    Spoiled(
        "huge",
        write(_CSV, "ImageId,EncodedPixels,Height,Width\na.jpg,1 1,999999,999999\n"),
        "limit.pixels",
        "more than",
    ),
]
