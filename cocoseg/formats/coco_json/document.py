"""JSON documents that collect rows from all images, and the COCO JSON as one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import msgspec

from cocoseg.formats.coco_json.categories import category_row
from cocoseg.model import Category
from cocoseg.runs.document import Document, Place, Texts

BETWEEN = b",\n"  # rows hold no line break, so this occurs only between rows
_ID = re.compile(rb'^\{"id":\d+', re.MULTILINE)


def coco_document(
    location: Place, categories: Sequence[Category], about: Mapping[str, object], numbered: str | None = None
) -> Document:
    """The COCO JSON of all images, whose texts are rows of ``images`` and ``annotations``.

    ``about`` holds ``info``, and ``licenses`` if there are any.
    """
    before = {"info": {}, "licenses": []} | dict(about)
    after = {"categories": [category_row(row) for row in categories]}
    return json_document(location, before, ("images", "annotations"), after, numbered)


def json_document(
    location: Place,
    before: Mapping[str, object],
    lists: Sequence[str],
    after: Mapping[str, object],
    numbered: str | None = None,
) -> Document:
    """A JSON object with ``lists`` of rows from all images; other members come ``before`` and ``after`` them.

    For each list, the text of an image is its rows as strict JSON, joined by ``BETWEEN``, or empty. The rows of the
    list ``numbered`` begin with ``{"id":0``; their ids are replaced by 1, 2, 3 and so on.
    """
    pieces: list[bytes | Texts] = [b"{" + b"".join(_member(key, value) + BETWEEN for key, value in before.items())]
    for number, name in enumerate(lists):
        texts = Texts(number, b"\n", BETWEEN, _numbered if name == numbered else None)
        pieces += [msgspec.json.encode(name) + b":[", texts, b"\n]" + BETWEEN]
    pieces.append(BETWEEN.join(_member(key, value) for key, value in after.items()) + b"}\n")
    return Document(location, tuple(pieces))


def _numbered(texts: Iterator[bytes]) -> Iterator[bytes]:
    """The texts with the ids of their rows counted from 1."""
    ids = count(1)
    for text in texts:
        yield _ID.sub(lambda _: b'{"id":%d' % next(ids), text)


def _member(key: str, value: object) -> bytes:
    """A key and its value; a list has one line per object."""
    rows = [msgspec.json.encode(row) for row in value] if isinstance(value, list) else []
    text = b"[\n" + BETWEEN.join(rows) + b"\n]" if rows else msgspec.json.encode(value)
    return msgspec.json.encode(key) + b":" + text
